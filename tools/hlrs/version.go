package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"hlrslab/tools/internal/runfolder"
)

// revision is the version that go build stamped: of a tag, or of the commit's time and hash.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return cmp.Or(info.Main.Version, "unknown")
}

func version() string {
	return fmt.Sprintf("hlrs %s %s %s/%s", revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// session is this process, which goes on with a run.
func (m *Machine) session(threads int) runfolder.Session {
	gpu := ""
	if m.gpu != nil {
		gpu = m.gpu.Adapter().Name
	}
	return runfolder.Session{
		Began: time.Now().Round(time.Second), Version: revision(), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, Threads: threads, GPU: gpu,
	}
}

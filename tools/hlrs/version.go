package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
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

// session is a line of times.jsonl: a process that went on with the run.
type session struct {
	Began   time.Time `json:"began"`
	Version string    `json:"version"`
	Go      string    `json:"go"`
	System  string    `json:"system"`
	Threads int       `json:"threads"`
}

func thisSession(threads int) session {
	return session{time.Now().Round(time.Second), revision(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, threads}
}

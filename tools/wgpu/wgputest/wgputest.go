// Package wgputest finds the GPU that tests run on: a real one, or Mesa's on the processor.
package wgputest

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"hlrslab/core/gpu"
	"hlrslab/tools/wgpu"
)

var opened = sync.OnceValues(wgpu.Open)

// Driver is the machine's GPU, open as long as the tests run. Where there is none the test is skipped, loudly, or fails if CI is true. Some
// emulators ignore barriers, so one on the processor must be Mesa's.
func Driver(t testing.TB) gpu.Driver {
	t.Helper()
	d, err := opened()
	if err != nil {
		if os.Getenv("CI") == "true" && runtime.GOARCH != "wasm" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	if a := d.Adapter(); a.API != "Vulkan" || a.Kind == gpu.Processor && !strings.HasPrefix(a.Name, "llvmpipe") || a.Kind == gpu.Unknown {
		t.Fatalf("%s (%s, %s) is no GPU to test on", a.Name, a.API, a.Kind)
	}
	return d
}

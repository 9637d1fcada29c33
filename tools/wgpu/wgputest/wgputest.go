// Package wgputest finds the GPU that tests run on: a real one, or Mesa's on the processor.
package wgputest

import (
	"os"
	"strings"
	"testing"

	"hlrslab/core/gpu"
	"hlrslab/tools/wgpu"
)

// Driver opens the machine's GPU for a test. Where there is none the test is skipped, loudly, or fails if CI is true. Some emulators
// ignore barriers, so one on the processor must be Mesa's.
func Driver(t testing.TB) gpu.Driver {
	t.Helper()
	d, err := wgpu.Open()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	t.Cleanup(d.Close)
	if a := d.Adapter(); a.API != "Vulkan" || a.Kind == gpu.Processor && !strings.HasPrefix(a.Name, "llvmpipe") || a.Kind == gpu.Unknown {
		t.Fatalf("%s (%s, %s) is no GPU to test on", a.Name, a.API, a.Kind)
	}
	return d
}

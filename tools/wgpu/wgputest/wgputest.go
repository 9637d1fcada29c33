// Package wgputest finds the GPU that tests run on: a real one, or Mesa's on the processor.
package wgputest

import (
	"os"
	"regexp"
	"runtime"
	"sync"
	"testing"

	"hlrslab/core/gpu"
	"hlrslab/tools/wgpu"
)

// emulators are those whose barriers hold: Mesa's, and that of Chromium.
var emulators = regexp.MustCompile("^llvmpipe|swiftshader")

var opened = sync.OnceValues(func() (gpu.Driver, error) {
	d, err := wgpu.Open()
	return &once{d, map[string]gpu.Kernel{}}, err
})

// once is a driver that compiles each kernel once, whatever number of devices there are of it: emulators take seconds for one.
type once struct {
	gpu.Driver
	kernels map[string]gpu.Kernel
}

func (o *once) Kernel(label, wgsl string) (gpu.Kernel, error) {
	if k, ok := o.kernels[wgsl]; ok {
		return k, nil
	}
	k, err := o.Driver.Kernel(label, wgsl)
	if err == nil {
		o.kernels[wgsl] = k
	}
	return k, err
}

// Driver is the machine's GPU, or the browser's if the test runs in one, open as long as the tests run. Where there is none the test is
// skipped, loudly, or fails if CI is true; node has none.
func Driver(t testing.TB) gpu.Driver {
	t.Helper()
	d, err := opened()
	if err != nil {
		if os.Getenv("CI") == "true" && runtime.GOOS != "js" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	if a := d.Adapter(); a.Kind == gpu.Processor && !emulators.MatchString(a.Name) || runtime.GOOS != "js" && a.Kind == gpu.Unknown {
		t.Fatalf("%s (%s, %s) is no GPU to test on", a.Name, a.API, a.Kind)
	}
	return d
}

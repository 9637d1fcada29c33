// Package devices has the devices that must all come to the same numbers.
package devices

import (
	"os"
	"sync"
	"testing"

	"hlrslab/core/cpu"
	"hlrslab/core/gpu"
	"hlrslab/core/internal/naive"
	"hlrslab/core/nn"
	"hlrslab/tools/wgpu/wgputest"
)

// CPU is the processor.
func CPU() nn.Device { return &cpu.Device{Threads: 2} }

var compiled struct {
	once   sync.Once
	device *gpu.Device
}

// GPU is this machine's GPU; without one the test is skipped, or fails if CI is true.
func GPU(t testing.TB) nn.Device {
	t.Helper()
	driver := wgputest.Driver(t)
	compiled.once.Do(func() { compiled.device = gpu.New(driver) })
	return compiled.device
}

// Each runs a test on all devices, plain loops among them, Real on those that runs go on.
func Each(t *testing.T, test func(t *testing.T, d nn.Device)) {
	t.Run("naive", func(t *testing.T) { test(t, naive.Device{}) })
	Real(t, test)
}

// Real is described at Each.
func Real(t *testing.T, test func(t *testing.T, d nn.Device)) {
	t.Run("cpu", func(t *testing.T) { test(t, CPU()) })
	t.Run("gpu", func(t *testing.T) { test(t, GPU(t)) })
}

// Slow says whether a device is a GPU on the processor, which takes a second for a small pass, so that a test may leave out what repeats.
// It is false if WHOLE is set, which asks for all.
func Slow(d nn.Device) bool {
	own, is := d.(*gpu.Device)
	return is && own.Adapter().Kind == gpu.Processor && os.Getenv("WHOLE") == ""
}

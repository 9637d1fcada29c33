package gpu_test

import (
	"testing"

	"pgregory.net/rapid"

	"hlrslab/core/cpu"
	"hlrslab/core/gpu"
	"hlrslab/core/internal/trial"
	"hlrslab/tools/wgpu/wgputest"
)

// TestNetworksOnBothDevices holds random networks on the GPU against the processor, in one chunk and in several.
func TestNetworksOnBothDevices(t *testing.T) {
	driver := wgputest.Driver(t)
	d, chunked, drawn := gpu.New(driver), gpu.Chunked(driver, 4), 0
	trial.Networks(t, nil, func(t *rapid.T, n *trial.Network) {
		if drawn++; drawn > 40 { // an emulated GPU is slow
			return
		}
		want := n.Run(t, &cpu.Device{})
		n.Run(t, d).Near(t, want)
		n.Run(t, chunked).Near(t, want)
	})
}

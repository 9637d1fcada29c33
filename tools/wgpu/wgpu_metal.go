//go:build darwin

package wgpu

import (
	"github.com/gogpu/gputypes"
	"github.com/gogpu/wgpu/hal/metal"
)

// Metal has been compiled, and never run. By its source, the library's backend puts a barrier behind each dispatch (hal/metal/encoder.go,
// insertComputeBarrier) and clears and writes buffers in the order of commands. It does not report a command buffer that failed, and has
// the compiler reorder sums and pass over what is no number (device.go, compileLibrary: no options, so fast math).
const backend, backends = gputypes.BackendMetal, gputypes.BackendsMetal

// help ends an error of a machine without a GPU.
func help() string { return "one needs Metal, which macOS has where its hardware does" }

// memory is what an adapter has, or may have of the machine's, in bytes.
func memory(info gputypes.AdapterInfo) (bytes uint64) {
	for _, d := range metal.CopyAllDevices() {
		if uint32(metal.DeviceRegistryID(d)) == info.DeviceID {
			bytes = metal.DeviceRecommendedMaxWorkingSetSize(d)
		}
		metal.Release(d)
	}
	return bytes
}

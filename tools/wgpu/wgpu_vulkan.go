//go:build !js && !darwin

package wgpu

import (
	"runtime"
	"unsafe"

	"github.com/gogpu/gputypes"
	_ "github.com/gogpu/wgpu/hal/vulkan"
	"github.com/gogpu/wgpu/hal/vulkan/vk"
)

// Vulkan it is on Windows, too, where that has only been compiled. The library's DX12 backend makes no unordered access view: each
// buffer of a bind group, storage or not, is bound as one of constants (hal/dx12/device.go, writeViewDescriptorsBatched), and its
// ClearBuffer does nothing (command.go).
const backend, backends = gputypes.BackendVulkan, gputypes.BackendsVulkan

// help ends an error of a machine without a GPU.
func help() string {
	if runtime.GOOS == "windows" {
		return "one needs its maker's driver, which brings Vulkan (vulkan-1.dll)"
	}
	return "one needs its maker's Vulkan driver and the loader, libvulkan.so.1 (Debian: apt-get install libvulkan1), and in a container " +
		"NVIDIA_DRIVER_CAPABILITIES with graphics; make bench-gpu lists which of these are there"
}

// memory is what an adapter has of its own, in bytes, or 0 where that is not told. The library asks Vulkan, but does not say; so it is
// asked once more.
func memory(info gputypes.AdapterInfo) (bytes uint64) {
	commands := vk.NewCommands()
	if vk.Init() != nil || commands.LoadGlobal() != nil {
		return 0
	}
	name := []byte("VK_KHR_surface\x00") // without which LoadInstance fails
	names := []uintptr{uintptr(unsafe.Pointer(&name[0]))}
	var instance vk.Instance
	made := commands.CreateInstance(&vk.InstanceCreateInfo{
		SType: vk.StructureTypeInstanceCreateInfo, EnabledExtensionCount: 1, PpEnabledExtensionNames: uintptr(unsafe.Pointer(&names[0])),
	}, nil, &instance)
	runtime.KeepAlive(name)
	runtime.KeepAlive(names)
	if made != vk.Success || commands.LoadInstance(instance) != nil {
		return 0
	}
	defer commands.DestroyInstance(instance, nil)
	var n uint32
	if commands.EnumeratePhysicalDevices(instance, &n, nil) != vk.Success || n == 0 {
		return 0
	}
	devices := make([]vk.PhysicalDevice, n)
	commands.EnumeratePhysicalDevices(instance, &n, &devices[0])
	for _, d := range devices[:n] {
		var is vk.PhysicalDeviceProperties
		if commands.GetPhysicalDeviceProperties(d, &is); is.VendorID != info.VendorID || is.DeviceID != info.DeviceID {
			continue
		}
		var has vk.PhysicalDeviceMemoryProperties
		commands.GetPhysicalDeviceMemoryProperties(d, &has)
		for _, h := range has.MemoryHeaps[:has.MemoryHeapCount] {
			if h.Flags&vk.MemoryHeapFlags(vk.MemoryHeapDeviceLocalBit) != 0 {
				bytes = max(bytes, uint64(h.Size)) // others are windows on it
			}
		}
	}
	return bytes
}

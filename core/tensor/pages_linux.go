package tensor

import (
	"syscall"
	"unsafe"
)

// LargePages asks the system for pages of 2 MiB where mem has such, before it is first used: a kernel that goes through dozens of maps
// at once has more small ones under way than the processor knows the places of. Where there are none, nothing is lost.
func LargePages(mem []float32) {
	const page = 2 << 20
	at := uintptr(unsafe.Pointer(unsafe.SliceData(mem)))
	from, to := int(-at%page/4), len(mem)-int((at+uintptr(4*len(mem)))%page/4)
	if from < to {
		bytes := unsafe.Slice((*byte)(unsafe.Pointer(&mem[from])), 4*(to-from))
		_ = syscall.Madvise(bytes, 14) // MADV_HUGEPAGE
	}
}

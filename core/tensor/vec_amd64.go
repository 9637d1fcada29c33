//go:build goexperiment.simd

package tensor

import (
	"simd/archsimd"
	"unsafe"
)

type vec = archsimd.Float32x8

const (
	width        = 8
	windowPixels = 8 // of a block of windowRun
)

var useSIMD = archsimd.X86.AVX2() && archsimd.X86.FMA()

// Plain says why the plain kernels are in use, which take some ten times as long, or is empty.
func Plain() string {
	if useSIMD {
		return ""
	}
	return "no AVX2 and FMA on this processor"
}

func load(p unsafe.Pointer) vec     { return archsimd.LoadFloat32x8Array((*[width]float32)(p)) }
func store(p unsafe.Pointer, v vec) { v.StoreArray((*[width]float32)(p)) }
func broadcast(x float32) vec       { return archsimd.BroadcastFloat32x8(x) }

// leave ends 256-bit code: without it the scalar code that follows would be a hundred times slower on some CPUs.
func leave() { archsimd.ClearAVXUpperBits() }

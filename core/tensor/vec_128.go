//go:build goexperiment.simd && (wasm || arm64)

package tensor

import (
	"simd/archsimd"
	"unsafe"
)

type vec = archsimd.Float32x4

const (
	width        = 4
	windowPixels = 4 // of a block of windowRun
	useSIMD      = true
)

// Plain says why the plain kernels are in use, which take some ten times as long, or is empty.
func Plain() string { return "" }

func load(p unsafe.Pointer) vec     { return archsimd.LoadFloat32x4Array((*[width]float32)(p)) }
func store(p unsafe.Pointer, v vec) { v.StoreArray((*[width]float32)(p)) }
func broadcast(x float32) vec       { return archsimd.BroadcastFloat32x4(x) }
func leave()                        {}

// There are no wider forms.
const useWide = false

func prefetch(_ *float32, _ int)                                                {}
func outerWide(_ *float32, _ int, _ *float32, _ int, _ *float32, _ int, _ *Tap) {}

func sumWide(_, _ *float32, _ *strip, _ int, _ *Tap, _ *float32, _, _ float32, _ int)       {}
func productWide(_ *float32, _ int, _ *float32, _ int, _ *Tap, _ int, _ *float32, _ int)    {}
func productTall(_ *float32, _ int, _ *float32, _ int, _ *Tap, _ int, _ *float32, _ int)    {}
func productAddTall(_ *float32, _ int, _ *float32, _ int, _ *Tap, _ int, _ *float32, _ int) {}

func windowWide(_, _ *float32, _ *row, _ int, _ *float32, _, _, _, _, _ int) {}
func windowDotWide(_, _, _ *float32, _ *row, _, _, _, _ int)                 {}

func tileInputWide(_ *float32, _, _ int, _ *float32, _, _, _, _ int, _, _, _, _ *float32) {}

func tileInputGradWide(_ *float32, _, _ int, _ *float32, _, _, _, _ int, _, _, _, _ *float32, _ int) {
}

func tileOutputWide(_ *float32, _, _ int, _ *float32, _, _, _, _ int) {}

func tileOutputGradWide(_ *float32, _, _ int, _ *float32, _, _, _, _ int) {}

func tileInputNormWide(_ *float32, _, _ int, _ *float32, _, _, _, _ int, _, _, _, _ *float32, _, _, _, _, _, _, _ float32) {
}

func tileOutputGradNormWide(_ *float32, _, _ int, _ *float32, _, _, _, _ int, _ *float32, _, _, _ float32) {
}

const useTranspose = false

func transpose(_ []float32, _, _, _, _, _ int) {}

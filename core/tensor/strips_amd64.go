//go:build goexperiment.simd

package tensor

import "simd/archsimd"

// useWide says that the forms for vectors of twice the width serve where the work allows.
var useWide = archsimd.X86.AVX512()

// The wider forms, and what has no narrow one.
//
//go:noescape
func sumWide(d, s *float32, strips *strip, n int, taps *Tap, w *float32, bias, floor float32, add int)

//go:noescape
func productWide(d *float32, row int, s *float32, blocks int, taps *Tap, ntaps int, w *float32, wrow int)

//go:noescape
func productTall(d *float32, row int, s *float32, blocks int, taps *Tap, ntaps int, w *float32, wrow int)

//go:noescape
func productAddTall(d *float32, row int, s *float32, blocks int, taps *Tap, ntaps int, w *float32, wrow int)

//go:noescape
func prefetch(p *float32, n int)

//go:noescape
func outerWide(acc *float32, accRow int, x *float32, row int, s *float32, blocks int, taps *Tap)

//go:noescape
func windowWide(d, s *float32, rows *row, n int, w *float32, step, srcRow, last, shape, add int)

//go:noescape
func windowDotWide(acc, x, s *float32, bands *row, n, row, last, shape int)

//go:noescape
func transposeRun(d *float32, dRow int, s *float32, sRow, blocks int)

//go:noescape
func tileInputWide(d *float32, dStep, dColumn int, s *float32, sStep, sColumn, n, ahead int, first, x0, last, x5 *float32)

//go:noescape
func tileInputNormWide(d *float32, dStep, dColumn int, s *float32, sStep, sColumn, n, ahead int, first, x0, last, x5 *float32, scale, shift, floor, scale0, shift0, scale5, shift5 float32)

//go:noescape
func tileInputGradWide(d *float32, dStep, dColumn int, s *float32, sStep, sColumn, n, ahead int, before, left, behind, right *float32, add int)

//go:noescape
func tileOutputWide(d *float32, dStep, dColumn int, s *float32, sStep, sColumn, n, ahead int)

//go:noescape
func tileOutputGradWide(d *float32, dStep, dColumn int, s *float32, sStep, sColumn, n, ahead int)

//go:noescape
func tileOutputGradNormWide(d *float32, dStep, dColumn int, s *float32, sStep, sColumn, n, ahead int, x *float32, a, b, bias float32)

// tileFactors are what the turns of tiles multiply by, in the order in which the assembly knows them.
//
//lint:ignore U1000 the assembly reads it
var tileFactors = [8]float32{p1, p2, p3, q1, q2, q3, pq, both}

// useTranspose says that there are blocks of Lanes × Lanes.
var useTranspose = useSIMD

func transpose(mem []float32, dst, dstRow, src, srcRow, blocks int) {
	m := ptr(mem)
	transposeRun((*float32)(at(m, dst)), 4*dstRow, (*float32)(at(m, src)), 4*srcRow, blocks)
}

// Package tensor is the arithmetic of the engine: a handful of float32 kernels on flat slices,
// each with a plain-Go form and SIMD twins, and the worker pool they run on.
//
// Maps are stored batch innermost, C × H × W × N, in chunks of at most Chunk images, so that every
// hot loop runs along contiguous memory on every target. Two kernels carry nearly all of the work:
// Sum, a weighted sum of shifted reads (depthwise and pointwise convolution, their gradients with
// respect to the input, average pooling, BatchNorm and the mixed operation are all of this form),
// and Dot, many inner products with one factor in common (every gradient with respect to weights).
//
// All forms of a kernel have the same bits: the same operations in the same order, none fused, in blocks of Lanes floats
// whatever the width of the machine's vectors.
//
// The twins need Go's SIMD experiment, which a module cannot ask for: build with GOEXPERIMENT=simd (and the toolchain of go.mod),
// or all runs on the plain forms, some ten times slower. Plain says so.
package tensor

// Chunk is the number of images that share a block of memory; only a batch's last chunk is smaller.
const Chunk = 16

// Lanes is the number of floats of a block, and of partial sums that Dot keeps for a tap.
const Lanes = 8

// Tap is one read of a kernel: Off floats from the source, with weight (or sum) number W.
type Tap struct{ Off, W int32 }

// Region is the index set of a kernel: Rows × Cols runs of Run contiguous floats. Element (r, c, i)
// is at Dst + r·DstRow + c·DstCol + i of one operand and Src + r·SrcRow + c·SrcCol + i of the other.
type Region struct {
	Dst, Src             int
	Rows, DstRow, SrcRow int
	Cols, DstCol, SrcCol int
	Run                  int
}

// strip is count blocks of unit floats, ds apart in one operand and ss in the other, that read the ntaps taps from number
// taps on. The kernels in assembly know this layout; offsets are in floats.
type strip struct{ d, s, ds, ss, count, taps, ntaps, unit int32 }

// strips cuts the whole blocks of a region into strips: along the run where that is long, else across columns or rows, so that
// enough independent sums are in flight wherever a border leaves only a pixel's batch to a run. Rows of a power of two, one
// after the other, would fight for the same places in the cache.
func (r Region) strips(taps, ntaps, unit int) (out []strip) {
	add := func(d, s, count, ds, ss int) {
		out = append(out, strip{int32(d), int32(s), int32(ds), int32(ss), int32(count), int32(taps), int32(ntaps), int32(unit)})
	}
	n := r.Run / unit
	switch {
	case n == 0:
	case n >= 4 || r.Rows == 1 && r.Cols == 1:
		for y := range r.Rows {
			for x := range r.Cols {
				add(r.Dst+y*r.DstRow+x*r.DstCol, r.Src+y*r.SrcRow+x*r.SrcCol, n, unit, unit)
			}
		}
	case r.Cols >= min(4, r.Rows):
		for y := range r.Rows {
			for v := range n {
				add(r.Dst+y*r.DstRow+v*unit, r.Src+y*r.SrcRow+v*unit, r.Cols, r.DstCol, r.SrcCol)
			}
		}
	default:
		for x := range r.Cols {
			for v := range n {
				add(r.Dst+x*r.DstCol+v*unit, r.Src+x*r.SrcCol+v*unit, r.Rows, r.DstRow, r.SrcRow)
			}
		}
	}
	return out
}

// rest calls f for each run's end that fills no block: n floats at d and s.
func (r Region) rest(f func(d, s, n int)) {
	whole := r.Run / Lanes * Lanes
	for y := range r.Rows {
		for x := range r.Cols {
			f(r.Dst+y*r.DstRow+x*r.DstCol+whole, r.Src+y*r.SrcRow+x*r.SrcCol+whole, r.Run-whole)
		}
	}
}

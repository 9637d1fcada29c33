// Package tensor is the arithmetic of the engine: a handful of float32 kernels on flat slices,
// each with a plain-Go form and SIMD twins, and the worker pool they run on.
//
// Maps are stored batch innermost, C × H × W × N, in chunks of at most Chunk images, so that every
// hot loop runs along contiguous memory on every target. Two kernels carry nearly all of the work:
// Sum, a weighted sum of shifted reads (depthwise and pointwise convolution, their gradients with
// respect to the input, average pooling, BatchNorm and the mixed operation are all of this form),
// and Dot, many inner products with one factor in common (every gradient with respect to weights).
package tensor

// Chunk is the number of images that share a block of memory; only a batch's last chunk is smaller.
const Chunk = 16

// Lanes is the number of partial sums Dot keeps for a tap, on every target alike.
const Lanes = 8

// Tap is one read of a kernel: Off floats from the region's source, with weight (or sum) number W.
type Tap struct{ Off, W int32 }

// Region is the index set of a kernel: Rows × Cols runs of Run contiguous floats. Element (r, c, i)
// is at Dst + r·DstRow + c·DstCol + i of one operand and Src + r·SrcRow + c·SrcCol + i of the other.
type Region struct {
	Dst, Src             int
	Rows, DstRow, SrcRow int
	Cols, DstCol, SrcCol int
	Run                  int
}

// Line is the region of n contiguous floats at dst and src.
func Line(dst, src, n int) Region {
	return Region{Dst: dst, Src: src, Rows: 1, Cols: 1, Run: n}
}

// at returns the region moved by dst and src floats.
func (r Region) at(dst, src int) Region {
	r.Dst += dst
	r.Src += src
	return r
}

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

// lines calls line for every line of the region's whole vectors of width floats: count vectors that lie a stride apart, along
// the run where that is long, else across rows or columns, so that enough independent sums are in flight wherever a border
// leaves only a pixel's batch to a run. The rest of each run is left out.
func lines(r *Region, width int, line func(d, s, count, ds, ss int)) {
	n := r.Run / width
	switch {
	case n == 0:
	case n >= 4 || r.Rows == 1 && r.Cols == 1:
		for y := 0; y < r.Rows; y++ {
			for x := 0; x < r.Cols; x++ {
				line(r.Dst+y*r.DstRow+x*r.DstCol, r.Src+y*r.SrcRow+x*r.SrcCol, n, width, width)
			}
		}
	case r.Rows >= r.Cols:
		for x := 0; x < r.Cols; x++ {
			for v := 0; v < n; v++ {
				line(r.Dst+x*r.DstCol+v*width, r.Src+x*r.SrcCol+v*width, r.Rows, r.DstRow, r.SrcRow)
			}
		}
	default:
		for y := 0; y < r.Rows; y++ {
			for v := 0; v < n; v++ {
				line(r.Dst+y*r.DstRow+v*width, r.Src+y*r.SrcRow+v*width, r.Cols, r.DstCol, r.SrcCol)
			}
		}
	}
}

// rest is the region's run ends that fill no vector of width floats.
func (r Region) rest(width int) (Region, bool) {
	n := r.Run / width * width
	r.Run -= n
	return r.at(n, n), r.Run > 0
}

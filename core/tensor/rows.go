package tensor

// rows is a window of stride 1 that leaves the size of its plane, on chunks of Chunk images. Its kernels take a row of the
// output at a time, in blocks of eight pixels or, where there are only four, four.
type rows struct {
	list          []row // of each row of the output
	bands         []row // of each row of the kernel
	k, dilation   int
	width, row    int // of the planes: pixels, and floats of a row
	srcRow        int // floats from what one row of the kernel reads to what the next does
	step          int // from one weight to the next: 1, or -1 for a gradient
	blocks, shape int // of a row, and the number of its kernel (see tools/asmgen)
}

// row is a row of the output at d: n rows of the kernel, from weight w on, read rows from s on. Or a row of the kernel whose first
// weight is w, with which n rows of the output from d on read rows from s on.
type row struct{ d, s, w, n int32 }

// rows returns the plan of w by rows, or of its gradient, or nil where it has none.
func (w Window) rows(height, width, b int, gradient bool) *rows {
	r := &rows{k: w.K, dilation: w.Dilation, width: width, row: width * b, srcRow: w.Dilation * width * b, step: 1}
	if w.Stride != 1 || b != Chunk || w.K != 3 && w.K != 5 || w.Dilation > 2 || w.Pad != w.Dilation*(w.K-1)/2 {
		return nil
	}
	r.shape = (w.K-3)/2 + 2*(w.Dilation-1)
	switch {
	case width%8 == 0:
		r.blocks = width / 8
	case width == 4:
		r.blocks, r.shape = 1, r.shape+4
	default:
		return nil
	}
	if gradient {
		r.step = -1
	}
	for y := range height {
		first, n := 0, 0
		for ky := w.K - 1; ky >= 0; ky-- {
			if in := y + ky*w.Dilation - w.Pad; in >= 0 && in < height {
				first, n = ky, n+1
			}
		}
		weight := first * w.K
		if gradient {
			weight = w.K*w.K - 1 - weight
		}
		r.list = append(r.list, row{int32(y * r.row), int32((y + first*w.Dilation - w.Pad) * r.row), int32(weight), int32(n)})
	}
	for ky := range w.K {
		off := ky*w.Dilation - w.Pad
		if lo, hi := max(0, -off), min(height, height-off); lo < hi {
			r.bands = append(r.bands, row{int32(lo * r.row), int32((lo + off) * r.row), int32(ky * w.K), int32(hi - lo)})
		}
	}
	return r
}

// sum is Plan.Sum.
func (r *rows) sum(mem []float32, dst, src int, w []float32, add bool) {
	if useSIMD {
		windowSIMD(mem, dst, src, r, w, add)
	} else {
		r.sumGo(mem, dst, src, w, add)
	}
}

// reach is the range of the pixels of a row that read inside the plane with tap kx, of which pixel i reads i + off.
func (r *rows) reach(kx int) (lo, hi, off int) {
	off = (kx - r.k/2) * r.dilation
	return max(0, -off), min(r.width, r.width-off), off
}

func (r *rows) sumGo(mem []float32, dst, src int, w []float32, add bool) {
	for _, o := range r.list {
		d := mem[dst+int(o.d):][:r.row]
		if !add {
			clear(d)
		}
		for ky := range int(o.n) {
			s := mem[src+int(o.s)+ky*r.srcRow:][:r.row]
			for kx := range r.k {
				f := w[int(o.w)+r.step*(ky*r.k+kx)]
				lo, hi, off := r.reach(kx)
				for i, x := range s[(lo+off)*Chunk : (hi+off)*Chunk] {
					d[lo*Chunk+i] += float32(f * x)
				}
			}
		}
	}
}

// dot is Plan.Dot. A tap's products of even pixels, and those of odd ones, make sums of Chunk images each, which are added, and
// then by halves to its Lanes.
func (r *rows) dot(acc, mem []float32, g, src int) {
	if useSIMD {
		windowDotSIMD(acc, mem, g, src, r)
	} else {
		r.dotGo(acc, mem, g, src)
	}
}

func (r *rows) dotGo(acc, mem []float32, g, src int) {
	for _, b := range r.bands {
		for kx := range r.k {
			lo, hi, off := r.reach(kx)
			var sums [2][Chunk]float32
			for y := range int(b.n) {
				for i := lo; i < hi; i++ {
					a, x := mem[g+int(b.d)+y*r.row+i*Chunk:][:Chunk], mem[src+int(b.s)+y*r.row+(i+off)*Chunk:][:Chunk]
					for n := range Chunk {
						sums[i%2][n] += float32(a[n] * x[n])
					}
				}
			}
			for n := range Chunk {
				acc[(int(b.w)+kx)*Lanes+n%Lanes] += sums[0][n] + sums[1][n]
			}
		}
	}
}

package tensor

// rows is a window of stride 1 that leaves the size of its plane, on chunks of Chunk images. Its kernels take a row of the
// output at a time, in blocks of eight pixels or, where there are only four, four.
type rows struct {
	list           []row // of each row of the output
	k, dilation    int
	width, row     int // of the planes: pixels, and floats of a row
	srcRow         int // floats from what one row of the kernel reads to what the next does
	step           int // from one weight to the next: 1, or -1 for a gradient
	blocks, shape  int // of a row, and the number of its kernel (see tools/asmgen)
	height, border int
}

// row is a row of the output at d: n rows of the kernel, from weight w on, read rows from s on.
type row struct{ d, s, w, n int32 }

// rows returns the plan of w by rows, or of its gradient, or nil where it has none.
func (w Window) rows(height, width, b int, gradient bool) *rows {
	r := &rows{k: w.K, dilation: w.Dilation, width: width, row: width * b, srcRow: w.Dilation * width * b, step: 1, height: height, border: w.Pad}
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
	return r
}

// sum is Plan.Sum.
func (r *rows) sum(mem []float32, dst, src int, w []float32, add bool) {
	if useSIMD {
		windowSIMD(mem, dst, src, r, r.list, w, add)
	} else {
		r.sumGo(mem, dst, src, r.list, w, add)
	}
}

// reach is the range of the pixels of a row that read inside the plane with tap kx, of which pixel i reads i + off.
func (r *rows) reach(kx int) (lo, hi, off int) {
	off = kx*r.dilation - r.border
	return max(0, -off), min(r.width, r.width-off), off
}

func (r *rows) sumGo(mem []float32, dst, src int, list []row, w []float32, add bool) {
	for _, o := range list {
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
	for ky := range r.k {
		off := ky*r.dilation - r.border
		lo, hi := max(0, -off), min(r.height, r.height-off)
		if lo >= hi {
			continue
		}
		a, g, s := acc[ky*r.k*Lanes:][:r.k*Lanes], g+lo*r.row, src+(lo+off)*r.row
		if useSIMD && useRows {
			windowDotSIMD(a, mem, g, s, hi-lo, r)
		} else {
			r.dotGo(a, mem, g, s, hi-lo)
		}
	}
}

func (r *rows) dotGo(acc, mem []float32, g, s, count int) {
	for kx := range r.k {
		lo, hi, off := r.reach(kx)
		var sums [2][Chunk]float32
		for y := range count {
			for i := lo; i < hi; i++ {
				a, x := mem[g+y*r.row+i*Chunk:][:Chunk], mem[s+y*r.row+(i+off)*Chunk:][:Chunk]
				for n := range Chunk {
					sums[i%2][n] += float32(a[n] * x[n])
				}
			}
		}
		for n := range Chunk {
			acc[kx*Lanes+n%Lanes] += sums[0][n] + sums[1][n]
		}
	}
}

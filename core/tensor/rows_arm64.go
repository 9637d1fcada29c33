//go:build goexperiment.simd

package tensor

import "unsafe"

// inside is the range of the taps with which pixel i of a row reads inside it, and the pixels of the row.
func inside(i, last, shape int) (lo, hi, off, dilation int) {
	k, dilation, pixels := 3+2*(shape%2), 1+shape/2, 4*(last+1)
	off = i - k/2*dilation
	for lo = 0; off+lo*dilation < 0; lo++ {
	}
	for hi = k; off+(hi-1)*dilation >= pixels; hi-- {
	}
	return lo, hi, off, dilation
}

// windowRun runs a window by rows; step and srcRow in bytes.
func windowRun(d, s *float32, list *row, n int, w *float32, step, srcRow, last, shape, add int) {
	for _, r := range unsafe.Slice(list, n) {
		for i := 0; i < 4*(last+1); i++ {
			lo, hi, off, dilation := inside(i, last, shape)
			o := at(unsafe.Pointer(d), int(r.d)+i*Chunk)
			a, b, c, e := broadcast(0), broadcast(0), broadcast(0), broadcast(0)
			if add != 0 {
				a, b, c, e = load(o), load(at(o, width)), load(at(o, 2*width)), load(at(o, 3*width))
			}
			p := at(unsafe.Pointer(s), int(r.s)+(off+lo*dilation)*Chunk)
			f := unsafe.Add(at(unsafe.Pointer(w), int(r.w)), lo*step)
			for ky := 0; ky < int(r.n); ky++ {
				q, g := p, f
				for kx := lo; kx < hi; kx++ {
					v := broadcast(*(*float32)(g))
					a, b = load(q).Mul(v).Add(a), load(at(q, width)).Mul(v).Add(b)
					c, e = load(at(q, 2*width)).Mul(v).Add(c), load(at(q, 3*width)).Mul(v).Add(e)
					q, g = at(q, dilation*Chunk), unsafe.Add(g, step)
				}
				p, f = unsafe.Add(p, srcRow), unsafe.Add(f, (3+2*(shape%2))*step)
			}
			put(o, a, b)
			put(at(o, 2*width), c, e)
		}
	}
}

// windowDotRun adds the gradient of a window's weights, by rows of the kernel; row in bytes.
func windowDotRun(acc, x, s *float32, bands *row, n, row, last, shape int) {
	k, dilation, pixels := 3+2*(shape%2), 1+shape/2, 4*(last+1)
	for _, b := range unsafe.Slice(bands, n) {
		for kx := 0; kx < k; kx++ {
			off := (kx - k/2) * dilation
			lo, hi := max(0, -off), min(pixels, pixels-off)
			for h := 0; h < Chunk; h += 2 * width { // halves of a pixel: each adds to all lanes
				e0, e1, o0, o1 := broadcast(0), broadcast(0), broadcast(0), broadcast(0)
				for y := 0; y < int(b.n); y++ {
					g := at(unsafe.Add(unsafe.Pointer(x), y*row), int(b.d)+h)
					p := at(unsafe.Add(unsafe.Pointer(s), y*row), int(b.s)+off*Chunk+h)
					for i := lo; i < hi; i++ {
						u, v := at(g, i*Chunk), at(p, i*Chunk)
						if i%2 == 0 {
							e0, e1 = load(u).Mul(load(v)).Add(e0), load(at(u, width)).Mul(load(at(v, width))).Add(e1)
						} else {
							o0, o1 = load(u).Mul(load(v)).Add(o0), load(at(u, width)).Mul(load(at(v, width))).Add(o1)
						}
					}
				}
				a := at(unsafe.Pointer(acc), (int(b.w)+kx)*Lanes)
				put(a, load(a).Add(e0.Add(o0)), load(at(a, width)).Add(e1.Add(o1)))
			}
		}
	}
}

//go:build goexperiment.simd && (amd64 || wasm || arm64)

package tensor

import "unsafe"

// The SIMD twins are written once for vectors of width floats. A region is walked in lines: count
// vectors that lie a stride apart, along the run where that is long, else across rows or columns, so
// that enough independent sums are in flight wherever a border leaves only a pixel's batch to a run.
//
// The kernels trust their regions: no bounds are checked here.

func ptr(s []float32) unsafe.Pointer                 { return unsafe.Pointer(unsafe.SliceData(s)) }
func at(p unsafe.Pointer, floats int) unsafe.Pointer { return unsafe.Add(p, 4*floats) }

// lines calls line for every line of the region's whole vectors; the rest of a run is left out.
func lines(r *Region, line func(d, s, count, ds, ss int)) {
	n := r.Run / width
	switch {
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

// rest is the region's run ends that fill no vector.
func (r Region) rest() (Region, bool) {
	n := r.Run / width * width
	r.Run -= n
	return r.at(n, n), r.Run > 0
}

func sumSIMD(dst, src []float32, r Region, taps []Tap, w []float32, bias, floor float32, add bool) {
	if rest, ok := r.rest(); ok {
		sumGo(dst, src, rest, taps, w, bias, floor, add)
	}
	dp, sp, wp, tp := ptr(dst), ptr(src), (*float32)(ptr(w)), unsafe.SliceData(taps)
	old := 0
	if add {
		old = 1
	}
	lines(&r, func(d, s, count, ds, ss int) {
		sumLine((*float32)(at(dp, d)), (*float32)(at(sp, s)), 4*ds, 4*ss, count, tp, len(taps), wp, bias, floor, old)
	})
}

func dotSIMD(acc, g, src []float32, r Region, taps []Tap) {
	if rest, ok := r.rest(); ok {
		dotGo(acc, g, src, rest, taps)
	}
	groups := (len(taps) + 7) / 8
	lines(&r, func(d, s, count, ds, ss int) {
		if count == 0 {
			return
		}
		ap, gp, sp := (*float32)(ptr(acc)), (*float32)(at(ptr(g), d)), (*float32)(at(ptr(src), s))
		for i := 0; i < groups; i++ { // of nearly one size: a lone tap would wait for its own sums
			dotGroup(ap, gp, sp, count, 4*ds, 4*ss, taps[i*len(taps)/groups:(i+1)*len(taps)/groups])
		}
	})
}

func maxSIMD(dst, src []float32, r Region, taps []Tap) {
	if rest, ok := r.rest(); ok {
		maxGo(dst, src, rest, taps)
	}
	dp, sp := ptr(dst), ptr(src)
	lines(&r, func(d, s, count, ds, ss int) {
		for i := 0; i < count; i++ {
			p := at(sp, s+i*ss)
			v := broadcast(NoFloor)
			for t := 0; t < len(taps); t++ {
				v = v.Max(load(at(p, int(taps[t].Off))))
			}
			store(at(dp, d+i*ds), v)
		}
	})
	leave()
}

func maxGradSIMD(dsrc, g, m, src []float32, r Region, taps []Tap) {
	if rest, ok := r.rest(); ok {
		maxGradGo(dsrc, g, m, src, rest, taps)
	}
	dp, gp, mp, sp := ptr(dsrc), ptr(g), ptr(m), ptr(src)
	lines(&r, func(d, s, count, ds, ss int) {
		for i := 0; i < count; i++ {
			left, top := load(at(gp, d+i*ds)), load(at(mp, d+i*ds)) // a tap that matches takes what is left
			for t := 0; t < len(taps); t++ {
				o := s + i*ss + int(taps[t].Off)
				take := left.Masked(load(at(sp, o)).Equal(top))
				store(at(dp, o), load(at(dp, o)).Add(take))
				left = left.Sub(take)
			}
		}
	})
	leave()
}

func gateSIMD(dst, x, y []float32, threshold float32) (sum, dot float32) {
	var s, p [Lanes]float32
	n := len(x) / Lanes * Lanes
	gate(ptr(dst), ptr(x), ptr(y), n, threshold, &s, &p)
	for i := n; i < len(x); i++ {
		v := x[i]
		if y[i] <= threshold {
			v = 0
		}
		dst[i] = v
		s[i-n] += v
		p[i-n] += v * y[i]
	}
	return Fold(s[:], 0), Fold(p[:], 0)
}

// gate handles n elements, a multiple of Lanes, two vectors at a time where they are there.
func gate(d, x, y unsafe.Pointer, n int, threshold float32, s, p *[Lanes]float32) {
	h := broadcast(threshold)
	for l := 0; l < Lanes; l += width {
		var sum, dot vec
		for i := l; i < n; i += Lanes {
			b := load(at(y, i))
			v := load(at(x, i)).Masked(b.Greater(h))
			store(at(d, i), v)
			sum = sum.Add(v)
			dot = v.MulAdd(b, dot)
		}
		store(unsafe.Pointer(&s[l]), sum)
		store(unsafe.Pointer(&p[l]), dot)
	}
	leave()
}

func momentsSIMD(x []float32) (mean, m2 float32) {
	var s [Lanes]float32
	n := len(x) / Lanes * Lanes
	total(ptr(x), n, &s)
	for i, v := range x[n:] {
		s[i] += v
	}
	mean = Fold(s[:], 0) / float32(len(x))
	squares(ptr(x), n, mean, &s)
	for i, v := range x[n:] {
		s[i] += (v - mean) * (v - mean)
	}
	return mean, Fold(s[:], 0)
}

func total(x unsafe.Pointer, n int, s *[Lanes]float32) {
	for l := 0; l < Lanes; l += width {
		var a, b vec
		i := l
		for ; i+Lanes < n; i += 2 * Lanes {
			a = a.Add(load(at(x, i)))
			b = b.Add(load(at(x, i+Lanes)))
		}
		if i < n {
			a = a.Add(load(at(x, i)))
		}
		store(unsafe.Pointer(&s[l]), a.Add(b))
	}
	leave()
}

func squares(x unsafe.Pointer, n int, mean float32, s *[Lanes]float32) {
	m := broadcast(mean)
	for l := 0; l < Lanes; l += width {
		var a, b vec
		i := l
		for ; i+Lanes < n; i += 2 * Lanes {
			v, w := load(at(x, i)).Sub(m), load(at(x, i+Lanes)).Sub(m)
			a, b = v.MulAdd(v, a), w.MulAdd(w, b)
		}
		if i < n {
			v := load(at(x, i)).Sub(m)
			a = v.MulAdd(v, a)
		}
		store(unsafe.Pointer(&s[l]), a.Add(b))
	}
	leave()
}

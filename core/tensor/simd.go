//go:build goexperiment.simd && (amd64 || wasm || arm64)

package tensor

import "unsafe"

// The SIMD twins are written once for vectors of width floats, and have the bits of their plain forms: the same operations in
// the same order, none fused. The kernels trust their regions: no bounds are checked here.

func ptr(s []float32) unsafe.Pointer                 { return unsafe.Pointer(unsafe.SliceData(s)) }
func at(p unsafe.Pointer, floats int) unsafe.Pointer { return unsafe.Add(p, 4*floats) }

func sumSIMD(dst, src []float32, r Region, taps []Tap, w []float32, bias, floor float32, add bool) {
	if rest, ok := r.rest(width); ok {
		sumGo(dst, src, rest, taps, w, bias, floor, add)
	}
	dp, sp, wp, tp := ptr(dst), ptr(src), (*float32)(ptr(w)), unsafe.SliceData(taps)
	old := 0
	if add {
		old = 1
	}
	lines(&r, width, func(d, s, count, ds, ss int) {
		sumLine((*float32)(at(dp, d)), (*float32)(at(sp, s)), 4*ds, 4*ss, count, tp, len(taps), wp, bias, floor, old)
	})
}

func dotSIMD(acc, g, src []float32, d, s, count, ds, ss int, taps []Tap) {
	ap, gp, sp := (*float32)(ptr(acc)), (*float32)(at(ptr(g), d)), (*float32)(at(ptr(src), s))
	groups := (len(taps) + 7) / 8
	for i := 0; i < groups; i++ { // of nearly one size: a lone tap would wait for its own sums
		dotGroup(ap, gp, sp, count, 4*ds, 4*ss, taps[i*len(taps)/groups:(i+1)*len(taps)/groups])
	}
}

func maxSIMD(dst, src []float32, r Region, taps []Tap) {
	if rest, ok := r.rest(width); ok {
		maxGo(dst, src, rest, taps)
	}
	dp, sp := ptr(dst), ptr(src)
	lines(&r, width, func(d, s, count, ds, ss int) {
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

func maxGradSIMD(dsrc, g, m, src []float32, d, s, count, ds, ss int, taps []Tap) {
	dp, gp, mp, sp := ptr(dsrc), ptr(g), ptr(m), ptr(src)
	for i := 0; i < count; i++ {
		var left, top [Lanes / width]vec // a tap that matches takes what is left
		for h := range left {
			left[h], top[h] = load(at(gp, d+i*ds+h*width)), load(at(mp, d+i*ds+h*width))
		}
		for t := 0; t < len(taps); t++ {
			for h := range left {
				o := s + i*ss + int(taps[t].Off) + h*width
				take := left[h].Masked(load(at(sp, o)).Equal(top[h]))
				store(at(dp, o), load(at(dp, o)).Add(take))
				left[h] = left[h].Sub(take)
			}
		}
	}
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
		p[i-n] += float32(v * y[i])
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
			dot = v.Mul(b).Add(dot)
		}
		store(unsafe.Pointer(&s[l]), sum)
		store(unsafe.Pointer(&p[l]), dot)
	}
	leave()
}

func momentsSIMD(x []float32) (mean, m2 float32) {
	var s [Lanes]float32
	n := len(x) / Lanes * Lanes
	sums(ptr(x), n, &s)
	for i, v := range x[n:] {
		s[i] += v
	}
	mean = Fold(s[:], 0) / float32(len(x))
	squares(ptr(x), n, mean, &s)
	for i, v := range x[n:] {
		s[i] += float32((v - mean) * (v - mean))
	}
	return mean, Fold(s[:], 0)
}

func sums(x unsafe.Pointer, n int, s *[Lanes]float32) {
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
			a, b = v.Mul(v).Add(a), w.Mul(w).Add(b)
		}
		if i < n {
			v := load(at(x, i)).Sub(m)
			a = v.Mul(v).Add(a)
		}
		store(unsafe.Pointer(&s[l]), a.Add(b))
	}
	leave()
}

//go:build goexperiment.simd && (amd64 || wasm || arm64)

package tensor

import "unsafe"

// The SIMD twins are written once for vectors of width floats, and have the bits of their plain forms: the same operations in
// the same order, none fused. The kernels trust their regions: no bounds are checked here.

func ptr(s []float32) unsafe.Pointer                 { return unsafe.Pointer(unsafe.SliceData(s)) }
func at(p unsafe.Pointer, floats int) unsafe.Pointer { return unsafe.Add(p, 4*floats) }
func place(p unsafe.Pointer, floats int) *float32    { return (*float32)(at(p, floats)) }

// Prefetch asks for n floats of mem, soon to be read, where rows are too short for the machine to see them coming.
func Prefetch(mem []float32, from, n int) { prefetch((*float32)(at(ptr(mem), from)), 4*n) }

func sumSIMD(mem []float32, dst, src int, strips []strip, taps []Tap, w []float32, bias, floor float32, add bool) {
	old := 0
	if add {
		old = 1
	}
	d, s, l, t, f := (*float32)(at(ptr(mem), dst)), (*float32)(at(ptr(mem), src)), unsafe.SliceData(strips), unsafe.SliceData(taps), (*float32)(ptr(w))
	if useWide {
		sumWide(d, s, l, len(strips), t, f, bias, floor, old)
	} else {
		sumRun(d, s, l, len(strips), t, f, bias, floor, old)
	}
}

// productSIMD does as many whole blocks of eight rows by a wider vector as there are, or else of four rows by four, or of four rows by two
// of the others.
func productSIMD(mem []float32, dst, row, rows, src, n int, taps []Tap, w []float32, wrow int) (doneRows, done int) {
	m, unit, list := ptr(mem), 2*Lanes, unsafe.SliceData(taps)
	for ; useWide && n%unit == 0 && doneRows+8 <= rows; doneRows += 8 {
		productTall(place(m, dst+doneRows*row), 4*row, place(m, src), n/unit, list, len(taps), place(ptr(w), doneRows*wrow), 4*wrow)
	}
	wide := useWide && n%(8*Lanes) == 0
	if wide {
		unit = 8 * Lanes
	}
	for ; doneRows+4 <= rows; doneRows += 4 {
		d, s, f := place(m, dst+doneRows*row), place(m, src), place(ptr(w), doneRows*wrow)
		if wide { // called by name: through a variable the operands would move to the heap
			productWide(d, 4*row, s, n/unit, list, len(taps), f, 4*wrow)
		} else {
			productRun(d, 4*row, s, n/unit, list, len(taps), f, 4*wrow)
		}
	}
	return doneRows, n / unit * unit
}

// productAddSIMD is ProductAdd, or false where there is no wider form.
func productAddSIMD(mem []float32, dst, row, rows, src, n int, taps []Tap, w []float32, wrow int) bool {
	const unit = 2 * Lanes
	if !useWide || n%unit > 0 || rows%8 > 0 {
		return false
	}
	m := ptr(mem)
	for r := 0; r < rows; r += 8 {
		productAddTall(place(m, dst+r*row), 4*row, place(m, src), n/unit, unsafe.SliceData(taps), len(taps), place(ptr(w), r*wrow), 4*wrow)
	}
	return true
}

// outerSIMD does as many whole blocks of four rows by eight taps as there are, if n is whole.
func outerSIMD(acc []float32, accRow int, mem []float32, g, row, rows, src, n int, taps []Tap) (doneRows, done int) {
	if !useWide || n%Lanes != 0 || n == 0 {
		return 0, 0
	}
	m := ptr(mem)
	for ; doneRows+4 <= rows; doneRows += 4 {
		for done = 0; done+8 <= len(taps); done += 8 {
			outerWide((*float32)(at(ptr(acc), doneRows*accRow*Lanes)), 4*accRow*Lanes, (*float32)(at(m, g+doneRows*row)), 4*row, (*float32)(at(m, src)), n/Lanes, &taps[done])
		}
	}
	return doneRows, done
}

func windowSIMD(mem []float32, dst, src int, r *rows, w []float32, add bool) {
	old := 0
	if add {
		old = 1
	}
	d, s, l, f := (*float32)(at(ptr(mem), dst)), (*float32)(at(ptr(mem), src)), unsafe.SliceData(r.list), (*float32)(ptr(w))
	if useWide {
		windowWide(d, s, l, len(r.list), f, 4*r.step, 4*r.srcRow, r.blocks-1, r.shape, old)
	} else {
		last, shape := r.narrow(windowPixels)
		windowRun(d, s, l, len(r.list), f, 4*r.step, 4*r.srcRow, last, shape, old)
	}
}

func windowDotSIMD(acc, mem []float32, g, src int, r *rows) {
	m := ptr(mem)
	a, x, s, l := (*float32)(ptr(acc)), (*float32)(at(m, g)), (*float32)(at(m, src)), unsafe.SliceData(r.bands)
	if useWide {
		windowDotWide(a, x, s, l, len(r.bands), 4*r.row, r.blocks-1, r.shape)
	} else {
		last, shape := r.narrow(4)
		windowDotRun(a, x, s, l, len(r.bands), 4*r.row, last, shape)
	}
}

// narrow is the last block and the shape's number for kernels whose blocks have no more than so many pixels; those with
// blocks of four alone count from there.
func (r *rows) narrow(pixels int) (last, shape int) {
	if pixels == 4 {
		return r.width/4 - 1, r.shape % 4
	}
	return r.blocks - 1, r.shape
}

func dotSIMD(acc, mem []float32, g, src int, strips []strip, taps []Tap) {
	m := ptr(mem)
	dotRun((*float32)(ptr(acc)), (*float32)(at(m, g)), (*float32)(at(m, src)), unsafe.SliceData(strips), len(strips), unsafe.SliceData(taps))
}

func maxSIMD(mem []float32, dst, src int, strips []strip, taps []Tap) {
	m := ptr(mem)
	for j := range strips {
		l := &strips[j]
		list := taps[l.taps:][:l.ntaps]
		for i := range int(l.count) {
			for h := 0; h < Lanes; h += width {
				p := at(m, src+int(l.s)+i*int(l.ss)+h)
				v := broadcast(NoFloor)
				for t := 0; t < len(list); t++ {
					v = v.Max(load(at(p, int(list[t].Off))))
				}
				store(at(m, dst+int(l.d)+i*int(l.ds)+h), v)
			}
		}
	}
	leave()
}

func maxGradSIMD(mem []float32, dst, g, m, src int, strips []strip, taps []Tap) {
	p := ptr(mem)
	for j := range strips {
		l := &strips[j]
		list := taps[l.taps:][:l.ntaps]
		for i := range int(l.count) {
			d, s := int(l.d)+i*int(l.ds), int(l.s)+i*int(l.ss)
			var left, top [Lanes / width]vec // a tap that matches takes what is left
			for h := range left {
				left[h], top[h] = load(at(p, g+d+h*width)), load(at(p, m+d+h*width))
			}
			for t := 0; t < len(list); t++ {
				for h := range left {
					o := s + int(list[t].Off) + h*width
					take := left[h].Masked(load(at(p, src+o)).Equal(top[h]))
					to := at(p, dst+o)
					store(to, load(to).Add(take))
					left[h] = left[h].Sub(take)
				}
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

// gateReadSIMD handles n elements, a multiple of Lanes.
func gateReadSIMD(dst, g, x []float32, n int, r Reading, s, p, q *[Lanes]float32) {
	d, f, m := ptr(dst), ptr(g), ptr(x)
	scale, shift, floor := broadcast(r.Scale), broadcast(r.Shift), broadcast(r.Floor)
	for l := 0; l < Lanes; l += width {
		var sum, dot, dotX vec
		for i := l; i < n; i += Lanes {
			z := load(at(m, i))
			y := floor.Max(shift.Add(scale.Mul(z)))
			v := load(at(f, i)).Masked(y.Greater(floor))
			store(at(d, i), v)
			sum, dot, dotX = sum.Add(v), v.Mul(y).Add(dot), v.Mul(z).Add(dotX)
		}
		store(unsafe.Pointer(&s[l]), sum)
		store(unsafe.Pointer(&p[l]), dot)
		store(unsafe.Pointer(&q[l]), dotX)
	}
	leave()
}

// gateDotsSIMD handles n elements, a multiple of Lanes.
func gateDotsSIMD(g, y, a, b []float32, n int, gate bool, s *[3][Lanes]float32) {
	d, c, p, q := ptr(g), ptr(y), ptr(a), ptr(b)
	var zero vec
	for l := 0; l < Lanes; l += width {
		var sum, dotA, dotB vec
		for i := l; i < n; i += Lanes {
			v := load(at(d, i))
			if gate {
				v = v.Masked(load(at(c, i)).Greater(zero))
				store(at(d, i), v)
			}
			sum, dotA, dotB = sum.Add(v), v.Mul(load(at(p, i))).Add(dotA), v.Mul(load(at(q, i))).Add(dotB)
		}
		store(unsafe.Pointer(&s[0][l]), sum)
		store(unsafe.Pointer(&s[1][l]), dotA)
		store(unsafe.Pointer(&s[2][l]), dotB)
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

// limitsSIMD handles whole blocks.
func limitsSIMD(x []float32, lo, hi float32) (_, _ float32) {
	p, l, h := ptr(x), broadcast(lo), broadcast(hi)
	for i := 0; i < len(x); i += width {
		v := load(at(p, i))
		l, h = l.Min(v), h.Max(v)
	}
	var ends [2][width]float32
	store(unsafe.Pointer(&ends[0]), l)
	store(unsafe.Pointer(&ends[1]), h)
	leave()
	for i := range width {
		lo, hi = min(lo, ends[0][i]), max(hi, ends[1][i])
	}
	return lo, hi
}

// lookupRowsSIMD takes TallColumns columns, or one.
func lookupRowsSIMD(acc []float32, codes []uint8, row int, t []Tall) {
	n := len(acc) / Lanes
	a, p := ptr(acc), unsafe.Pointer(&t[0])
	c := codes[:n]
	if len(t) < TallColumns {
		for i, q := range c {
			for h := 0; h < Lanes; h += width {
				to := at(a, i*Lanes+h)
				store(to, load(to).Add(load(at(p, int(q)*Lanes+h))))
			}
		}
		leave()
		return
	}
	c1, c2, c3 := codes[row:][:n], codes[2*row:][:n], codes[3*row:][:n]
	p1, p2, p3 := unsafe.Pointer(&t[1]), unsafe.Pointer(&t[2]), unsafe.Pointer(&t[3])
	for i, q := range c {
		o, o1, o2, o3 := int(q)*Lanes, int(c1[i])*Lanes, int(c2[i])*Lanes, int(c3[i])*Lanes
		for h := 0; h < Lanes; h += width {
			to := at(a, i*Lanes+h)
			store(to, load(at(p, o+h)).Add(load(at(p1, o1+h))).Add(load(at(p2, o2+h)).Add(load(at(p3, o3+h)))).Add(load(to)))
		}
	}
	leave()
}

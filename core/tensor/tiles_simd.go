//go:build goexperiment.simd && (amd64 || wasm || arm64)

package tensor

import "unsafe"

// wideColumns is how the wider forms, which take a pixel of all images for a column, go through columns of run floats: so many bytes from
// a column of either operand to the next. None if they cannot.
func wideColumns(d, s Lines, columns, run int) (dColumn, sColumn, n int) {
	switch {
	case !useWide || run%Chunk > 0:
		return 0, 0, 0
	case columns == 1:
		return 4 * Chunk, 4 * Chunk, run / Chunk
	case run == Chunk:
		return 4 * d.Column, 4 * s.Column, columns
	}
	return 0, 0, 0
}

func tileInputSIMD(mem []float32, values, x Lines, first, last, columns, run int) {
	m := ptr(mem)
	if dColumn, sColumn, n := wideColumns(values, x, columns, run); n > 0 {
		x0, x5, end := x.At+x.Column, x.At+5*x.Step, last
		if columns == 1 {
			x0, x5, end = first+Chunk, last, last+run-Chunk
		}
		tileInputWide(place(m, values.At), 4*values.Step, dColumn, place(m, x.At+x.Step), 4*x.Step, sColumn, n, 4*x.Ahead,
			place(m, first), place(m, x0), place(m, end), place(m, x5))
		return
	}
	vp, vp2, vq, vq2, vpq, vboth := broadcast(p1), broadcast(p2), broadcast(q1), broadcast(q2), broadcast(pq), broadcast(both)
	for c := 0; c < columns; c++ {
		from := at(m, x.At+c*x.Column)
		p0, p5, to := from, at(from, 5*x.Step), at(m, values.At+c*values.Column)
		if c == 0 {
			p0 = at(m, first)
		}
		if c == columns-1 {
			p5 = at(m, last)
		}
		from = at(from, x.Step)
		for i := 0; i < run; i += width {
			p, d := at(from, i), at(to, i)
			x1 := load(p)
			p = at(p, x.Step)
			x2 := load(p)
			p = at(p, x.Step)
			x3 := load(p)
			x4 := load(at(p, x.Step))
			store(d, vpq.Mul(load(at(p0, i))).Sub(vboth.Mul(x2)).Add(x4))
			even, odd := x4.Sub(vq2.Mul(x2)), vp.Mul(x3.Sub(vq2.Mul(x1)))
			d = at(d, values.Step)
			store(d, even.Add(odd))
			d = at(d, values.Step)
			store(d, even.Sub(odd))
			even, odd = x4.Sub(vp2.Mul(x2)), vq.Mul(x3.Sub(vp2.Mul(x1)))
			d = at(d, values.Step)
			store(d, even.Add(odd))
			d = at(d, values.Step)
			store(d, even.Sub(odd))
			store(at(d, values.Step), vpq.Mul(x1).Sub(vboth.Mul(x3)).Add(load(at(p5, i))))
		}
	}
	leave()
}

// tileInputReadWide is TileInputRead, or false where there is no wider form.
func tileInputReadWide(mem []float32, values, x Lines, r Reading, first, last int, top, bottom bool, run int) bool {
	m := ptr(mem)
	dColumn, sColumn, n := wideColumns(values, x, 1, run)
	if n == 0 {
		return false
	}
	edge := func(none bool) (scale, shift float32) {
		if none {
			return 0, 0
		}
		return r.Scale, r.Shift
	}
	scale0, shift0 := edge(top)
	scale5, shift5 := edge(bottom)
	tileInputNormWide(place(m, values.At), 4*values.Step, dColumn, place(m, x.At+x.Step), 4*x.Step, sColumn, n, 4*x.Ahead,
		place(m, first), place(m, first+Chunk), place(m, last+run-Chunk), place(m, last), r.Scale, r.Shift, r.Floor, scale0, shift0, scale5, shift5)
	return true
}

func tileInputGradSIMD(mem []float32, x, values Lines, before, behind, columns, run int, add bool) {
	m := ptr(mem)
	if dColumn, sColumn, n := wideColumns(x, values, columns, run); n > 0 {
		left, right, end, old := values.At+5*values.Step, values.At+values.Column, behind, 0
		if columns == 1 {
			left, right, end = before+Chunk, behind, behind+run-Chunk
		}
		if add {
			old = 1
		}
		tileInputGradWide(place(m, x.At), 4*x.Step, dColumn, place(m, values.At), 4*values.Step, sColumn, n, 4*x.Ahead,
			place(m, before), place(m, left), place(m, end), place(m, right), old)
		return
	}
	vp, vp2, vq, vq2, vpq, vboth := broadcast(p1), broadcast(p2), broadcast(q1), broadcast(q2), broadcast(pq), broadcast(both)
	for c := 0; c < columns; c++ {
		from, to := at(m, values.At+c*values.Column), at(m, x.At+c*x.Column)
		left, right := at(m, before), at(m, behind)
		if c > 0 {
			left = at(from, 5*values.Step-values.Column)
		}
		if c < columns-1 {
			right = at(from, values.Column)
		}
		for i := 0; i < run; i += width {
			p, d := at(from, i), at(to, i)
			v0, v5 := load(p), load(at(p, 5*values.Step))
			a, b := load(at(p, values.Step)), load(at(p, 2*values.Step))
			sum, diff := a.Add(b), vp.Mul(a.Sub(b))
			a, b = load(at(p, 3*values.Step)), load(at(p, 4*values.Step))
			sum2, diff2 := a.Add(b), vq.Mul(a.Sub(b))
			d0 := vpq.Mul(v5).Sub(vq2.Mul(diff)).Sub(vp2.Mul(diff2)).Add(load(at(left, i)))
			d1 := broadcast(0).Sub(vboth.Mul(v0)).Sub(vq2.Mul(sum)).Sub(vp2.Mul(sum2))
			d2 := diff.Add(diff2).Sub(vboth.Mul(v5))
			d3 := v0.Add(sum).Add(sum2).Add(vpq.Mul(load(at(right, i))))
			if add {
				d0, d1 = load(d).Add(d0), load(at(d, x.Step)).Add(d1)
				d2, d3 = load(at(d, 2*x.Step)).Add(d2), load(at(d, 3*x.Step)).Add(d3)
			}
			store(d, d0)
			store(at(d, x.Step), d1)
			store(at(d, 2*x.Step), d2)
			store(at(d, 3*x.Step), d3)
		}
	}
	leave()
}

func tileOutputSIMD(mem []float32, y, values Lines, columns, run int) {
	m := ptr(mem)
	if dColumn, sColumn, n := wideColumns(y, values, columns, run); n > 0 {
		tileOutputWide(place(m, y.At), 4*y.Step, dColumn, place(m, values.At), 4*values.Step, sColumn, n, 4*y.Ahead)
		return
	}
	vp, vp2, vp3, vq, vq2, vq3 := broadcast(p1), broadcast(p2), broadcast(p3), broadcast(q1), broadcast(q2), broadcast(q3)
	for c := 0; c < columns; c++ {
		from, to := at(m, values.At+c*values.Column), at(m, y.At+c*y.Column)
		for i := 0; i < run; i += width {
			p, d := at(from, i), at(to, i)
			a, b := load(at(p, values.Step)), load(at(p, 2*values.Step))
			sum, diff := a.Add(b), a.Sub(b)
			a, b = load(at(p, 3*values.Step)), load(at(p, 4*values.Step))
			sum2, diff2 := a.Add(b), a.Sub(b)
			store(d, load(p).Add(sum).Add(sum2))
			store(at(d, y.Step), vp.Mul(diff).Add(vq.Mul(diff2)))
			store(at(d, 2*y.Step), vp2.Mul(sum).Add(vq2.Mul(sum2)))
			store(at(d, 3*y.Step), vp3.Mul(diff).Add(vq3.Mul(diff2)).Add(load(at(p, 5*values.Step))))
		}
	}
	leave()
}

func tileOutputGradSIMD(mem []float32, values, y Lines, columns, run int) {
	m := ptr(mem)
	if dColumn, sColumn, n := wideColumns(values, y, columns, run); n > 0 {
		tileOutputGradWide(place(m, values.At), 4*values.Step, dColumn, place(m, y.At), 4*y.Step, sColumn, n, 4*y.Ahead)
		return
	}
	vp, vp2, vp3, vq, vq2, vq3 := broadcast(p1), broadcast(p2), broadcast(p3), broadcast(q1), broadcast(q2), broadcast(q3)
	for c := 0; c < columns; c++ {
		from, to := at(m, y.At+c*y.Column), at(m, values.At+c*values.Column)
		for i := 0; i < run; i += width {
			p, d := at(from, i), at(to, i)
			y0, y1 := load(p), load(at(p, y.Step))
			y2, y3 := load(at(p, 2*y.Step)), load(at(p, 3*y.Step))
			even, odd := y0.Add(vp2.Mul(y2)), vp.Mul(y1).Add(vp3.Mul(y3))
			store(d, y0)
			store(at(d, values.Step), even.Add(odd))
			store(at(d, 2*values.Step), even.Sub(odd))
			even, odd = y0.Add(vq2.Mul(y2)), vq.Mul(y1).Add(vq3.Mul(y3))
			store(at(d, 3*values.Step), even.Add(odd))
			store(at(d, 4*values.Step), even.Sub(odd))
			store(at(d, 5*values.Step), y3)
		}
	}
	leave()
}

// tileOutputGradOfWide is TileOutputGradOf, or false where there is no wider form.
func tileOutputGradOfWide(mem []float32, values, g Lines, x int, w [2]float32, bias float32, run int) bool {
	m := ptr(mem)
	dColumn, sColumn, n := wideColumns(values, g, 1, run)
	if n > 0 {
		tileOutputGradNormWide(place(m, values.At), 4*values.Step, dColumn, place(m, g.At), 4*g.Step, sColumn, n, 4*g.Ahead, place(m, x), w[0], w[1], bias)
	}
	return n > 0
}

// tileWindowsSIMD makes as many whole vectors of n windows as there are.
func tileWindowsSIMD(u, w []float32, n int) (done int) {
	var x [9][width]uint32 // no scalar floats between vectors
	var half [3 * Values]vec
	var g [Values][3]vec
	for k := range g {
		for i := range g[k] {
			g[k][i] = broadcast(tileWindow[k][i])
		}
	}
	from, to := ptr(w), ptr(u)
	for ; done+width <= n; done += width {
		for j := 0; j < width; j++ {
			for i := range x {
				x[i][j] = *(*uint32)(at(from, 9*(done+j)+i))
			}
		}
		for k := range g {
			g := &g[k]
			for i := 0; i < 3; i++ {
				a, b, c := load(unsafe.Pointer(&x[i])), load(unsafe.Pointer(&x[3+i])), load(unsafe.Pointer(&x[6+i]))
				half[3*k+i] = g[0].Mul(a).Add(g[1].Mul(b)).Add(g[2].Mul(c))
			}
		}
		for k := range g {
			h := half[3*k:][:3]
			for l := range g {
				g := &g[l]
				store(at(to, (k*Values+l)*n+done), g[0].Mul(h[0]).Add(g[1].Mul(h[1])).Add(g[2].Mul(h[2])))
			}
		}
	}
	leave()
	return done
}

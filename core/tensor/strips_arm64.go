//go:build goexperiment.simd

package tensor

import "unsafe"

// sumRun runs Sum over strips, by four, two and one block.
func sumRun(d, s *float32, strips *strip, n int, taps *Tap, w *float32, bias, floor float32, add int) {
	for _, l := range unsafe.Slice(strips, n) {
		list := unsafe.Slice((*Tap)(unsafe.Add(unsafe.Pointer(taps), 8*int(l.taps))), int(l.ntaps))
		dp, sp, wp := at(unsafe.Pointer(d), int(l.d)), at(unsafe.Pointer(s), int(l.s)), unsafe.Pointer(w)
		ds, ss, count := 4*int(l.ds), 4*int(l.ss), int(l.count)
		for ; count >= 4; count -= 4 {
			sum4(dp, sp, ds, ss, list, wp, bias, floor, add != 0)
			dp, sp = unsafe.Add(dp, 4*ds), unsafe.Add(sp, 4*ss)
		}
		if count >= 2 {
			sum2(dp, sp, ds, ss, list, wp, bias, floor, add != 0)
			dp, sp, count = unsafe.Add(dp, 2*ds), unsafe.Add(sp, 2*ss), count-2
		}
		if count > 0 {
			sum1(dp, sp, list, wp, bias, floor, add != 0)
		}
	}
}

func sum4(d, s unsafe.Pointer, ds, ss int, taps []Tap, w unsafe.Pointer, bias, floor float32, add bool) {
	a0 := broadcast(bias)
	a1, b0, b1, c0, c1, e0, e1 := a0, a0, a0, a0, a0, a0, a0
	d1, d2, d3 := unsafe.Add(d, ds), unsafe.Add(d, 2*ds), unsafe.Add(d, 3*ds)
	if add {
		a0, a1 = a0.Add(load(d)), a1.Add(load(at(d, width)))
		b0, b1 = b0.Add(load(d1)), b1.Add(load(at(d1, width)))
		c0, c1 = c0.Add(load(d2)), c1.Add(load(at(d2, width)))
		e0, e1 = e0.Add(load(d3)), e1.Add(load(at(d3, width)))
	}
	for i := 0; i < len(taps); i++ {
		t := &taps[i]
		f := broadcast(*(*float32)(at(w, int(t.W))))
		p := at(s, int(t.Off))
		a0, a1 = load(p).Mul(f).Add(a0), load(at(p, width)).Mul(f).Add(a1)
		p = unsafe.Add(p, ss)
		b0, b1 = load(p).Mul(f).Add(b0), load(at(p, width)).Mul(f).Add(b1)
		p = unsafe.Add(p, ss)
		c0, c1 = load(p).Mul(f).Add(c0), load(at(p, width)).Mul(f).Add(c1)
		p = unsafe.Add(p, ss)
		e0, e1 = load(p).Mul(f).Add(e0), load(at(p, width)).Mul(f).Add(e1)
	}
	m := broadcast(floor)
	put(d, a0.Max(m), a1.Max(m))
	put(d1, b0.Max(m), b1.Max(m))
	put(d2, c0.Max(m), c1.Max(m))
	put(d3, e0.Max(m), e1.Max(m))
}

func put(d unsafe.Pointer, lo, hi vec) {
	store(d, lo)
	store(at(d, width), hi)
}

func sum2(d, s unsafe.Pointer, ds, ss int, taps []Tap, w unsafe.Pointer, bias, floor float32, add bool) {
	a0 := broadcast(bias)
	a1, b0, b1 := a0, a0, a0
	d1 := unsafe.Add(d, ds)
	if add {
		a0, a1 = a0.Add(load(d)), a1.Add(load(at(d, width)))
		b0, b1 = b0.Add(load(d1)), b1.Add(load(at(d1, width)))
	}
	for i := 0; i < len(taps); i++ {
		t := &taps[i]
		f := broadcast(*(*float32)(at(w, int(t.W))))
		p := at(s, int(t.Off))
		a0, a1 = load(p).Mul(f).Add(a0), load(at(p, width)).Mul(f).Add(a1)
		p = unsafe.Add(p, ss)
		b0, b1 = load(p).Mul(f).Add(b0), load(at(p, width)).Mul(f).Add(b1)
	}
	m := broadcast(floor)
	put(d, a0.Max(m), a1.Max(m))
	put(d1, b0.Max(m), b1.Max(m))
}

func sum1(d, s unsafe.Pointer, taps []Tap, w unsafe.Pointer, bias, floor float32, add bool) {
	a0 := broadcast(bias)
	a1 := a0
	if add {
		a0, a1 = a0.Add(load(d)), a1.Add(load(at(d, width)))
	}
	for i := 0; i < len(taps); i++ {
		t := &taps[i]
		f := broadcast(*(*float32)(at(w, int(t.W))))
		p := at(s, int(t.Off))
		a0, a1 = load(p).Mul(f).Add(a0), load(at(p, width)).Mul(f).Add(a1)
	}
	m := broadcast(floor)
	put(d, a0.Max(m), a1.Max(m))
}

// dotRun runs Dot over strips.
func dotRun(acc, x, s *float32, strips *strip, n int, taps *Tap) {
	for _, l := range unsafe.Slice(strips, n) {
		list := unsafe.Slice((*Tap)(unsafe.Add(unsafe.Pointer(taps), 8*int(l.taps))), int(l.ntaps))
		gp, sp := at(unsafe.Pointer(x), int(l.d)), at(unsafe.Pointer(s), int(l.s))
		for len(list) >= 4 {
			dot4(unsafe.Pointer(acc), gp, sp, int(l.count), 4*int(l.ds), 4*int(l.ss), list)
			list = list[4:]
		}
		for len(list) >= 2 {
			dot2(unsafe.Pointer(acc), gp, sp, int(l.count), 4*int(l.ds), 4*int(l.ss), list)
			list = list[2:]
		}
		if len(list) > 0 {
			dot1(unsafe.Pointer(acc), gp, sp, int(l.count), 4*int(l.ds), 4*int(l.ss), list)
		}
	}
}

// dot4 takes four taps over count blocks, each in two halves.
func dot4(acc, g, s unsafe.Pointer, count, gs, ss int, taps []Tap) {
	t := (*[4]Tap)(taps)
	var a0, a1, b0, b1, c0, c1, e0, e1 vec
	p0, p1, p2, p3 := at(s, int(t[0].Off)), at(s, int(t[1].Off)), at(s, int(t[2].Off)), at(s, int(t[3].Off))
	for i, o := 0, 0; i < count; i, o = i+1, o+ss {
		x, y := load(g), load(at(g, width))
		g = unsafe.Add(g, gs)
		p := unsafe.Add(p0, o)
		a0, a1 = load(p).Mul(x).Add(a0), load(at(p, width)).Mul(y).Add(a1)
		p = unsafe.Add(p1, o)
		b0, b1 = load(p).Mul(x).Add(b0), load(at(p, width)).Mul(y).Add(b1)
		p = unsafe.Add(p2, o)
		c0, c1 = load(p).Mul(x).Add(c0), load(at(p, width)).Mul(y).Add(c1)
		p = unsafe.Add(p3, o)
		e0, e1 = load(p).Mul(x).Add(e0), load(at(p, width)).Mul(y).Add(e1)
	}
	accumulate(acc, t[0], a0, a1)
	accumulate(acc, t[1], b0, b1)
	accumulate(acc, t[2], c0, c1)
	accumulate(acc, t[3], e0, e1)
}

func accumulate(acc unsafe.Pointer, t Tap, lo, hi vec) {
	a := at(acc, Lanes*int(t.W))
	store(a, load(a).Add(lo))
	a = at(a, width)
	store(a, load(a).Add(hi))
}

func dot2(acc, g, s unsafe.Pointer, count, gs, ss int, taps []Tap) {
	t := (*[2]Tap)(taps)
	var a0, a1, b0, b1 vec
	p0, p1 := at(s, int(t[0].Off)), at(s, int(t[1].Off))
	for i, o := 0, 0; i < count; i, o = i+1, o+ss {
		x, y := load(g), load(at(g, width))
		g = unsafe.Add(g, gs)
		p := unsafe.Add(p0, o)
		a0, a1 = load(p).Mul(x).Add(a0), load(at(p, width)).Mul(y).Add(a1)
		p = unsafe.Add(p1, o)
		b0, b1 = load(p).Mul(x).Add(b0), load(at(p, width)).Mul(y).Add(b1)
	}
	accumulate(acc, t[0], a0, a1)
	accumulate(acc, t[1], b0, b1)
}

func dot1(acc, g, s unsafe.Pointer, count, gs, ss int, taps []Tap) {
	var a0, a1 vec
	p := at(s, int(taps[0].Off))
	for i := 0; i < count; i++ {
		a0, a1 = load(p).Mul(load(g)).Add(a0), load(at(p, width)).Mul(load(at(g, width))).Add(a1)
		g, p = unsafe.Add(g, gs), unsafe.Add(p, ss)
	}
	accumulate(acc, taps[0], a0, a1)
}

// productRun runs four rows of Product over blocks of 2·Lanes floats; row and wrow in bytes.
func productRun(d *float32, row int, s *float32, blocks int, taps *Tap, ntaps int, w *float32, wrow int) {
	list := unsafe.Slice(taps, ntaps)
	for i := 0; i < blocks*Lanes/width; i++ {
		var a0, a1, b0, b1, c0, c1, e0, e1 vec
		sp := at(unsafe.Pointer(s), 2*width*i)
		for j := 0; j < len(list); j++ {
			p := at(sp, int(list[j].Off))
			x, y := load(p), load(at(p, width))
			f := at(unsafe.Pointer(w), int(list[j].W))
			v := broadcast(*(*float32)(f))
			a0, a1 = x.Mul(v).Add(a0), y.Mul(v).Add(a1)
			v = broadcast(*(*float32)(unsafe.Add(f, wrow)))
			b0, b1 = x.Mul(v).Add(b0), y.Mul(v).Add(b1)
			v = broadcast(*(*float32)(unsafe.Add(f, 2*wrow)))
			c0, c1 = x.Mul(v).Add(c0), y.Mul(v).Add(c1)
			v = broadcast(*(*float32)(unsafe.Add(f, 3*wrow)))
			e0, e1 = x.Mul(v).Add(e0), y.Mul(v).Add(e1)
		}
		o := at(unsafe.Pointer(d), 2*width*i)
		put(o, a0, a1)
		o = unsafe.Add(o, row)
		put(o, b0, b1)
		o = unsafe.Add(o, row)
		put(o, c0, c1)
		o = unsafe.Add(o, row)
		put(o, e0, e1)
	}
}

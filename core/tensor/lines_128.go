//go:build goexperiment.simd && (wasm || arm64)

package tensor

import "unsafe"

// There are no wider forms.
const useWide = false

func sumWide(_, _ *float32, _ *line, _ int, _ *Tap, _ *float32, _, _ float32, _ int)     {}
func productWide(_ *float32, _ int, _ *float32, _ int, _ *Tap, _ int, _ *float32, _ int) {}

// sumRun runs Sum over lines.
func sumRun(d, s *float32, lines *line, n int, taps *Tap, w *float32, bias, floor float32, add int) {
	for _, l := range unsafe.Slice(lines, n) {
		list := unsafe.Slice((*Tap)(unsafe.Add(unsafe.Pointer(taps), 8*int(l.taps))), int(l.ntaps))
		dp, sp := at(unsafe.Pointer(d), int(l.d)), at(unsafe.Pointer(s), int(l.s))
		if l.ds == Lanes && l.ss == Lanes {
			sumLine(dp, sp, 4*width, 4*width, Lanes/width*int(l.count), list, unsafe.Pointer(w), bias, floor, add != 0)
			continue
		}
		for half := 0; half < Lanes; half += width {
			sumLine(at(dp, half), at(sp, half), 4*int(l.ds), 4*int(l.ss), int(l.count), list, unsafe.Pointer(w), bias, floor, add != 0)
		}
	}
}

// sumLine sums count vectors, strides in bytes.
func sumLine(dp, sp unsafe.Pointer, ds, ss, count int, t []Tap, wp unsafe.Pointer, bias, floor float32, add bool) {
	i := 0
	for ; i+8 <= count; i += 8 {
		sum8(unsafe.Add(dp, i*ds), unsafe.Add(sp, i*ss), ds, ss, t, wp, bias, floor, add)
	}
	if i+4 <= count {
		sum4(unsafe.Add(dp, i*ds), unsafe.Add(sp, i*ss), ds, ss, t, wp, bias, floor, add)
		i += 4
	}
	for ; i < count; i++ {
		sum1(unsafe.Add(dp, i*ds), unsafe.Add(sp, i*ss), t, wp, bias, floor, add)
	}
}

func sum8(d, s unsafe.Pointer, ds, ss int, taps []Tap, w unsafe.Pointer, bias, floor float32, add bool) {
	v0 := broadcast(bias)
	v1, v2, v3, v4, v5, v6, v7 := v0, v0, v0, v0, v0, v0, v0
	d4 := unsafe.Add(d, 4*ds)
	if add {
		v0, v1 = v0.Add(load(d)), v1.Add(load(unsafe.Add(d, ds)))
		v2, v3 = v2.Add(load(unsafe.Add(d, 2*ds))), v3.Add(load(unsafe.Add(d, 3*ds)))
		v4, v5 = v4.Add(load(d4)), v5.Add(load(unsafe.Add(d4, ds)))
		v6, v7 = v6.Add(load(unsafe.Add(d4, 2*ds))), v7.Add(load(unsafe.Add(d4, 3*ds)))
	}
	for i := 0; i < len(taps); i++ {
		t := &taps[i]
		f := broadcast(*(*float32)(unsafe.Add(w, 4*int(t.W))))
		p := unsafe.Add(s, 4*int(t.Off))
		q := unsafe.Add(p, 4*ss)
		v0 = load(p).Mul(f).Add(v0)
		v1 = load(unsafe.Add(p, ss)).Mul(f).Add(v1)
		v2 = load(unsafe.Add(p, 2*ss)).Mul(f).Add(v2)
		v3 = load(unsafe.Add(p, 3*ss)).Mul(f).Add(v3)
		v4 = load(q).Mul(f).Add(v4)
		v5 = load(unsafe.Add(q, ss)).Mul(f).Add(v5)
		v6 = load(unsafe.Add(q, 2*ss)).Mul(f).Add(v6)
		v7 = load(unsafe.Add(q, 3*ss)).Mul(f).Add(v7)
	}
	m := broadcast(floor)
	store(d, v0.Max(m))
	store(unsafe.Add(d, ds), v1.Max(m))
	store(unsafe.Add(d, 2*ds), v2.Max(m))
	store(unsafe.Add(d, 3*ds), v3.Max(m))
	store(d4, v4.Max(m))
	store(unsafe.Add(d4, ds), v5.Max(m))
	store(unsafe.Add(d4, 2*ds), v6.Max(m))
	store(unsafe.Add(d4, 3*ds), v7.Max(m))
}

func sum4(d, s unsafe.Pointer, ds, ss int, taps []Tap, w unsafe.Pointer, bias, floor float32, add bool) {
	v0 := broadcast(bias)
	v1, v2, v3 := v0, v0, v0
	if add {
		v0, v1 = v0.Add(load(d)), v1.Add(load(unsafe.Add(d, ds)))
		v2, v3 = v2.Add(load(unsafe.Add(d, 2*ds))), v3.Add(load(unsafe.Add(d, 3*ds)))
	}
	for i := 0; i < len(taps); i++ {
		t := &taps[i]
		f := broadcast(*(*float32)(unsafe.Add(w, 4*int(t.W))))
		p := unsafe.Add(s, 4*int(t.Off))
		v0 = load(p).Mul(f).Add(v0)
		v1 = load(unsafe.Add(p, ss)).Mul(f).Add(v1)
		v2 = load(unsafe.Add(p, 2*ss)).Mul(f).Add(v2)
		v3 = load(unsafe.Add(p, 3*ss)).Mul(f).Add(v3)
	}
	m := broadcast(floor)
	store(d, v0.Max(m))
	store(unsafe.Add(d, ds), v1.Max(m))
	store(unsafe.Add(d, 2*ds), v2.Max(m))
	store(unsafe.Add(d, 3*ds), v3.Max(m))
}

func sum1(d, s unsafe.Pointer, taps []Tap, w unsafe.Pointer, bias, floor float32, add bool) {
	v := broadcast(bias)
	if add {
		v = v.Add(load(d))
	}
	for i := 0; i < len(taps); i++ {
		t := &taps[i]
		v = load(unsafe.Add(s, 4*int(t.Off))).Mul(broadcast(*(*float32)(unsafe.Add(w, 4*int(t.W))))).Add(v)
	}
	store(d, v.Max(broadcast(floor)))
}

// dotRun runs Dot over lines.
func dotRun(acc, x, s *float32, lines *line, n int, taps *Tap) {
	for _, l := range unsafe.Slice(lines, n) {
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
		store(o, a0)
		store(at(o, width), a1)
		o = unsafe.Add(o, row)
		store(o, b0)
		store(at(o, width), b1)
		o = unsafe.Add(o, row)
		store(o, c0)
		store(at(o, width), c1)
		o = unsafe.Add(o, row)
		store(o, e0)
		store(at(o, width), e1)
	}
}

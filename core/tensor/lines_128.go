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

// dotRun runs Dot over lines, one half of their blocks after the other.
func dotRun(acc, x, s *float32, lines *line, n int, taps *Tap) {
	for _, l := range unsafe.Slice(lines, n) {
		list := unsafe.Slice((*Tap)(unsafe.Add(unsafe.Pointer(taps), 8*int(l.taps))), int(l.ntaps))
		for half := 0; half < Lanes; half += width {
			dotLine(at(unsafe.Pointer(acc), half), at(unsafe.Pointer(x), int(l.d)+half), at(unsafe.Pointer(s), int(l.s)+half), int(l.count), 4*int(l.ds), 4*int(l.ss), list)
		}
	}
}

func dotLine(ap, gp, sp unsafe.Pointer, count, gs, ss int, taps []Tap) {
	i := 0
	switch {
	case len(taps) == 8:
		dot8(ap, gp, sp, count, gs, ss, taps)
		return
	case len(taps) >= 4:
		dot4(ap, gp, sp, count, gs, ss, taps[:4])
		i = 4
	}
	for ; i < len(taps); i++ {
		dot1(ap, gp, sp, count, gs, ss, &taps[i])
	}
}

func dot8(acc, g, s unsafe.Pointer, count, gs, ss int, taps []Tap) {
	t := (*[8]Tap)(taps)
	var v0, v1, v2, v3, v4, v5, v6, v7 vec
	p0, p1, p2, p3 := at(s, int(t[0].Off)), at(s, int(t[1].Off)), at(s, int(t[2].Off)), at(s, int(t[3].Off))
	p4, p5, p6, p7 := at(s, int(t[4].Off)), at(s, int(t[5].Off)), at(s, int(t[6].Off)), at(s, int(t[7].Off))
	for i, o := 0, 0; i < count; i, o = i+1, o+ss {
		x := load(g)
		g = unsafe.Add(g, gs)
		v0 = load(unsafe.Add(p0, o)).Mul(x).Add(v0)
		v1 = load(unsafe.Add(p1, o)).Mul(x).Add(v1)
		v2 = load(unsafe.Add(p2, o)).Mul(x).Add(v2)
		v3 = load(unsafe.Add(p3, o)).Mul(x).Add(v3)
		v4 = load(unsafe.Add(p4, o)).Mul(x).Add(v4)
		v5 = load(unsafe.Add(p5, o)).Mul(x).Add(v5)
		v6 = load(unsafe.Add(p6, o)).Mul(x).Add(v6)
		v7 = load(unsafe.Add(p7, o)).Mul(x).Add(v7)
	}
	for i, v := range [...]vec{v0, v1, v2, v3, v4, v5, v6, v7} {
		a := at(acc, Lanes*int(t[i].W))
		store(a, load(a).Add(v))
	}
}

func dot4(acc, g, s unsafe.Pointer, count, gs, ss int, taps []Tap) {
	t := (*[4]Tap)(taps)
	var v0, v1, v2, v3 vec
	p0, p1, p2, p3 := at(s, int(t[0].Off)), at(s, int(t[1].Off)), at(s, int(t[2].Off)), at(s, int(t[3].Off))
	for i, o := 0, 0; i < count; i, o = i+1, o+ss {
		x := load(g)
		g = unsafe.Add(g, gs)
		v0 = load(unsafe.Add(p0, o)).Mul(x).Add(v0)
		v1 = load(unsafe.Add(p1, o)).Mul(x).Add(v1)
		v2 = load(unsafe.Add(p2, o)).Mul(x).Add(v2)
		v3 = load(unsafe.Add(p3, o)).Mul(x).Add(v3)
	}
	for i, v := range [...]vec{v0, v1, v2, v3} {
		a := at(acc, Lanes*int(t[i].W))
		store(a, load(a).Add(v))
	}
}

func dot1(acc, g, s unsafe.Pointer, count, gs, ss int, t *Tap) {
	a := at(acc, Lanes*int(t.W))
	var v vec
	s = at(s, int(t.Off))
	for i := 0; i < count; i++ {
		v = load(s).Mul(load(g)).Add(v)
		g, s = unsafe.Add(g, gs), unsafe.Add(s, ss)
	}
	store(a, load(a).Add(v))
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

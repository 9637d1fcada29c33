package tensor

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// operands draws a region, taps within a memory of normal-sized values, and weights.
func operands(t *rapid.T) (mem []float32, r Region, taps []Tap, w []float32) {
	r.Run = rapid.IntRange(1, 70).Draw(t, "run")
	r.Rows, r.Cols = rapid.IntRange(1, 10).Draw(t, "rows"), rapid.IntRange(1, 10).Draw(t, "cols")
	r.DstCol, r.SrcCol = r.Run+rapid.IntRange(0, 3).Draw(t, "gap"), r.Run*rapid.IntRange(1, 2).Draw(t, "stride")
	r.DstRow, r.SrcRow = r.DstCol*r.Cols, r.SrcCol*r.Cols
	reach := max(r.DstRow, r.SrcRow) * r.Rows
	r.Dst, r.Src = 3*reach, rapid.IntRange(0, reach).Draw(t, "src")
	for range rapid.IntRange(0, 26).Draw(t, "taps") {
		taps = append(taps, Tap{int32(rapid.IntRange(0, reach-1).Draw(t, "off")), int32(len(taps))})
	}
	mem = make([]float32, 4*reach)
	seed := rapid.Uint32().Draw(t, "seed")
	next := func() float32 {
		seed = seed*1664525 + 1013904223
		return float32(int32(seed>>8)-1<<23) / (1 << 22)
	}
	for i := range mem {
		mem[i] = next()
	}
	w = make([]float32, len(taps)+1)
	for i := range w {
		w[i] = next()
	}
	return mem, r, taps, w
}

// same wants equal numbers, of which +0 and -0 are.
func same(t *rapid.T, what string, got, want []float32) {
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s: element %d is %v, plain Go has %v", what, i, got[i], want[i])
		}
	}
}

func TestTwinsAgree(t *testing.T) {
	if !useSIMD {
		t.Skip("this build or CPU has plain kernels only")
	}
	rapid.Check(t, func(t *rapid.T) {
		mem, r, taps, w := operands(t)
		bias, floor := w[len(taps)], NoFloor
		if rapid.Bool().Draw(t, "floor") {
			floor = 0
		}
		add := rapid.Bool().Draw(t, "add")
		p := compile([]segment{{r, taps}})
		fast, plain := slices.Clone(mem), slices.Clone(mem)
		for _, strips := range [][]strip{p.strips, p.wide} {
			sumSIMD(fast, 0, 0, strips, p.taps, w, bias, floor, add)
			sumStripsGo(plain, 0, 0, strips, p.taps, w, bias, floor, add)
			same(t, "Sum", fast, plain)
		}

		a, b := make([]float32, len(w)*Lanes), make([]float32, len(w)*Lanes)
		dotSIMD(a, mem, 0, 0, p.groups, p.taps)
		dotStripsGo(b, mem, 0, 0, p.groups, p.taps)
		same(t, "Dot", a, b)
		if len(taps) == 0 {
			return
		}
		fast, plain = slices.Clone(mem), slices.Clone(mem)
		maxSIMD(fast, 0, 0, p.strips, p.taps)
		maxStripsGo(plain, 0, 0, p.strips, p.taps)
		same(t, "Max", fast, plain)
		all := slices.Concat(mem, fast, make([]float32, len(mem)))
		again := slices.Clone(all)
		maxGradSIMD(all, 2*len(mem), 0, len(mem), 0, p.strips, p.taps)
		maxGradStripsGo(again, 2*len(mem), 0, len(mem), 0, p.strips, p.taps)
		same(t, "MaxGrad", all, again)

		rows, row := rapid.IntRange(1, 9).Draw(t, "matrix rows"), r.Run+3
		matrix := make([]float32, rows*(len(taps)+2))
		for i := range matrix {
			matrix[i] = mem[i%len(mem)]
		}
		fast = append(slices.Clone(mem), make([]float32, rows*row+r.Run)...)
		plain = slices.Clone(fast)
		Product(fast, len(mem), row, rows, 0, r.Run, taps, matrix, len(taps)+1)
		for i := range rows {
			Sum(plain, len(mem)+i*row, 0, r.Run, taps, matrix[i*(len(taps)+1):], 0, NoFloor, false)
		}
		same(t, "Product", fast, plain)

		added := append(slices.Clone(plain), make([]float32, rows*(r.Run+Chunk))...)
		ProductAdd(added, len(mem), row, rows, 0, r.Run, taps, matrix, len(taps)+1, len(plain))
		for i := range rows {
			at := len(mem) + i*row
			for j, v := range plain[at:][:r.Run] {
				plain[at+j] += v
			}
		}
		same(t, "ProductAdd", added[:len(plain)], plain)
		copy(plain, fast)

		a, b = make([]float32, rows*(len(taps)+1)*Lanes), make([]float32, rows*(len(taps)+1)*Lanes)
		Outer(a, len(taps)+1, fast, len(mem), row, rows, 0, r.Run, taps)
		for i := range rows {
			Dot(b[i*(len(taps)+1)*Lanes:], fast, len(mem)+i*row, 0, r.Run, taps)
		}
		same(t, "Outer", a, b)

		x, y := mem[:len(mem)/2], mem[len(mem)/2:]
		d1, d2 := make([]float32, len(x)), make([]float32, len(x))
		s1, p1 := gateSIMD(d1, x, y[:len(x)], w[0])
		s2, p2 := gateGo(d2, x, y[:len(x)], w[0])
		same(t, "Gate", append(d1, s1, p1), append(d2, s2, p2))
		read := Reading{w[0], w[len(w)-1], 0}
		fast, plain = make([]float32, 4*len(x)), make([]float32, 4*len(x))
		copy(fast, mem[:2*len(x)])
		copy(plain, fast)
		s1, p1, q1 := GateRead(fast, 2*len(x), len(x), 0, len(x), read)
		Sum(plain, 3*len(x), 0, len(x), []Tap{{}}, []float32{read.Scale}, read.Shift, read.Floor, false)
		s2, p2 = Gate(plain[2*len(x):][:len(x)], plain[len(x):][:len(x)], plain[3*len(x):], read.Floor)
		one := make([]float32, Lanes)
		Dot(one, plain, 2*len(x), 0, len(x), []Tap{{}})
		same(t, "GateRead", append(fast[:3*len(x)], s1, p1, q1), append(plain[:3*len(x)], s2, p2, Fold(one, 0)))
		copy(fast, mem[:2*len(x)])
		copy(plain, fast)
		s1, d := GateDots(fast, 2*len(x), 0, len(x), []int{len(x), 3 * len(x)})
		Gate(plain[2*len(x):][:len(x)], plain[2*len(x):][:len(x)], plain[:len(x)], 0)
		all = append(slices.Clone(plain), make([]float32, len(x))...)
		for i := range len(x) {
			all[len(plain)+i] = 1
		}
		three := make([]float32, 3*Lanes)
		Dot(three, all, 2*len(x), 0, len(x), []Tap{{int32(len(plain)), 0}, {int32(len(x)), 1}, {int32(3 * len(x)), 2}})
		same(t, "GateDots", append(fast[:3*len(x)], s1, d[0], d[1]), append(plain[:3*len(x)], Fold(three, 0), Fold(three, 1), Fold(three, 2)))
		m1, v1 := momentsSIMD(x)
		m2, v2 := momentsGo(x)
		same(t, "Moments", []float32{m1, v1}, []float32{m2, v2})
	})
}

// TestPlansGather checks a plan against the definition of a convolution and its gradient, element by element.
func TestPlansGather(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := Window{K: rapid.SampledFrom([]int{1, 3, 5}).Draw(t, "k"), Stride: rapid.IntRange(1, 2).Draw(t, "stride"), Dilation: rapid.IntRange(1, 2).Draw(t, "dilation")}
		w.Pad = w.Dilation * (w.K - 1) / 2
		h, wd, b := rapid.IntRange(1, 9).Draw(t, "h"), rapid.IntRange(1, 9).Draw(t, "w"), rapid.IntRange(1, 17).Draw(t, "b")
		oh, ow := w.Out(h), w.Out(wd)
		in, out := h*wd*b, oh*ow*b
		mem := make([]float32, 3*in+2*out)
		kernel := make([]float32, w.K*w.K)
		for i := range kernel {
			kernel[i] = float32(i + 1)
		}
		for i := range mem {
			mem[i] = float32(i%13 - 6)
		}
		x, y, dx := 0, in, in+out
		want, wantDx := make([]float32, out), make([]float32, in)
		for oy := range oh {
			for ox := range ow {
				for ky := range w.K {
					for kx := range w.K {
						iy, ix := oy*w.Stride-w.Pad+ky*w.Dilation, ox*w.Stride-w.Pad+kx*w.Dilation
						if iy < 0 || iy >= h || ix < 0 || ix >= wd {
							continue
						}
						for n := range b {
							f := kernel[ky*w.K+kx]
							want[(oy*ow+ox)*b+n] += f * mem[x+(iy*wd+ix)*b+n]
							wantDx[(iy*wd+ix)*b+n] += f * mem[y+(oy*ow+ox)*b+n]
						}
					}
				}
			}
		}
		forward, backward := w.Conv(h, wd, b)
		backward.Sum(mem, dx, y, kernel, false)
		if !slices.Equal(mem[dx:dx+in], wantDx) {
			t.Fatalf("%+v: the gradient's plan differs", w)
		}
		forward.Sum(mem, y, x, kernel, false)
		if !slices.Equal(mem[y:y+out], want) {
			t.Fatalf("%+v: the plan differs", w)
		}
	})
}

func TestMeanLeavesPaddingOut(t *testing.T) {
	w := Window{K: 3, Stride: 1, Dilation: 1, Pad: 1}
	forward, _, weights := w.Mean(3, 3, 1)
	mem := []float32{1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	forward.Sum(mem, 9, 0, weights, false)
	for i, v := range mem[9:] {
		if math.Abs(float64(v)-1) > 1e-6 {
			t.Errorf("element %d: the mean of ones is %v", i, v)
		}
	}
	divisors := map[int]int{}
	for _, s := range forward.segments {
		divisors[len(s.taps)] += s.Rows * s.Cols * s.Run
	}
	if divisors[4] != 4 || divisors[6] != 4 || divisors[9] != 1 {
		t.Errorf("divisors %v, want 4, 6 and 9 at corners, borders and inside", divisors)
	}
}

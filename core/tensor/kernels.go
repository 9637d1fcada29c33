package tensor

import "math"

// NoFloor is the floor that leaves a Sum as it is.
var NoFloor = float32(math.Inf(-1))

// Sum sets the n floats of mem at dst to
//
//	max(floor, bias + Σ_t w[t.W]·mem[src+t.Off])
//
// or adds their old values inside the maximum if add is set. Use NoFloor for no maximum. A tap may read what the kernel
// writes only at the same element.
func Sum(mem []float32, dst, src, n int, taps []Tap, w []float32, bias, floor float32, add bool) {
	unit := Lanes
	if useWide && n%(2*Lanes) == 0 {
		unit = 2 * Lanes
	}
	l := [1]strip{{count: int32(n / unit), ds: int32(unit), ss: int32(unit), ntaps: int32(len(taps)), unit: int32(unit)}}
	sumStrips(mem, dst, src, l[:], taps, w, bias, floor, add)
	if whole := n / Lanes * Lanes; whole < n {
		sumGo(mem, dst+whole, src+whole, n-whole, taps, w, bias, floor, add)
	}
}

// Product sets rows of n floats of mem, row apart from dst on, to a matrix product: element i of row r is
//
//	Σ_t w[r·wrow+t.W]·mem[src+t.Off+i]
//
// as Sum would make each row. No row may be read.
func Product(mem []float32, dst, row, rows, src, n int, taps []Tap, w []float32, wrow int) {
	doneRows, done := 0, 0
	if useSIMD {
		doneRows, done = productSIMD(mem, dst, row, rows, src, n, taps, w, wrow)
	}
	for r := range rows {
		from := 0
		if r < doneRows {
			from = done
		}
		if from < n {
			Sum(mem, dst+r*row+from, src+from, n-from, taps, w[r*wrow:], 0, NoFloor, false)
		}
	}
}

// ProductAdd adds a product's rows to what is there, each made before it is added. Scratch is room for them, n + Chunk floats each.
func ProductAdd(mem []float32, dst, row, rows, src, n int, taps []Tap, w []float32, wrow, scratch int) {
	if productAddSIMD(mem, dst, row, rows, src, n, taps, w, wrow) {
		return
	}
	tap, one := [1]Tap{}, [1]float32{1}
	Product(mem, scratch, n+Chunk, rows, src, n, taps, w, wrow)
	for r := range rows {
		Sum(mem, dst+r*row, scratch+r*(n+Chunk), n, tap[:], one[:], 0, NoFloor, true)
	}
}

// sumStrips runs whole blocks.
func sumStrips(mem []float32, dst, src int, strips []strip, taps []Tap, w []float32, bias, floor float32, add bool) {
	if useSIMD {
		sumSIMD(mem, dst, src, strips, taps, w, bias, floor, add)
	} else {
		sumStripsGo(mem, dst, src, strips, taps, w, bias, floor, add)
	}
}

func sumStripsGo(mem []float32, dst, src int, strips []strip, taps []Tap, w []float32, bias, floor float32, add bool) {
	for _, l := range strips {
		for i := range int(l.count) {
			for h := 0; h < int(l.unit); h += Lanes {
				sumGo(mem, dst+int(l.d)+i*int(l.ds)+h, src+int(l.s)+i*int(l.ss)+h, Lanes, taps[l.taps:][:l.ntaps], w, bias, floor, add)
			}
		}
	}
}

// sumGo sums at most Lanes floats.
func sumGo(mem []float32, d, s, n int, taps []Tap, w []float32, bias, floor float32, add bool) {
	var v [Lanes]float32 // a tap may read what is written: sum aside
	for i := range n {
		v[i] = bias
		if add {
			v[i] += mem[d+i]
		}
	}
	for _, t := range taps {
		f, x := w[t.W], mem[s+int(t.Off):][:n]
		for i := range x {
			v[i] += float32(f * x[i])
		}
	}
	for i := range n {
		mem[d+i] = max(v[i], floor)
	}
}

// Dot adds to acc[t.W·Lanes:][:Lanes], for every tap t, the inner product of the n floats of mem at g and at src+t.Off, spread
// over Lanes partial sums: element i goes to lane i mod Lanes. Fold makes a number of it.
func Dot(acc, mem []float32, g, src, n int, taps []Tap) {
	if whole := n / Lanes * Lanes; whole < n {
		dotGo(acc, mem, g+whole, src+whole, n-whole, taps)
	}
	l := [1]strip{{count: int32(n / Lanes), ds: Lanes, ss: Lanes}}
	for lo := 0; lo < len(taps); lo += Lanes {
		l[0].ntaps = int32(min(Lanes, len(taps)-lo))
		dotStrips(acc, mem, g, src, l[:], taps[lo:])
	}
}

// Outer is Dot for rows of n floats, row apart from g on, that share the taps: row r's sums are at acc[r·accRow·Lanes:].
func Outer(acc []float32, accRow int, mem []float32, g, row, rows, src, n int, taps []Tap) {
	doneRows, done := 0, 0
	if useSIMD {
		doneRows, done = outerSIMD(acc, accRow, mem, g, row, rows, src, n, taps)
	}
	for r := range rows {
		from := 0
		if r < doneRows {
			from = done
		}
		if from < len(taps) {
			Dot(acc[r*accRow*Lanes:], mem, g+r*row, src, n, taps[from:])
		}
	}
}

// dotStrips runs whole blocks, at most Lanes taps in a strip.
func dotStrips(acc, mem []float32, g, src int, strips []strip, taps []Tap) {
	if useSIMD {
		dotSIMD(acc, mem, g, src, strips, taps)
	} else {
		dotStripsGo(acc, mem, g, src, strips, taps)
	}
}

func dotStripsGo(acc, mem []float32, g, src int, strips []strip, taps []Tap) {
	for _, l := range strips {
		for _, t := range taps[l.taps:][:l.ntaps] {
			var sum [Lanes]float32
			for i := range int(l.count) {
				g := (*[Lanes]float32)(mem[g+int(l.d)+i*int(l.ds):])
				x := (*[Lanes]float32)(mem[src+int(l.s)+i*int(l.ss)+int(t.Off):])
				for i := range Lanes {
					sum[i] += float32(g[i] * x[i])
				}
			}
			a := (*[Lanes]float32)(acc[int(t.W)*Lanes:])
			for i := range Lanes {
				a[i] += sum[i]
			}
		}
	}
}

// dotGo adds at most Lanes products of each tap.
func dotGo(acc, mem []float32, g, s, n int, taps []Tap) {
	for _, t := range taps {
		a, g, x := acc[int(t.W)*Lanes:], mem[g:][:n], mem[s+int(t.Off):][:n]
		for i := range g {
			a[i] += float32(g[i] * x[i])
		}
	}
}

// Fold adds up the Lanes partial sums of tap w, pairwise.
func Fold(acc []float32, w int) float32 {
	a := acc[w*Lanes:][:Lanes]
	return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
}

// maxStripsGo sets whole blocks to the largest of the taps' reads.
func maxStripsGo(mem []float32, dst, src int, strips []strip, taps []Tap) {
	for _, l := range strips {
		for i := range int(l.count) {
			maxGo(mem, dst+int(l.d)+i*int(l.ds), src+int(l.s)+i*int(l.ss), Lanes, taps[l.taps:][:l.ntaps])
		}
	}
}

func maxGo(mem []float32, d, s, n int, taps []Tap) {
	for i := range n {
		v := NoFloor
		for _, t := range taps {
			v = max(v, mem[s+int(t.Off)+i])
		}
		mem[d+i] = v
	}
}

// maxGradStripsGo is the gradient of maxStripsGo: it adds mem[g] to mem[dst] at the first tap, in order, whose read of mem[src]
// equals mem[m]; g and m lie alike, dst and src likewise.
func maxGradStripsGo(mem []float32, dst, g, m, src int, strips []strip, taps []Tap) {
	for _, l := range strips {
		for i := range int(l.count) {
			d, s := int(l.d)+i*int(l.ds), int(l.s)+i*int(l.ss)
			maxGradGo(mem, dst+s, g+d, m+d, src+s, Lanes, taps[l.taps:][:l.ntaps])
		}
	}
}

func maxGradGo(mem []float32, dst, g, m, src, n int, taps []Tap) {
	var left [Lanes]float32 // a tap that matches takes what is left
	copy(left[:n], mem[g:])
	for _, t := range taps {
		for i := range n {
			if j := int(t.Off) + i; mem[src+j] == mem[m+i] {
				mem[dst+j] += left[i]
				left[i] = 0
			}
		}
	}
}

// Gate sets dst = x where y > threshold and 0 elsewhere, and returns Σ dst and Σ dst·y, each from
// Lanes partial sums. The slices have one length; dst may be x.
func Gate(dst, x, y []float32, threshold float32) (sum, dot float32) {
	if useSIMD {
		return gateSIMD(dst, x, y, threshold)
	}
	return gateGo(dst, x, y, threshold)
}

func gateGo(dst, x, y []float32, threshold float32) (sum, dot float32) {
	var s, p [Lanes]float32
	for i, v := range x {
		if y[i] <= threshold {
			v = 0
		}
		dst[i] = v
		s[i%Lanes] += v
		p[i%Lanes] += float32(v * y[i])
	}
	return Fold(s[:], 0), Fold(p[:], 0)
}

// GateRead is Gate by y = read(x), at x of mem like dst and g, which it makes anew: n floats at dst become those of g where y is above its
// floor. It also returns Σ dst·x, as Dot would make it.
func GateRead(mem []float32, dst, g, x, n int, read Reading) (sum, dot, dotX float32) {
	d, v, in := mem[dst:][:n], mem[g:][:n], mem[x:][:n]
	var s, p, q [Lanes]float32
	whole := n / Lanes * Lanes
	if useSIMD {
		gateReadSIMD(d, v, in, whole, read, &s, &p, &q)
	} else {
		gateReadGo(d, v, in, whole, read, &s, &p, &q)
	}
	var rest [Lanes]float32 // which Dot begins with
	gateReadGo(d[whole:], v[whole:], in[whole:], n-whole, read, &s, &p, &rest)
	for i := range q {
		q[i] = rest[i] + q[i]
	}
	return Fold(s[:], 0), Fold(p[:], 0), Fold(q[:], 0)
}

func gateReadGo(dst, g, x []float32, n int, r Reading, s, p, q *[Lanes]float32) {
	for i := range n {
		v, y := g[i], max(r.Shift+float32(r.Scale*x[i]), r.Floor)
		if y <= r.Floor {
			v = 0
		}
		dst[i] = v
		s[i%Lanes] += v
		p[i%Lanes] += float32(v * y)
		q[i%Lanes] += float32(v * x[i])
	}
}

// GateDots sets the n floats of mem at g to zero where those at y are not above zero, unless y is negative, and returns their sum and
// their inner products with the floats at each of at most two places x, all as Dot would make them of what is then there.
func GateDots(mem []float32, g, y, n int, x []int) (sum float32, dots [2]float32) {
	gate, pair := mem[g:][:n], [2][]float32{mem[g:][:n], mem[g:][:n]}
	if y >= 0 {
		gate = mem[y:][:n]
	}
	for i, at := range x {
		pair[i] = mem[at:][:n]
	}
	var s, rest [3][Lanes]float32 // with the rest Dot begins
	whole := n / Lanes * Lanes
	if useSIMD {
		gateDotsSIMD(mem[g:], gate, pair[0], pair[1], whole, y >= 0, &s)
	} else {
		gateDotsGo(mem[g:], gate, pair[0], pair[1], whole, y >= 0, &s)
	}
	gateDotsGo(mem[g+whole:], gate[whole:], pair[0][whole:], pair[1][whole:], n-whole, y >= 0, &rest)
	for i := range s {
		for l := range s[i] {
			s[i][l] = rest[i][l] + s[i][l]
		}
	}
	return Fold(s[0][:], 0), [2]float32{Fold(s[1][:], 0), Fold(s[2][:], 0)}
}

func gateDotsGo(g, y, a, b []float32, n int, gate bool, s *[3][Lanes]float32) {
	for i := range n {
		if gate && y[i] <= 0 {
			g[i] = 0
		}
		v := g[i]
		s[0][i%Lanes] += v
		s[1][i%Lanes] += float32(v * a[i])
		s[2][i%Lanes] += float32(v * b[i])
	}
}

// Moments returns the mean of x and Σ (x - mean)², in two passes so that nothing cancels.
func Moments(x []float32) (mean, m2 float32) {
	if useSIMD {
		return momentsSIMD(x)
	}
	return momentsGo(x)
}

func momentsGo(x []float32) (mean, m2 float32) {
	mean = total(x, 0, false) / float32(len(x))
	return mean, total(x, mean, true)
}

// total is Σ (x - mean), or of the squares, from partial sums of even and odd blocks of Lanes.
func total(x []float32, mean float32, square bool) float32 {
	var s [2][Lanes]float32
	whole := len(x) / Lanes * Lanes
	for i, v := range x {
		if v -= mean; square {
			v = float32(v * v)
		}
		if i == whole {
			for l := range Lanes {
				s[0][l] += s[1][l]
			}
			s[1] = [Lanes]float32{}
		}
		if i >= whole {
			s[0][i-whole] += v
		} else {
			s[i/Lanes%2][i%Lanes] += v
		}
	}
	for l := range Lanes {
		s[0][l] += s[1][l]
	}
	return Fold(s[0][:], 0)
}

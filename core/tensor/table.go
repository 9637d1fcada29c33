package tensor

// What multiplies 8-bit codes by tables. All sums are of whole numbers that stay below 2²⁴, so that none is rounded, and no order of
// them tells.

// Entries are what a weight makes of each code.
type Entries [256]float32

// Limits are the least and the largest of x.
func Limits(x []float32) (lo, hi float32) {
	lo, hi = x[0], x[0]
	whole := 0
	if useSIMD {
		whole = len(x) / Lanes * Lanes
		lo, hi = limitsSIMD(x[:whole], lo, hi)
	}
	for _, v := range x[whole:] {
		lo, hi = min(lo, v), max(hi, v)
	}
	return lo, hi
}

// Codes sets dst to x, which is not below 0, rounded down and limited to 255.
func Codes(dst []uint8, x []float32) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] = uint8(min(int32(v), 255))
	}
}

// Lookup sets dst to the codes' entries.
func Lookup(dst []float32, codes []uint8, t *Entries) {
	dst = dst[:len(codes)]
	for i, c := range codes {
		dst[i] = t[c]
	}
}

// AddCodes adds the codes to dst, as numbers.
func AddCodes(dst []float32, codes []uint8) {
	dst = dst[:len(codes)]
	for i, c := range codes {
		dst[i] += float32(c)
	}
}

// LookupAdd adds to each element of dst the entries of the codes there and at each step further, one after the other in t.
func LookupAdd(dst []float32, codes []uint8, step int, t []*Entries) {
	n := len(dst)
	for ; len(t) >= 5; t, codes = t[5:], codes[min(5*step, len(codes)):] {
		a, b, c, d, e := codes[:n], codes[step:][:n], codes[2*step:][:n], codes[3*step:][:n], codes[4*step:][:n]
		ta, tb, tc, td, te := t[0], t[1], t[2], t[3], t[4]
		for i := range dst {
			dst[i] += (ta[a[i]] + tb[b[i]]) + (tc[c[i]] + td[d[i]]) + te[e[i]]
		}
	}
	for ; len(t) >= 3; t, codes = t[3:], codes[min(3*step, len(codes)):] {
		a, b, c := codes[:n], codes[step:][:n], codes[2*step:][:n]
		ta, tb, tc := t[0], t[1], t[2]
		for i := range dst {
			dst[i] += ta[a[i]] + tb[b[i]] + tc[c[i]]
		}
	}
	for ; len(t) > 0; t, codes = t[1:], codes[min(step, len(codes)):] {
		a, ta := codes[:n], t[0]
		for i := range dst {
			dst[i] += ta[a[i]]
		}
	}
}

// Tall is the entries of Lanes rows, code by code.
type Tall [256][Lanes]float32

// LookupRows adds to the Lanes floats of each of n elements of mem, from dst on, the entries of its codes: those of column j, which begin
// at j·row, in t[j].
func LookupRows(mem []float32, dst, n int, codes []uint8, row int, t []Tall) {
	for len(t) > 0 {
		own := min(len(t), TallColumns)
		if own < TallColumns {
			own = 1
		}
		if useSIMD {
			lookupRowsSIMD(mem[dst:][:n*Lanes], codes, row, t[:own])
		} else {
			lookupRowsGo(mem[dst:][:n*Lanes], codes, row, t[:own])
		}
		if t = t[own:]; len(t) > 0 {
			codes = codes[own*row:]
		}
	}
}

// TallColumns is how many columns LookupRows takes at once: their entries fill the first cache.
const TallColumns = 4

func lookupRowsGo(acc []float32, codes []uint8, row int, t []Tall) {
	for j := range t {
		for i, c := range codes[j*row:][:len(acc)/Lanes] {
			a := (*[Lanes]float32)(acc[i*Lanes:])
			for l, v := range &t[j][c] {
				a[l] += v
			}
		}
	}
}

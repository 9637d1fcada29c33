package tensor

import "math"

// Sum sets, over the region,
//
//	dst = max(floor, bias + Σ_t w[t.W]·src[+t.Off])
//
// or adds dst's old value inside the maximum if add is set. Use NoFloor for no maximum. dst and src
// may be the same slice; a tap may read what the kernel writes only at the same element.
func Sum(dst, src []float32, r Region, taps []Tap, w []float32, bias, floor float32, add bool) {
	if useSIMD {
		sumSIMD(dst, src, r, taps, w, bias, floor, add)
		return
	}
	sumGo(dst, src, r, taps, w, bias, floor, add)
}

// NoFloor is the floor that leaves a Sum as it is.
var NoFloor = float32(math.Inf(-1))

func sumGo(dst, src []float32, r Region, taps []Tap, w []float32, bias, floor float32, add bool) {
	for y := 0; y < r.Rows; y++ {
		for x := 0; x < r.Cols; x++ {
			d := dst[r.Dst+y*r.DstRow+x*r.DstCol:][:r.Run]
			s := r.Src + y*r.SrcRow + x*r.SrcCol
			for lo := 0; lo < len(d); lo += len(sumBlock{}) { // a tap may read d itself: sum aside
				var block sumBlock
				v := block[:min(len(block), len(d)-lo)]
				for i := range v {
					v[i] = bias
					if add {
						v[i] += d[lo+i]
					}
				}
				for _, t := range taps {
					f := w[t.W]
					x := src[s+int(t.Off)+lo:][:len(v)]
					for i := range v {
						v[i] += float32(f * x[i])
					}
				}
				for i, x := range v {
					d[lo+i] = max(x, floor)
				}
			}
		}
	}
}

type sumBlock [64]float32

// Dot adds to acc[t.W·Lanes:][:Lanes], for every tap t, the inner product over the region of g (at
// the region's Dst) and src[+t.Off], spread over Lanes partial sums: element i of a run goes to
// lane i mod Lanes. Fold makes a number of it.
func Dot(acc, g, src []float32, r Region, taps []Tap) {
	if rest, ok := r.rest(Lanes); ok {
		dotRest(acc, g, src, rest, taps)
	}
	lines(&r, Lanes, func(d, s, count, ds, ss int) {
		if useSIMD {
			dotSIMD(acc, g, src, d, s, count, ds, ss, taps)
		} else {
			dotGo(acc, g, src, d, s, count, ds, ss, taps)
		}
	})
}

// dotGo adds a line: count blocks of Lanes floats, ds apart in g and ss in src.
func dotGo(acc, g, src []float32, d, s, count, ds, ss int, taps []Tap) {
	for _, t := range taps {
		var sum [Lanes]float32
		for i := range count {
			g, x := (*[Lanes]float32)(g[d+i*ds:]), (*[Lanes]float32)(src[s+i*ss+int(t.Off):])
			for l := range Lanes {
				sum[l] += float32(g[l] * x[l])
			}
		}
		a := (*[Lanes]float32)(acc[int(t.W)*Lanes:])
		for l := range Lanes {
			a[l] += sum[l]
		}
	}
}

func dotRest(acc, g, src []float32, r Region, taps []Tap) {
	for y := 0; y < r.Rows; y++ {
		for x := 0; x < r.Cols; x++ {
			gs := g[r.Dst+y*r.DstRow+x*r.DstCol:][:r.Run]
			s := r.Src + y*r.SrcRow + x*r.SrcCol
			for _, t := range taps {
				x := src[s+int(t.Off):][:len(gs)]
				for l, v := range gs {
					acc[int(t.W)*Lanes+l] += float32(v * x[l])
				}
			}
		}
	}
}

// Fold adds up the Lanes partial sums of tap w, pairwise.
func Fold(acc []float32, w int) float32 {
	a := acc[w*Lanes:][:Lanes]
	return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
}

// Max sets dst over the region to the largest of the taps' reads.
func Max(dst, src []float32, r Region, taps []Tap) {
	if useSIMD {
		maxSIMD(dst, src, r, taps)
		return
	}
	maxGo(dst, src, r, taps)
}

func maxGo(dst, src []float32, r Region, taps []Tap) {
	for y := 0; y < r.Rows; y++ {
		for x := 0; x < r.Cols; x++ {
			d := dst[r.Dst+y*r.DstRow+x*r.DstCol:][:r.Run]
			s := r.Src + y*r.SrcRow + x*r.SrcCol
			for i := range d {
				v := NoFloor
				for _, t := range taps {
					v = max(v, src[s+int(t.Off)+i])
				}
				d[i] = v
			}
		}
	}
}

// MaxGrad is Max's gradient: it adds g (at the region's Dst) to dsrc at the first tap, in order,
// whose read of src equals m (at the region's Dst). dsrc and src are indexed alike.
func MaxGrad(dsrc, g, m, src []float32, r Region, taps []Tap) {
	if rest, ok := r.rest(Lanes); ok {
		for y := 0; y < rest.Rows; y++ {
			for x := 0; x < rest.Cols; x++ {
				at, s := rest.Dst+y*rest.DstRow+x*rest.DstCol, rest.Src+y*rest.SrcRow+x*rest.SrcCol
				maxGradGo(dsrc, g, m, src, at, s, 1, 0, 0, rest.Run, taps)
			}
		}
	}
	lines(&r, Lanes, func(d, s, count, ds, ss int) {
		if useSIMD {
			maxGradSIMD(dsrc, g, m, src, d, s, count, ds, ss, taps)
		} else {
			maxGradGo(dsrc, g, m, src, d, s, count, ds, ss, Lanes, taps)
		}
	})
}

// maxGradGo takes a line: count blocks of at most Lanes floats, tap after tap in each, as overlapping reads add up in that order.
func maxGradGo(dsrc, g, m, src []float32, d, s, count, ds, ss, block int, taps []Tap) {
	for i := range count {
		var left [Lanes]float32
		copy(left[:block], g[d+i*ds:])
		top := m[d+i*ds:]
		for _, t := range taps {
			j := s + i*ss + int(t.Off)
			for l := range block {
				if src[j+l] == top[l] {
					dsrc[j+l] += left[l]
					left[l] = 0
				}
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

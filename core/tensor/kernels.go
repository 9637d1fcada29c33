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
						v[i] += f * x[i]
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
	if useSIMD {
		dotSIMD(acc, g, src, r, taps)
		return
	}
	dotGo(acc, g, src, r, taps)
}

func dotGo(acc, g, src []float32, r Region, taps []Tap) {
	for y := 0; y < r.Rows; y++ {
		for x := 0; x < r.Cols; x++ {
			gs := g[r.Dst+y*r.DstRow+x*r.DstCol:][:r.Run]
			s := r.Src + y*r.SrcRow + x*r.SrcCol
			for _, t := range taps {
				a := (*[Lanes]float32)(acc[int(t.W)*Lanes:])
				x := src[s+int(t.Off):][:len(gs)]
				i := 0
				for ; i+Lanes <= len(gs); i += Lanes {
					g, x := (*[Lanes]float32)(gs[i:]), (*[Lanes]float32)(x[i:])
					for l := range Lanes {
						a[l] += g[l] * x[l]
					}
				}
				for l := 0; i < len(gs); i, l = i+1, l+1 {
					a[l] += gs[i] * x[i]
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
	if useSIMD {
		maxGradSIMD(dsrc, g, m, src, r, taps)
		return
	}
	maxGradGo(dsrc, g, m, src, r, taps)
}

func maxGradGo(dsrc, g, m, src []float32, r Region, taps []Tap) {
	for y := 0; y < r.Rows; y++ {
		for x := 0; x < r.Cols; x++ {
			at := r.Dst + y*r.DstRow + x*r.DstCol
			s := r.Src + y*r.SrcRow + x*r.SrcCol
			for i := range r.Run {
				for _, t := range taps {
					if j := s + int(t.Off) + i; src[j] == m[at+i] {
						dsrc[j] += g[at+i]
						break
					}
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
		p[i%Lanes] += v * y[i]
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
	var s [Lanes]float32
	for i, v := range x {
		s[i%Lanes] += v
	}
	mean = Fold(s[:], 0) / float32(len(x))
	s = [Lanes]float32{}
	for i, v := range x {
		v -= mean
		s[i%Lanes] += v * v
	}
	return mean, Fold(s[:], 0)
}

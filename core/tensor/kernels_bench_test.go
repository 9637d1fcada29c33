package tensor

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkKernels times the kernels that carry the work at the shapes of a search, SIMD and plain.
// The SIMD twin far below the plain one's speed is the sign of scalar SSE moves between 256-bit code.
func BenchmarkKernels(b *testing.B) {
	mem := make([]float32, 1<<22)
	for i := range mem {
		mem[i] = float32(i%7) - 3
	}
	w := make([]float32, 64)
	acc := make([]float32, 64*Lanes)
	window := func(k int) []Tap {
		var taps []Tap
		for i := range k * k {
			taps = append(taps, Tap{int32(i/k*512 + i%k*16), int32(i)})
		}
		return taps
	}
	rows := func(n int) []Tap {
		var taps []Tap
		for i := range n {
			taps = append(taps, Tap{int32(i * (4096 + 16)), int32(i)})
		}
		return taps
	}
	const dst = 1 << 21
	for _, c := range []struct {
		name string
		r    Region
		taps []Tap
	}{
		{"depthwise5/inner", Region{Dst: dst, Rows: 28, DstRow: 512, SrcRow: 512, Cols: 1, Run: 448}, window(5)},
		{"depthwise3/inner", Region{Dst: dst, Rows: 30, DstRow: 512, SrcRow: 512, Cols: 1, Run: 480}, window(3)},
		{"depthwise5/border", Region{Dst: dst, Rows: 28, DstRow: 512, SrcRow: 512, Cols: 1, Run: 16}, window(5)[:20]},
		{"depthwise5/corner", Region{Dst: dst, Rows: 1, Cols: 1, Run: 16}, window(3)},
		{"pointwise4", Region{Dst: dst, Rows: 1, Cols: 1, Run: 256}, rows(4)},
		{"pointwise16", Region{Dst: dst, Rows: 1, Cols: 1, Run: 256}, rows(16)},
		{"pointwise64", Region{Dst: dst, Rows: 1, Cols: 1, Run: 256}, rows(64)},
	} {
		p := compile([]segment{{c.r, c.taps}})
		flop := 2 * float64(c.r.Rows*c.r.Cols*c.r.Run*len(c.taps))
		for _, simd := range []bool{true, false} {
			if simd && !useSIMD {
				continue
			}
			sum, dot := sumStripsGo, dotStripsGo
			if simd {
				sum, dot = sumSIMD, dotSIMD
			}
			b.Run(fmt.Sprintf("Sum/%s/simd=%v", c.name, simd), func(b *testing.B) {
				for b.Loop() {
					sum(mem, 0, 0, p.wide, p.taps, w, 0, NoFloor, false)
				}
				b.ReportMetric(flop*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
			b.Run(fmt.Sprintf("Dot/%s/simd=%v", c.name, simd), func(b *testing.B) {
				for b.Loop() {
					dot(acc, mem, 0, 0, p.groups, p.taps)
				}
				b.ReportMetric(flop*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
	for _, n := range []int{4, 16, 64} { // channels in and out
		const width = 256
		taps, w, acc := rows(n), make([]float32, n*n), make([]float32, n*n*Lanes)
		whole := []strip{{count: width / Lanes, ds: Lanes, ss: Lanes, ntaps: int32(n), unit: Lanes}}
		each := func(f func(r, at int)) func() {
			return func() {
				for r := range n {
					f(r, dst+r*(width+16))
				}
			}
		}
		for _, k := range []struct {
			name string
			f    func()
		}{
			{"Product/%d/simd=true", func() { Product(mem, dst, width+16, n, 0, width, taps, w, n) }},
			{"Product/%d/simd=false", each(func(r, at int) { sumStripsGo(mem, at, 0, whole, taps, w[r*n:], 0, NoFloor, false) })},
			{"Outer/%d/simd=true", func() { Outer(acc, n, mem, dst, width+16, n, 0, width, taps) }},
			{"Outer/%d/simd=false", each(func(r, at int) { dotStripsGo(acc[r*n*Lanes:], mem, at, 0, whole, taps) })},
		} {
			if !useSIMD && strings.HasSuffix(k.name, "true") {
				continue
			}
			b.Run(fmt.Sprintf(k.name, n), func(b *testing.B) {
				for b.Loop() {
					k.f()
				}
				b.ReportMetric(2*width*float64(n*n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

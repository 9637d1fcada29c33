package tensor

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestRows checks windows by rows against their plain forms and, but for the order in which Dot adds, against strips.
func TestRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := Window{K: rapid.SampledFrom([]int{3, 5}).Draw(t, "k"), Stride: 1, Dilation: rapid.IntRange(1, 2).Draw(t, "dilation")}
		w.Pad = w.Dilation * (w.K - 1) / 2
		h, wd := rapid.IntRange(1, 9).Draw(t, "h"), rapid.SampledFrom([]int{4, 8, 16, 24}).Draw(t, "w")
		n := h * wd * Chunk
		mem, kernel := make([]float32, 5*n), make([]float32, w.K*w.K)
		seed := rapid.Uint32().Draw(t, "seed")
		for _, s := range [][]float32{mem, kernel} {
			for i := range s {
				seed = seed*1664525 + 1013904223
				s[i] = float32(int32(seed>>8)-1<<23) / (1 << 22)
			}
		}
		add := rapid.Bool().Draw(t, "add")
		copy(mem[3*n:4*n], mem[2*n:]) // all forms add to the same
		copy(mem[4*n:], mem[2*n:])
		forward, backward := w.Conv(h, wd, Chunk)
		for _, p := range []*Plan{forward, backward} {
			p.Sum(mem, 2*n, 0, kernel, add)
			p.rows.sumGo(mem, 3*n, 0, kernel, add)
			sumStrips(mem, 4*n, 0, p.wide, p.taps, kernel, 0, NoFloor, add)
			same(t, "Sum", mem[2*n:3*n], mem[3*n:4*n])
			same(t, "Sum by strips", mem[2*n:3*n], mem[4*n:])
		}
		acc := make([][]float32, 3)
		for i := range acc {
			acc[i] = slices.Repeat([]float32{1}, len(kernel)*Lanes)
		}
		forward.Dot(acc[0], mem, 0, n)
		forward.rows.dotGo(acc[1], mem, 0, n)
		same(t, "Dot", acc[0], acc[1])
		dotStrips(acc[2], mem, 0, n, forward.groups, forward.taps)
		for i := range kernel {
			if x, y := Fold(acc[0], i), Fold(acc[2], i); math.Abs(float64(x-y)) > 1e-3*float64(h) {
				t.Fatalf("Dot: tap %d has %v, by strips %v", i, x, y)
			}
		}
	})
}

// BenchmarkRows times windows by rows, as they are chosen here and in their plain forms.
func BenchmarkRows(b *testing.B) {
	for _, c := range []struct{ size, k, dilation int }{{32, 3, 1}, {32, 5, 1}, {32, 5, 2}, {8, 5, 1}, {4, 5, 1}} {
		w := Window{K: c.k, Stride: 1, Dilation: c.dilation, Pad: c.dilation * (c.k - 1) / 2}
		f, _ := w.Conv(c.size, c.size, Chunk)
		n := c.size * c.size * Chunk
		mem, kernel, acc := make([]float32, 2*n), make([]float32, c.k*c.k), make([]float32, c.k*c.k*Lanes)
		for i := range mem {
			mem[i] = float32(i%7) - 3
		}
		macs := 0
		for _, s := range f.segments {
			macs += s.Rows * s.Cols * s.Run * len(s.taps)
		}
		for _, form := range []struct {
			name string
			run  func()
		}{
			{"Sum/simd=true", func() { f.Sum(mem, 0, n, kernel, false) }},
			{"Sum/simd=false", func() { f.rows.sumGo(mem, 0, n, kernel, false) }},
			{"Dot/simd=true", func() { f.Dot(acc, mem, 0, n) }},
			{"Dot/simd=false", func() { f.rows.dotGo(acc, mem, 0, n) }},
		} {
			b.Run(fmt.Sprintf("window%d/dilation%d/size%d/%s", c.k, c.dilation, c.size, form.name), func(b *testing.B) {
				for b.Loop() {
					form.run()
				}
				b.ReportMetric(2*float64(macs)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

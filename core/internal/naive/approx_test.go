package naive

import (
	"encoding/json"
	"testing"

	"hlrslab/core/approx"
	"hlrslab/core/internal/golden"
	"hlrslab/core/tensor"
)

// TestCodedAgainstReference takes each of the reference's convolutions through each of its tables, and back.
func TestCodedAgainstReference(t *testing.T) {
	f := golden.Open(t, "approx.safetensors")
	type geometry struct{ Stride, Pad, Dilation, Groups int }
	var cases map[string]geometry
	var tables []string
	for name, v := range map[string]any{"geometry": &cases, "tables_used": &tables} {
		if err := json.Unmarshal([]byte(f.Meta[name]), v); err != nil {
			t.Fatal(err)
		}
	}
	for name, g := range cases {
		f := f.Under("conv/" + name)
		x, w, dy := f.Get("x"), f.Get("w"), f.Get("dy")
		n, in, h, width := x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]
		out, own, k := w.Shape[0], w.Shape[1], w.Shape[2]
		planes := func(v []float32, channels int) (all [][]float64) {
			size := len(v) / n / channels
			for c := range channels {
				p := make([]float64, size*n)
				for i := range p {
					p[i] = float64(v[(i%n*channels+c)*size+i/n])
				}
				all = append(all, p)
			}
			return all
		}
		flat := func(all [][]float64) (v []float32) {
			size := len(all[0]) / n
			for i := range n {
				for _, p := range all {
					for j := range size {
						v = append(v, float32(p[j*n+i]))
					}
				}
			}
			return v
		}
		reads := windowReads(tensor.Window{K: k, Stride: g.Stride, Dilation: g.Dilation, Pad: g.Pad}, h, width)
		c := coded{channels: out, pixels: len(reads), n: n, taps: func(o, pixel int) (list []codedTap) {
			for c := range own {
				for tap, from := range reads[pixel] {
					list = append(list, codedTap{o/(out/g.Groups)*own + c, from, (o*own+c)*k*k + tap})
				}
			}
			return list
		}}
		ends := func(name string) approx.Quantised {
			r := f.Get(name).Values
			return approx.Quantise(r[0], r[1])
		}
		c.in, c.weight = ends("x_range"), ends("w_range")
		for _, table := range tables {
			m, err := approx.Parse(table)
			if err != nil {
				t.Fatal(err)
			}
			c.table = m.Table()
			var sums [][]float64
			for _, row := range c.sums(planes(x.Values, in), w.Values) {
				own := make([]float64, len(row))
				for i, v := range row {
					own[i] = float64(v)
				}
				sums = append(sums, own)
			}
			f.Near(table+"/acc", flat(sums), 0)
			f.Near(table+"/y", flat(c.forward(planes(x.Values, in), w.Values)), 1e-6)
		}
		dw := make([]float32, len(w.Values))
		dx := c.backward(planes(x.Values, in), w.Values, planes(dy.Values, out), func(weight int, v float64) { dw[weight] += float32(v) })
		f.Near("dx", flat(dx), 1e-5)
		f.Near("dw", dw, 1e-5)
	}
}

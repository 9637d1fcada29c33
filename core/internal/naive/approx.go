package naive

import (
	"hlrslab/core/approx"
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// codedTap is one product of an output element: an input channel, its pixel, or -1 outside the map, and a weight.
type codedTap struct{ channel, from, weight int }

// coded is a convolution of 8-bit numbers: taps lists the products of each pixel of an output channel. Planes are pixels × n.
type coded struct {
	table    *approx.Table
	in       approx.Quantised
	weight   approx.Quantised
	channels int
	pixels   int
	taps     func(channel, pixel int) []codedTap
	n        int
}

// sums are the whole numbers that outputs are.
func (c *coded) sums(x [][]float64, w []float32) [][]int {
	out := make([][]int, c.channels)
	ox, ow := int(c.in.Zero), int(c.weight.Zero)
	for o := range out {
		out[o] = make([]int, c.pixels*c.n)
		for pixel := range c.pixels {
			for _, t := range c.taps(o, pixel) {
				qw := c.weight.Code(w[t.weight])
				for i := range c.n {
					qx := c.in.Zero
					if t.from >= 0 {
						qx = c.in.Code(float32(x[t.channel][t.from*c.n+i]))
					}
					out[o][pixel*c.n+i] += int(c.table[qx][qw]) - ow*int(qx) - ox*int(qw) + ox*ow
				}
			}
		}
	}
	return out
}

func (c *coded) forward(x [][]float64, w []float32) [][]float64 {
	out := make([][]float64, c.channels)
	for o, sums := range c.sums(x, w) {
		for _, v := range sums {
			out[o] = append(out[o], float64(c.in.Scale*c.weight.Scale*float32(v))) // as it is: the next codes depend on it
		}
	}
	return out
}

// backward returns the gradient of the inputs, and calls grad with that of a weight.
func (c *coded) backward(x [][]float64, w []float32, dy [][]float64, grad func(weight int, v float64)) [][]float64 {
	dx := make([][]float64, len(x))
	for ch := range x {
		dx[ch] = make([]float64, len(x[ch]))
	}
	for o := range dy {
		for pixel := range c.pixels {
			for _, t := range c.taps(o, pixel) {
				if t.from < 0 {
					continue
				}
				var dw float64
				v := float64(c.weight.Value(c.weight.Code(w[t.weight])))
				for i := range c.n {
					at, g := t.from*c.n+i, dy[o][pixel*c.n+i]
					from := float32(x[t.channel][at])
					dw += g * float64(c.in.Value(c.in.Code(from)))
					if c.in.Within(from) {
						dx[t.channel][at] += g * v
					}
				}
				if c.weight.Within(w[t.weight]) {
					grad(t.weight, dw)
				}
			}
		}
	}
	return dx
}

// rangeOf is the codes of all values.
func rangeOf(planes ...[]float64) approx.Quantised {
	r := approx.Empty()
	for _, p := range planes {
		for _, v := range p {
			r = r.With(approx.Range{Low: float32(v), High: float32(v)})
		}
	}
	return approx.Quantise(r.Low, r.High)
}

// codedConv is a Conv's window, if it has one, then the matrices of its parts: each convolution with its weights' place, what it reads, and
// its first output channel.
type codedConv struct {
	*coded
	place, row int
	x          [][]float64
}

func (e *Executor) convs(c *nn.Conv) (all []codedConv) {
	n, table := e.p.Batch, c.Multiplier.Table()
	var x [][]float64
	var h, w int
	for ch := range c.Inputs {
		var in []float64
		in, h, w = e.input(c, ch)
		x = append(x, in)
	}
	add := func(channels, place, weights, row int, taps func(channel, pixel int) []codedTap) *coded {
		k := &coded{table: table, in: rangeOf(x...), channels: channels, pixels: c.H * c.W, taps: taps, n: n}
		k.weight = rangeOf(wide(e.pass.Weights[place:][:weights]))
		all = append(all, codedConv{k, place, row, x})
		return k
	}
	for i := range c.Parts {
		p := &c.Parts[i]
		views := p.Views
		if p.Kernel > 0 {
			reads := windowReads(views[0].Window, h, w)
			k := add(c.Inputs, p.Depthwise, c.Inputs*p.Kernel, -1, func(ch, pixel int) (out []codedTap) {
				for t, from := range reads[pixel] {
					out = append(out, codedTap{ch, from, ch*p.Kernel + t})
				}
				return out
			})
			x, views = k.forward(x, e.pass.Weights[p.Depthwise:]), nil
		}
		reads := [][]int{nil}
		for pixel := range c.H * c.W {
			reads[0] = append(reads[0], pixel)
		}
		for v := range views {
			own := make([]int, c.H*c.W)
			for pixel, list := range selected(views[v], h, w) {
				if own[pixel] = -1; len(list) > 0 {
					own[pixel] = list[0].from
				}
			}
			if reads = append(reads, own); v == 0 {
				reads = reads[1:]
			}
		}
		add(p.Rows, p.Pointwise, p.Rows*p.Columns, p.Row, func(row, pixel int) (out []codedTap) {
			for col := range p.Columns {
				out = append(out, codedTap{col / len(reads), reads[col%len(reads)][pixel], row*p.Columns + col})
			}
			return out
		})
	}
	return all
}

// windowReads are the reads of all of a window's taps, of which some may be outside the map.
func windowReads(w tensor.Window, h, width int) (out [][]int) {
	for _, list := range taps(w, h, width) {
		reads := make([]int, w.K*w.K)
		for k := range reads {
			reads[k] = -1
		}
		for _, t := range list {
			reads[t.k] = t.from
		}
		out = append(out, reads)
	}
	return out
}

func wide(v []float32) []float64 {
	out := make([]float64, len(v))
	widen(out, v)
	return out
}

func (e *Executor) codedConv(c *nn.Conv) {
	for _, k := range e.convs(c) {
		if k.row < 0 {
			continue // the next one reads it
		}
		for o, y := range k.forward(k.x, e.pass.Weights[k.place:]) {
			copy(e.plane(e.x, c.Out, k.row+o), y)
		}
	}
	e.measure(c.Norm)
}

func (e *Executor) codedConvBack(c *nn.Conv) {
	all := e.convs(c)
	back := func(k codedConv, dy [][]float64) [][]float64 {
		return k.backward(k.x, e.pass.Weights[k.place:], dy, func(weight int, v float64) { e.grad(k.place+weight, v) })
	}
	dx := make([][]float64, c.Inputs)
	for i, k := range all {
		if k.row < 0 {
			continue
		}
		var dy [][]float64
		for o := range k.channels {
			dy = append(dy, e.plane(e.d, c.Out, k.row+o))
		}
		own := back(k, dy)
		if i > 0 && all[i-1].row < 0 {
			own = back(all[i-1], own)
		}
		for ch, d := range own {
			if dx[ch] == nil {
				dx[ch] = make([]float64, len(d))
			}
			for j, v := range d {
				dx[ch][j] += v
			}
		}
	}
	for ch, d := range dx {
		e.inputBack(c, ch, d)
	}
}

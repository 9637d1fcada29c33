package naive

import (
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// tap is one element that a window's or a selection's output element reads: tap number k of it.
type tap struct{ k, from int }

// taps are the reads of each output pixel of a window on an h × w plane.
func taps(w tensor.Window, h, width int) [][]tap {
	var out [][]tap
	for y := range w.Out(h) {
		for x := range w.Out(width) {
			var reads []tap
			for k := range w.K * w.K {
				sy, sx := y*w.Stride-w.Pad+k/w.K*w.Dilation, x*w.Stride-w.Pad+k%w.K*w.Dilation
				if sy >= 0 && sy < h && sx >= 0 && sx < width {
					reads = append(reads, tap{k, sy*width + sx})
				}
			}
			out = append(out, reads)
		}
	}
	return out
}

// selected are the reads of a selection.
func selected(v nn.View, h, w int) [][]tap {
	var out [][]tap
	for y := range v.Y.Out {
		for x := range v.X.Out {
			sy, sx := v.Y.Stride*y+v.Y.Off, v.X.Stride*x+v.X.Off
			if sy >= 0 && sy < h && sx >= 0 && sx < w {
				out = append(out, []tap{{0, sy*w + sx}})
			} else {
				out = append(out, nil)
			}
		}
	}
	return out
}

func (e *Executor) stem(s *nn.Stem) {
	reads, n, kk := taps(s.Window, s.In.H, s.In.W), e.p.Batch, s.Window.K*s.Window.K
	for o := range s.Out.C {
		out := e.plane(e.x, s.Out, o)
		clear(out)
		for c := range s.In.C {
			in := e.plane(e.x, s.In, c)
			for p, list := range reads {
				for _, t := range list {
					w := float64(e.pass.Weights[s.Weights+o*s.Fan+c*kk+t.k])
					for i := range n {
						out[p*n+i] += w * in[t.from*n+i]
					}
				}
			}
		}
	}
	e.measure(s.Norm)
}

func (e *Executor) stemBack(s *nn.Stem) {
	reads, n, kk := taps(s.Window, s.In.H, s.In.W), e.p.Batch, s.Window.K*s.Window.K
	for o := range s.Out.C {
		d := e.plane(e.d, s.Out, o)
		for c := range s.In.C {
			in := e.plane(e.x, s.In, c)
			for p, list := range reads {
				for _, t := range list {
					var sum float64
					for i := range n {
						sum += d[p*n+i] * in[t.from*n+i]
					}
					e.grad(s.Weights+o*s.Fan+c*kk+t.k, sum)
				}
			}
		}
	}
}

// input is what a Conv reads of channel c, and the shape of it.
func (e *Executor) input(c *nn.Conv, ch int) (x []float64, h, w int) {
	if c.Before == nil {
		from := c.From[ch]
		m := from.Node.ReLU
		return e.plane(e.x, m, from.Channel), m.H, m.W
	}
	m := c.Before.Out
	x = e.normal(m, c.Before.Norm, ch)
	if c.Before.Norm != nil {
		for i, v := range x {
			x[i] = max(v, 0)
		}
	}
	return x, m.H, m.W
}

// inputBack takes on the gradient of what input returned.
func (e *Executor) inputBack(c *nn.Conv, ch int, d []float64) {
	if c.Before == nil {
		to := e.plane(e.d, c.From[ch].Node.ReLU, c.From[ch].Channel)
		for i, v := range d {
			to[i] += v
		}
		return
	}
	if c.Before.Norm != nil {
		for i, v := range e.normal(c.Before.Out, c.Before.Norm, ch) {
			if v <= 0 {
				d[i] = 0
			}
		}
	}
	e.denormal(c.Before.Out, c.Before.Norm, ch, d)
}

// views calls f for each view of channel ch of a part: its number, what its pixels read, and the factor of tap t of pixel p,
// whose weight, if it learns, is at a place.
func (e *Executor) views(c *nn.Conv, p *nn.Part, ch, h, w int, f func(view int, reads [][]tap, factor func(pixel int, t tap) (v float64, place int))) {
	if len(p.Views) == 0 {
		f(0, selected(nn.View{Y: tensor.Axis{Stride: 1, Out: h}, X: tensor.Axis{Stride: 1, Out: w}}, h, w), func(int, tap) (float64, int) { return 1, -1 })
	}
	for i, v := range p.Views {
		reads := selected(v, h, w)
		factor := func(int, tap) (float64, int) { return 1, -1 }
		switch v.Kind {
		case nn.Windowed:
			reads = taps(v.Window, h, w)
			factor = func(_ int, t tap) (float64, int) {
				at := p.Depthwise + ch*p.Kernel + t.k
				return float64(e.pass.Weights[at]), at
			}
		case nn.Mean:
			reads = taps(v.Window, h, w)
			factor = func(pixel int, _ tap) (float64, int) { return 1 / float64(len(reads[pixel])), -1 }
		}
		f(i, reads, factor)
	}
}

func (e *Executor) conv(c *nn.Conv) {
	if e.weight(c.Weight) == 0 {
		return
	}
	if c.Multiplier != nil {
		e.codedConv(c)
		return
	}
	n := e.p.Batch
	clear(e.x[c.Out.ID])
	for i := range c.Parts {
		p := &c.Parts[i]
		for ch := range c.Inputs {
			in, h, w := e.input(c, ch)
			e.views(c, p, ch, h, w, func(view int, reads [][]tap, factor func(int, tap) (float64, int)) {
				for pixel, list := range reads {
					for _, t := range list {
						v, _ := factor(pixel, t)
						for row := range p.Rows {
							out := e.plane(e.x, c.Out, p.Row+row)
							w := v * float64(e.pass.Weights[p.Pointwise+row*p.Columns+ch*max(1, len(p.Views))+view])
							for i := range n {
								out[pixel*n+i] += w * in[t.from*n+i]
							}
						}
					}
				}
			})
		}
	}
	e.measure(c.Norm)
}

func (e *Executor) convBack(c *nn.Conv) {
	if e.weight(c.Weight) == 0 {
		return
	}
	if c.Multiplier != nil {
		e.codedConvBack(c)
		return
	}
	n := e.p.Batch
	for i := range c.Parts {
		p := &c.Parts[i]
		for ch := range c.Inputs {
			in, h, w := e.input(c, ch)
			d := make([]float64, len(in))
			e.views(c, p, ch, h, w, func(view int, reads [][]tap, factor func(int, tap) (float64, int)) {
				for pixel, list := range reads {
					for _, t := range list {
						v, place := factor(pixel, t)
						for row := range p.Rows {
							at := p.Pointwise + row*p.Columns + ch*max(1, len(p.Views)) + view
							w, out := float64(e.pass.Weights[at]), e.plane(e.d, c.Out, p.Row+row)
							var sum float64
							for i := range n {
								d[t.from*n+i] += w * v * out[pixel*n+i]
								sum += in[t.from*n+i] * out[pixel*n+i]
							}
							e.grad(at, v*sum)
							if place >= 0 {
								e.grad(place, w*sum)
							}
						}
					}
				}
			})
			e.inputBack(c, ch, d)
		}
	}
}

package cpu

import (
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// stripColumns is the width of the strips in which products run, so that a strip stays in cache.
const stripColumns = 256

// view is a window's plan for each channel, and its gradient's.
type view struct{ forward, backward [2]*tensor.Plan }

type part struct {
	*nn.Part
	views []view    // made where they are needed, in a worker's scratch
	fixed []float32 // weights of the views where they do not learn
}

type conv struct {
	*nn.Conv
	b      *branch
	before *conv
	parts  []part
	window nn.FeatureMap // the shape of a view
	norm   *norm
	tiled  *tiled // as full chunks run where they can
	coded  *coded // as it is with a multiplier
	nodes  []*node
	extent *extent // of the output as it is read; nil if nobody asks

	// Tasks of a chunk, each of some of the outputs and, backwards, of the inputs: they change no bits.
	forwardParts, backwardParts int
}

func newConv(b *branch, op *nn.Conv, made map[nn.Op]any) *conv {
	c := &conv{Conv: op, b: b, forwardParts: 1, backwardParts: 1, norm: b.newNorm(op.Norm, op.Out), window: nn.FeatureMap{C: op.Inputs, H: op.H, W: op.W}}
	if op.Before != nil {
		c.before = made[op.Before].(*conv)
	}
	for _, n := range op.In {
		c.nodes = append(c.nodes, made[n].(*node))
	}
	in := c.inputMap()
	for i := range op.Parts {
		p := part{Part: &op.Parts[i]}
		views := p.Views
		if len(views) == 0 && op.Multiplier != nil { // which reads codes, not the channels
			views = []nn.View{{Kind: nn.Selection, Y: tensor.Axis{Stride: 1, Out: in.H}, X: tensor.Axis{Stride: 1, Out: in.W}}}
		}
		for _, v := range views {
			var own view
			own.forward, own.backward = b.plans(func(images int) (forward, backward *tensor.Plan) {
				switch v.Kind {
				case nn.Windowed:
					return v.Window.Conv(in.H, in.W, images)
				case nn.Mean:
					forward, backward, p.fixed = v.Window.Mean(in.H, in.W, images)
					return forward, backward
				}
				p.fixed = one
				return tensor.Select(v.Y, v.X, in.H, in.W, images)
			})
			p.views = append(p.views, own)
		}
		c.parts = append(c.parts, p)
	}
	c.tiled, c.coded = newTiled(c), newCoded(c)
	for _, p := range c.parts {
		b.maxRows = max(b.maxRows, op.Out.C, p.Columns)
		b.maxAcc = max(b.maxAcc, p.Rows*p.Columns, p.Kernel)
		if c.tiled != nil {
			if b.short >= 0 {
				b.maxWindow = max(b.maxWindow, p.Columns*b.plane(c.window, b.short))
			}
		} else if p.views == nil {
			b.maxWindow = max(b.maxWindow, p.Columns*(stripColumns+planePad))
		} else {
			b.maxWindow = max(b.maxWindow, p.Columns*b.plane(c.window, 0))
		}
	}
	return c
}

// inputMap is the shape of what the Conv reads.
func (c *conv) inputMap() nn.FeatureMap {
	if c.Before != nil {
		return c.Before.Out
	}
	return c.In[0].Sum
}

func (c *conv) splitForward(parts int) int {
	c.forwardParts = max(1, min(parts, c.Out.C/4)) // Product takes four rows
	return c.forwardParts
}

func (c *conv) splitBackward(parts int) int {
	c.backwardParts = max(1, min(parts, c.Inputs/4))
	return c.backwardParts
}

// share is what part of n falls to one of so many tasks, in units but for the last.
func share(task, parts, n, unit int) (from, to int) {
	units := (n + unit - 1) / unit
	return min(n, task*units/parts*unit), min(n, (task+1)*units/parts*unit)
}

func (c *conv) live() bool { return c.b.live(c.Weight) }

// input is where channel ch of the ReLU input lies in chunk k, and target where its gradient goes.
func (c *conv) input(k, ch int) int  { return c.b.at(c.From[ch].Node.ReLU, k, c.From[ch].Channel) }
func (c *conv) target(k, ch int) int { return c.b.at(c.From[ch].Node.Grad, k, c.From[ch].Channel) }

// run is the end of those channels from ch on whose gradients go to planes one behind the other, all set or all added to.
func (c *conv) run(ch, end int) int {
	for to := ch + 1; to < end; to++ {
		if first, f := c.From[ch], c.From[to]; f.Node != first.Node || f.Channel != first.Channel+to-ch || c.Sets[to] != c.Sets[ch] {
			return to
		}
	}
	return end
}

// reads is the product's input of part i in chunk k as taps, of some input channels: the views, made in the worker's scratch, or the
// ReLU itself.
func (c *conv) reads(k, i, from, to, worker int) []tensor.Tap {
	if c.coded != nil {
		return c.coded.reads(k, i, from, to, worker)
	}
	b, p := c.b, &c.parts[i]
	t := b.taps1[worker][:p.Columns]
	if p.views == nil {
		for ch := from; ch < to; ch++ {
			t[ch] = tensor.Tap{Off: int32(c.input(k, ch)), W: int32(ch)}
		}
		return t[from:to]
	}
	plane := b.plane(c.window, k)
	for ch := from; ch < to; ch++ {
		src := b.plane1[worker]
		if c.before != nil {
			c.before.relu(k, ch, src)
		} else {
			src = c.input(k, ch)
		}
		for v := range p.views {
			col := ch*len(p.views) + v
			at := b.windows[worker] + col*plane
			p.views[v].forward[b.variant(k)].Sum(b.mem, at, src, c.kernel(p, ch), false)
			t[col] = tensor.Tap{Off: int32(at), W: int32(col)}
		}
	}
	return t[from*len(p.views) : to*len(p.views)]
}

// kernel is the window's weights for channel ch.
func (c *conv) kernel(p *part, ch int) []float32 {
	if p.fixed != nil {
		return p.fixed
	}
	return c.weights()[p.Depthwise+ch*p.Kernel:][:p.Kernel]
}

// weights are the pass's, or what their codes stand for.
func (c *conv) weights() []float32 {
	if c.coded != nil {
		return c.b.e.decoded
	}
	return c.b.e.pass.Weights
}

func (c *conv) forward(k, task, worker int) {
	if !c.live() {
		return
	}
	from, to := share(task, c.forwardParts, c.Out.C, 4)
	if c.tiles(k) {
		c.tiled.forward(k, from, to, worker)
	} else {
		for i := range c.parts {
			c.multiply(k, i, from, to, worker)
		}
	}
	for ch := from; ch < to; ch++ {
		c.norm.measure(k, ch)
		if c.extent != nil {
			c.extent.measure(k, ch, c.b.values(c.Out, k, ch))
		}
	}
}

// multiply makes what part i has of some output channels.
func (c *conv) multiply(k, i, from, to, worker int) {
	b, p := c.b, &c.parts[i]
	if from, to = max(from, p.Row), min(to, p.Row+p.Rows); from >= to {
		return
	}
	if c.coded != nil {
		c.coded.multiply(k, i, from, to, worker)
		return
	}
	length := b.length(c.Out, k)
	t := c.reads(k, i, 0, c.Inputs, worker)
	for col := 0; col < length; col += stripColumns {
		n := min(stripColumns, length-col)
		if next := min(stripColumns, length-col-n); next > 0 {
			for _, x := range t {
				tensor.Prefetch(b.mem, int(x.Off)+col+n, next)
			}
			for ch := from; ch < to; ch++ {
				tensor.Prefetch(b.mem, b.at(c.Out, k, ch)+col+n, next)
			}
		}
		tensor.Product(b.mem, b.at(c.Out, k, from)+col, b.plane(c.Out, k), to-from, col, n, t, b.e.pass.Weights[p.Pointwise+(from-p.Row)*p.Columns:], p.Columns)
	}
}

// tiles says whether chunk k runs by tiles.
func (c *conv) tiles(k int) bool { return c.tiled != nil && k != c.b.short }

func (c *conv) finish() {
	if !c.live() {
		return
	}
	if c.norm.finish(); c.extent != nil {
		c.extent.finish(c.norm.read)
	}
}

// relu writes the ReLU of the normalised output's channel ch of chunk k to dst, or the output itself where there is no
// BatchNorm.
func (c *conv) relu(k, ch, dst int) {
	tap := [1]tensor.Tap{}
	tensor.Sum(c.b.mem, dst, c.b.at(c.Out, k, ch), c.b.length(c.Out, k), tap[:], c.norm.scale[ch:ch+1], c.norm.shift[ch], c.norm.floor, false)
}

// backward takes the gradient of chunk k from the normalised output, in strips through the matrix to the views, in
// whose place it comes, and on to the inputs, of which a task has some.
func (c *conv) backward(k, task, worker int) {
	b := c.b
	weighting := b.e.weighting
	if c.Inert && !weighting {
		return
	}
	lo, hi := share(task, c.backwardParts, c.Inputs, 4)
	if !c.live() {
		for ch := lo; ch < min(hi, len(c.Sets)); ch++ {
			if c.Sets[ch] {
				clear(b.values(c.From[ch].Node.Grad, k, c.From[ch].Channel))
			}
		}
		return
	}
	if c.tiles(k) {
		c.tiled.backward(k, task, c.backwardParts, worker)
		return
	}
	drow := b.taps2[worker]
	acc := b.acc[worker]
	length := b.length(c.Out, k)
	tile, windows := b.tile[worker], b.windows[worker]
	plane := b.plane(c.window, k)
	for i := range c.parts {
		p := &c.parts[i]
		var taps []tensor.Tap
		views := max(1, len(p.views))
		first, columns := lo*views, (hi-lo)*views
		if weighting {
			taps = c.reads(k, i, lo, hi, worker)
			for row := range p.Rows {
				clear(acc[(row*p.Columns+first)*tensor.Lanes:][:columns*tensor.Lanes])
			}
		}
		for col := 0; col < length; col += stripColumns {
			n := min(stripColumns, length-col)
			for row := range p.Rows {
				at := tile + row*(stripColumns+planePad)
				c.norm.inputGradient(c.Grad, k, p.Row+row, at, col, n)
				drow[row] = tensor.Tap{Off: int32(at), W: int32(row * p.Columns)}
				if next := min(stripColumns, length-col-n); next > 0 {
					tensor.Prefetch(b.mem, b.at(c.Out, k, p.Row+row)+col+n, next)
					tensor.Prefetch(b.mem, b.at(c.Grad, k, p.Row+row)+col+n, next)
				}
			}
			if next := min(stripColumns, length-col-n); next > 0 && p.views == nil {
				for ch := lo; ch < hi; ch++ {
					if weighting {
						tensor.Prefetch(b.mem, c.input(k, ch)+col+n, next)
					}
					tensor.Prefetch(b.mem, c.target(k, ch)+col+n, next)
				}
			}
			if weighting {
				tensor.Outer(acc, p.Columns, b.mem, tile, stripColumns+planePad, p.Rows, col, n, taps)
			}
			w := c.weights()[p.Pointwise+first:]
			if p.views != nil {
				tensor.Product(b.mem, windows+first*plane+col, plane, columns, 0, n, drow[:p.Rows], w, 1)
				continue
			}
			for ch, next := lo, 0; ch < hi; ch = next {
				next = c.run(ch, hi)
				at, row := c.target(k, ch)+col, b.plane(c.From[ch].Node.Grad, k)
				if c.Sets[ch] {
					tensor.Product(b.mem, at, row, next-ch, 0, n, drow[:p.Rows], w[ch-lo:], 1)
				} else {
					tensor.ProductAdd(b.mem, at, row, next-ch, 0, n, drow[:p.Rows], w[ch-lo:], 1, windows)
				}
			}
		}
		if weighting {
			for row := range p.Rows {
				at := row*p.Columns + first
				fold(b.partial[k][p.Pointwise+at:][:columns], acc[at*tensor.Lanes:])
				if c.coded != nil {
					c.coded.matrices[i].stop(b, k, p.Pointwise+at, columns)
				}
			}
		}
		if p.views == nil {
			continue
		}
		for ch := lo; ch < hi; ch++ {
			if c.before != nil {
				c.middle(k, ch, worker)
			} else {
				c.scatter(p, k, ch, worker, c.input(k, ch), c.target(k, ch), !c.Sets[ch] || i > 0)
			}
		}
	}
}

// scatter takes the gradients of channel ch's views to the plane at dst, or adds them there, and stores the window's weight
// gradient; src is the plane that the views read.
func (c *conv) scatter(p *part, k, ch, worker, src, dst int, add bool) {
	if c.coded != nil {
		c.coded.scatter(p, k, ch, worker, src, dst, add)
		return
	}
	b := c.b
	for v := range p.views {
		at := b.windows[worker] + (ch*len(p.views)+v)*b.plane(c.window, k)
		p.views[v].backward[b.variant(k)].Sum(b.mem, dst, at, c.kernel(p, ch), add || v > 0)
		if b.e.weighting && p.fixed == nil {
			acc := b.acc[worker]
			clear(acc[:p.Kernel*tensor.Lanes])
			p.views[v].forward[b.variant(k)].Dot(acc, b.mem, at, src)
			fold(b.partial[k][p.Depthwise+ch*p.Kernel:][:p.Kernel], acc)
		}
	}
}

// middle takes the gradient of one channel's views back through the window and what lies between two Convs.
func (c *conv) middle(k, ch, worker int) {
	b, before := c.b, c.before
	z, dz := b.plane1[worker], b.plane2[worker]
	before.relu(k, ch, z)
	c.scatter(&c.parts[0], k, ch, worker, z, dz, false)
	c.gate(k, ch, dz)
}

// gate takes the gradient at dz of one channel that is read to that of the Conv before.
func (c *conv) gate(k, ch, dz int) {
	b, before := c.b, c.before
	sum, dot, dotX := tensor.GateRead(b.mem, b.at(before.Grad, k, ch), dz, b.at(before.Out, k, ch), b.length(before.Out, k), before.norm.reading(ch))
	if m := before.norm; m.BatchNorm != nil && m.Gamma >= 0 { // what is read is γx̂ + β, not x̂
		dot = float32((float64(dotX) - m.mean[ch]*float64(sum)) * m.inverse[ch])
	}
	before.norm.sum[k][ch], before.norm.dot[k][ch] = sum, dot
}

// passOn sets the gradient of the Conv before from its chunks' sums.
func (c *conv) passOn() {
	if !c.live() {
		return
	}
	for ch := range c.Inputs {
		var sum, dot float64
		for k := range c.b.sizes {
			sum += float64(c.before.norm.sum[k][ch])
			dot += float64(c.before.norm.dot[k][ch])
		}
		c.before.norm.back(ch, 1, sum, dot)
	}
}

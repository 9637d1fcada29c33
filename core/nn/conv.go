package nn

import (
	"slices"

	"hlrslab/core/tensor"
)

// tileColumns is the width of the strips in which products run, so that a strip stays in cache.
const tileColumns = 256

// view is a window's plan for each channel, and its gradient's.
type view struct{ forward, backward [2]*tensor.Plan }

// part is one matrix of a Conv: rows out of all views of all input channels.
type part struct {
	views     []view    // none reads the channels as they are
	fixed     []float32 // weights of the views where they do not learn
	depthwise int       // else their weights: the one view's, of every channel
	kernel    int       // and how many
	pointwise int       // weights, rows × columns
	columns   int       // views × input channels, a channel's views together
	row, rows int       // output channels
}

// Conv is a convolution's window (depthwise, fixed, or none), a 1×1 product and a
// BatchNorm: the one weighted building block of the DARTS space.
type Conv struct {
	source  []*State // channels of ReLU outputs, or
	before  *Conv    // the ReLU of a Conv's normalised output
	inputs  int
	parts   []part
	window  Map // the shape of a view, which is made where it is needed, in a worker's scratch
	product Map
	norm    *norm
	grad    Map      // upstream gradient; set by the reader
	ready   int      // forward level at which product is there
	undone  int      // backward level at which the inputs' gradient is there
	from    []*State // of each input channel, whose channel it is
	inChan  []int
	sets    []bool // whether c is the first to send that channel a gradient
	inert   bool   // no mixed operation lies before it: its gradient serves weights alone
}

// variant is which of a plan's two forms serves chunks of b images: full ones or the smaller last.
func (g *Graph) variant(k int) int {
	if g.sizes[k] == g.sizes[0] {
		return 0
	}
	return 1
}

// last is the size of the last chunk.
func (g *Graph) last() int { return g.sizes[len(g.sizes)-1] }

// both makes a view, given how to for a number of images.
func (g *Graph) both(plan func(b int) (forward, backward *tensor.Plan)) (v view) {
	for i, b := range []int{g.sizes[0], g.last()} {
		v.forward[i], v.backward[i] = plan(b)
	}
	return v
}

// Separable adds [ReLU,] depthwise window, 1×1 convolution and BatchNorm on a state. Names are those
// of the reference: prefix.opN.weight for the depthwise and opN+1 for the pointwise kernel.
func (g *Graph) Separable(dw, pw, bn string, in *State, w tensor.Window, affine bool) *Conv {
	return g.separable(g.on(in), dw, pw, bn, w, affine)
}

// Then adds the second half of a separable convolution to the first.
func (g *Graph) Then(dw, pw, bn string, first *Conv, w tensor.Window, affine bool) *Conv {
	return g.separable(g.after(first), dw, pw, bn, w, affine)
}

func (g *Graph) separable(c *Conv, dw, pw, bn string, w tensor.Window, affine bool) *Conv {
	n, h, wd := c.inputs, c.window.H, c.window.W
	p := part{kernel: w.K * w.K, depthwise: g.Store.Weights.Add(dw, w.K*w.K, n, 1, w.K, w.K)}
	p.views = []view{g.both(func(b int) (_, _ *tensor.Plan) { return w.Conv(h, wd, b) })}
	return g.finish(c, bn, w.Out(h), w.Out(wd), affine, g.matrix(c, p, pw, n, 1, 1))
}

// Pointwise adds ReLU, 1×1 convolution to out channels and BatchNorm on the concatenation of in.
func (g *Graph) Pointwise(name, bn string, in []*State, out int, affine bool) *Conv {
	c := g.on(in...)
	return g.finish(c, bn, c.window.H, c.window.W, affine, g.matrix(c, part{}, name, out, 1, 1))
}

// FactorizedReduce adds ReLU, two 1×1 convolutions with stride 2, the second shifted by one pixel,
// to half of the out channels each, and BatchNorm. The shifted one reads zeros outside an odd map.
func (g *Graph) FactorizedReduce(name1, name2, bn string, in []*State, out int, affine bool) *Conv {
	c := g.on(in...)
	h, w := (c.window.H+1)/2, (c.window.W+1)/2
	var parts []part
	for i, name := range []string{name1, name2} {
		p := part{fixed: one, row: i * (out / 2)}
		p.views = []view{g.selection(c, tensor.Axis{Off: i, Stride: 2, Out: h}, tensor.Axis{Off: i, Stride: 2, Out: w})}
		parts = append(parts, g.matrix(c, p, name, out/2, 1, 1))
	}
	return g.finish(c, bn, h, w, affine, parts...)
}

// Kernel is the geometry of a full convolution: H × W, padding on either side.
type Kernel struct{ H, W, StrideH, StrideW, PadH, PadW int }

// Full adds ReLU and a full convolution to out channels on a state; BatchNorm with affine part follows if bn names one.
func (g *Graph) Full(name, bn string, in *State, out int, f Kernel) *Conv {
	return g.full(g.on(in), name, bn, out, f)
}

// ThenFull adds such a convolution to a Conv: on the ReLU of its normalised output, or, if it has no BatchNorm, on that output.
func (g *Graph) ThenFull(name, bn string, first *Conv, out int, f Kernel) *Conv {
	return g.full(g.after(first), name, bn, out, f)
}

func (g *Graph) full(c *Conv, name, bn string, out int, f Kernel) *Conv {
	h := (c.window.H+2*f.PadH-f.H)/f.StrideH + 1
	w := (c.window.W+2*f.PadW-f.W)/f.StrideW + 1
	p := part{fixed: one}
	for y := range f.H {
		for x := range f.W {
			p.views = append(p.views, g.selection(c, tensor.Axis{Off: y - f.PadH, Stride: f.StrideH, Out: h}, tensor.Axis{Off: x - f.PadW, Stride: f.StrideW, Out: w}))
		}
	}
	return g.finish(c, bn, h, w, true, g.matrix(c, p, name, out, f.H, f.W))
}

// Pooled adds ReLU, a mean over windows without padding, a 1×1 convolution to out channels and BatchNorm with affine part.
func (g *Graph) Pooled(name, bn string, in []*State, out int, w tensor.Window) *Conv {
	c := g.on(in...)
	p := part{}
	h, wd := c.window.H, c.window.W
	p.views = []view{g.both(func(b int) (forward, backward *tensor.Plan) {
		forward, backward, p.fixed = w.Mean(h, wd, b)
		return forward, backward
	})}
	return g.finish(c, bn, w.Out(h), w.Out(wd), true, g.matrix(c, p, name, out, 1, 1))
}

func (g *Graph) selection(c *Conv, y, x tensor.Axis) view {
	h, w := c.window.H, c.window.W
	return g.both(func(b int) (_, _ *tensor.Plan) { return tensor.Select(y, x, h, w, b) })
}

// on begins a Conv that reads the ReLU of states, and after one that reads a Conv's; window is at first the shape of the input.
func (g *Graph) on(in ...*State) *Conv {
	n := channels(in)
	return &Conv{source: in, inputs: n, window: Map{C: n, H: in[0].sum.H, W: in[0].sum.W}}
}

func (g *Graph) after(first *Conv) *Conv {
	m := first.product
	first.grad = g.alloc(m.C, m.H, m.W)
	return &Conv{before: first, inputs: m.C, window: m}
}

// matrix gives a part its product, the weights of a kernel of kh × kw for each row and channel.
func (g *Graph) matrix(c *Conv, p part, name string, rows, kh, kw int) part {
	p.rows, p.columns = rows, c.inputs*max(1, len(p.views))
	p.pointwise = g.Store.Weights.Add(name, c.inputs*kh*kw, rows, c.inputs, kh, kw)
	return p
}

// finish completes a Conv of the parts with an output of h × w.
func (g *Graph) finish(c *Conv, bn string, h, w int, affine bool, parts ...part) *Conv {
	last := parts[len(parts)-1]
	c.parts = parts
	c.window.H, c.window.W = h, w
	c.product = g.alloc(last.row+last.rows, h, w)
	c.norm = g.newNorm(bn, c.product, affine)
	g.read(c)
	return c
}

func channels(in []*State) (n int) {
	for _, s := range in {
		n += s.sum.C
	}
	return n
}

// read schedules the forward pass of c and enters it with what it reads.
func (g *Graph) read(c *Conv) {
	level := 0
	if c.before != nil {
		level = c.before.ready + 1
	}
	for _, s := range c.source {
		level = max(level, s.ready+1)
		s.readBy(g, c)
		for ch := range s.sum.C {
			c.from = append(c.from, s)
			c.inChan = append(c.inChan, ch)
		}
	}
	c.inert = c.before == nil || c.before.inert
	for _, s := range c.source {
		c.inert = c.inert && s.inert
	}
	c.sets = make([]bool, len(c.from))
	for _, p := range c.parts {
		g.maxRows = max(g.maxRows, c.product.C, p.columns)
		g.maxAcc = max(g.maxAcc, p.rows*p.columns, p.kernel)
		if p.views == nil {
			g.maxWindow = max(g.maxWindow, p.columns*(tileColumns+planePad))
		} else {
			g.maxWindow = max(g.maxWindow, p.columns*c.window.plane(g.sizes[0]))
		}
		g.MACs += (p.kernel*c.inputs + p.rows*p.columns) * c.product.H * c.product.W
	}
	c.ready = level
	c.use(g, level)
	g.forward = grow(g.forward, level)
	g.forward[level].add(step{1, func(k, _, worker int) { c.forward(g, k, worker) }, func() { c.norm.finish(g) }})
}

// input is where channel ch of the ReLU input lies in chunk k.
func (c *Conv) input(g *Graph, k, ch int) int { return g.at(c.from[ch].relu, k, c.inChan[ch]) }

// use says that the product and what it is made of are used at a level.
func (c *Conv) use(g *Graph, level int) {
	g.use(c.product, level)
	for _, s := range c.source {
		g.use(s.relu, level)
	}
	if c.before != nil {
		g.use(c.before.product, level)
	}
}

// reads is the product's input of part i in chunk k as taps: the views, made in the worker's scratch, or the ReLU itself.
func (c *Conv) reads(g *Graph, k, i, worker int) []tensor.Tap {
	p := &c.parts[i]
	t := g.taps1[worker][:p.columns]
	if p.views == nil {
		for ch := range t {
			t[ch] = tensor.Tap{Off: int32(c.input(g, k, ch)), W: int32(ch)}
		}
		return t
	}
	plane := c.window.plane(g.sizes[k])
	for ch := range c.inputs {
		src := g.plane1[worker]
		if c.before != nil {
			c.before.relu(g, k, ch, src)
		} else {
			src = c.input(g, k, ch)
		}
		for v := range p.views {
			col := ch*len(p.views) + v
			at := g.windows[worker] + col*plane
			p.views[v].forward[g.variant(k)].Sum(g.mem, at, src, p.weights(g, ch), false)
			t[col] = tensor.Tap{Off: int32(at), W: int32(col)}
		}
	}
	return t
}

func (c *Conv) forward(g *Graph, k, worker int) {
	length := g.length(c.product, k)
	for i := range c.parts {
		p := &c.parts[i]
		t := c.reads(g, k, i, worker)
		for col := 0; col < length; col += tileColumns {
			n := min(tileColumns, length-col)
			tensor.Product(g.mem, g.at(c.product, k, p.row)+col, c.product.plane(g.sizes[k]), p.rows, col, n, t, g.Weights[p.pointwise:], p.columns)
		}
	}
	for ch := range c.product.C {
		c.norm.measure(g, k, ch)
	}
}

var one = []float32{1}

// weights is the window's kernel for channel ch.
func (p *part) weights(g *Graph, ch int) []float32 {
	if p.fixed != nil {
		return p.fixed
	}
	return g.Weights[p.depthwise+ch*p.kernel:][:p.kernel]
}

// relu writes the ReLU of the normalised product's channel ch of chunk k to dst, or the product itself where there is no
// BatchNorm.
func (c *Conv) relu(g *Graph, k, ch, dst int) {
	tap := [1]tensor.Tap{}
	tensor.Sum(g.mem, dst, g.at(c.product, k, ch), g.length(c.product, k), tap[:], c.norm.scale[ch:ch+1], c.norm.shift[ch], c.norm.floor, false)
}

// undo schedules the backward pass of c after level, at which its normalisation's coefficients are there.
func (c *Conv) undo(g *Graph, level int) {
	level++
	c.undone = level
	c.use(g, back(level))
	g.use(c.grad, back(level))
	b := c.before
	if b == nil {
		for _, s := range c.source {
			g.use(s.grad, back(level))
		}
		g.join(level, c)
		return
	}
	g.use(b.grad, back(level))
	g.backward = grow(g.backward, level)
	g.backward[level].add(step{1, func(k, _, worker int) { c.backward(g, k, worker) }, func() {
		for ch := range c.inputs {
			var sum, dot float64
			for k := range g.sizes {
				sum += float64(b.norm.sum[k][ch])
				dot += float64(b.norm.dot[k][ch])
			}
			b.norm.back(g, ch, 1, sum, dot)
		}
	}})
	b.undo(g, level)
}

// joint is the Convs of one backward level that send gradients to the same states: one task takes them one after the other.
type joint struct {
	level  int
	states []*State
	convs  []*Conv
}

// join enters c with those that share a state with it.
func (g *Graph) join(level int, c *Conv) {
	for _, j := range g.joints {
		if j.level == level && slices.ContainsFunc(c.source, func(s *State) bool { return slices.Contains(j.states, s) }) {
			j.states, j.convs = append(j.states, c.source...), append(j.convs, c)
			return
		}
	}
	g.joints = append(g.joints, &joint{level, slices.Clone(c.source), []*Conv{c}})
}

// schedule enters the joints' steps and says who is the first to send a state a gradient.
func (g *Graph) schedule() {
	slices.SortStableFunc(g.joints, func(a, b *joint) int { return a.level - b.level })
	seen := map[*State]bool{}
	for _, j := range g.joints {
		for _, c := range j.convs {
			for ch, s := range c.from {
				c.sets[ch] = !seen[s]
			}
			for _, s := range c.source {
				seen[s] = true
			}
		}
		g.backward = grow(g.backward, j.level)
		g.backward[j.level].add(step{1, func(k, _, worker int) {
			for _, c := range j.convs {
				c.backward(g, k, worker)
			}
		}, nil})
	}
}

// backward takes the gradient of chunk k from the normalised product, in strips through the matrix to the window's output, in
// whose place it comes, and on to the inputs.
func (c *Conv) backward(g *Graph, k, worker int) {
	if c.inert && !g.weighting {
		return
	}
	drow := g.taps2[worker]
	acc := g.acc[worker]
	length := g.length(c.product, k)
	tile, windows := g.tile[worker], g.windows[worker]
	plane := c.window.plane(g.sizes[k])
	for i := range c.parts {
		p := &c.parts[i]
		var taps []tensor.Tap
		if g.weighting {
			taps = c.reads(g, k, i, worker)
			clear(acc[:p.rows*p.columns*tensor.Lanes])
		}
		for col := 0; col < length; col += tileColumns {
			n := min(tileColumns, length-col)
			for row := range p.rows {
				at := tile + row*(tileColumns+planePad)
				c.norm.pull(g, c.grad, k, p.row+row, at, col, n)
				drow[row] = tensor.Tap{Off: int32(at), W: int32(row * p.columns)}
				if next := min(tileColumns, length-col-n); next > 0 {
					tensor.Prefetch(g.mem, g.at(c.product, k, p.row+row)+col+n, next)
					tensor.Prefetch(g.mem, g.at(c.grad, k, p.row+row)+col+n, next)
				}
			}
			if g.weighting {
				tensor.Outer(acc, p.columns, g.mem, tile, tileColumns+planePad, p.rows, col, n, taps)
			}
			w := g.Weights[p.pointwise:]
			if p.views != nil {
				tensor.Product(g.mem, windows+col, plane, p.columns, 0, n, drow[:p.rows], w, 1)
				continue
			}
			tensor.Product(g.mem, windows, tileColumns+planePad, c.inputs, 0, n, drow[:p.rows], w, 1)
			for ch := range c.inputs {
				tap := [1]tensor.Tap{{Off: int32(windows + ch*(tileColumns+planePad))}}
				tensor.Sum(g.mem, c.target(g, k, ch)+col, 0, n, tap[:], one, 0, tensor.NoFloor, !c.sets[ch])
			}
		}
		if g.weighting {
			fold(g.partial[k][p.pointwise:][:p.rows*p.columns], acc)
		}
		if p.views == nil {
			continue
		}
		for ch := range c.inputs {
			if c.before != nil {
				c.middle(g, k, ch, worker)
			} else {
				c.scatter(g, p, k, ch, worker, c.input(g, k, ch), c.target(g, k, ch), !c.sets[ch] || i > 0)
			}
		}
	}
}

// scatter takes the gradients of channel ch's views to the plane at dst, or adds them there, and stores the window's weight
// gradient; src is the plane that the views read.
func (c *Conv) scatter(g *Graph, p *part, k, ch, worker, src, dst int, add bool) {
	for v := range p.views {
		at := g.windows[worker] + (ch*len(p.views)+v)*c.window.plane(g.sizes[k])
		p.views[v].backward[g.variant(k)].Sum(g.mem, dst, at, p.weights(g, ch), add || v > 0)
		if g.weighting && p.fixed == nil {
			acc := g.acc[worker]
			clear(acc[:p.kernel*tensor.Lanes])
			p.views[v].forward[g.variant(k)].Dot(acc, g.mem, at, src)
			fold(g.partial[k][p.depthwise+ch*p.kernel:][:p.kernel], acc)
		}
	}
}

// target is where the gradient of input channel ch goes in chunk k.
func (c *Conv) target(g *Graph, k, ch int) int { return g.at(c.from[ch].grad, k, c.inChan[ch]) }

// middle takes the gradient of one channel's views back through the window and what lies between two Convs.
func (c *Conv) middle(g *Graph, k, ch, worker int) {
	z, dz := g.plane1[worker], g.plane2[worker]
	b := c.before
	b.relu(g, k, ch, z)
	at, n := g.at(b.grad, k, ch), g.length(b.product, k)
	c.scatter(g, &c.parts[0], k, ch, worker, z, dz, false)
	sum, dot := tensor.Gate(g.mem[at:at+n], g.mem[dz:dz+n], g.mem[z:z+n], b.norm.floor)
	if b.norm.gamma >= 0 { // z is γx̂ + β, not x̂
		acc := g.acc[worker][:tensor.Lanes]
		clear(acc)
		tap := [1]tensor.Tap{}
		tensor.Dot(acc, g.mem, at, g.at(b.product, k, ch), n, tap[:])
		dot = float32((float64(tensor.Fold(acc, 0)) - b.norm.mean[ch]*float64(sum)) * b.norm.inverse[ch])
	}
	b.norm.sum[k][ch], b.norm.dot[k][ch] = sum, dot
}

func (c *Conv) output() (Map, *norm)        { return c.product, c.norm }
func (c *Conv) receive(grad Map)            { c.grad = grad }
func (c *Conv) still() bool                 { return c.inert }
func (c *Conv) levels() (ready, undone int) { return c.ready, c.undone }

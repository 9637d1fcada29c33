package nn

import (
	"slices"

	"hlrslab/core/tensor"
)

// tileColumns is the width of the strips in which products run, so that a strip stays in cache.
const tileColumns = 256

// part is one matrix of a Conv: rows out of all input channels as plan reads them.
type part struct {
	depthwise         int // weights of a depthwise window, -1 if the window is a fixed selection
	forward, backward [2]*tensor.Plan
	kernel            int // taps of the window
	pointwise         int // weights, rows × inputs
	row, rows         int // output channels
}

// Conv is a convolution's window (depthwise, a fixed selection, or none), a 1×1 product and a
// BatchNorm: the one weighted building block of the DARTS space.
type Conv struct {
	source  []*State // channels of ReLU outputs, or
	before  *Conv    // the ReLU of a Conv's normalised output
	inputs  int
	parts   []part
	window  Map // the shape of the window's output, which is made where it is needed, in a worker's scratch
	product Map
	norm    *norm
	grad    Map      // upstream gradient; set by the reader
	ready   int      // forward level at which product is there
	undone  int      // backward level at which the window's gradient is there
	from    []*State // of each input channel, whose channel it is
	inChan  []int
	sets    []bool // whether c is the first to send that channel a gradient
	hasWin  bool
	inert   bool // no mixed operation lies before it: its gradient serves weights alone
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

// Separable adds [ReLU,] depthwise window, 1×1 convolution and BatchNorm on a state. Names are those
// of the reference: prefix.opN.weight for the depthwise and opN+1 for the pointwise kernel.
func (g *Graph) Separable(dw, pw, bn string, in *State, w tensor.Window, affine bool) *Conv {
	c := &Conv{source: []*State{in}, inputs: in.sum.C}
	g.separable(c, dw, pw, bn, w, in.sum.H, in.sum.W, affine)
	g.read(c)
	return c
}

// Then adds the second half of a separable convolution to the first.
func (g *Graph) Then(dw, pw, bn string, first *Conv, w tensor.Window, affine bool) *Conv {
	c := &Conv{before: first, inputs: first.product.C}
	g.separable(c, dw, pw, bn, w, first.product.H, first.product.W, affine)
	first.grad = g.alloc(c.inputs, first.product.H, first.product.W)
	g.read(c)
	return c
}

func (g *Graph) separable(c *Conv, dw, pw, bn string, w tensor.Window, h, wd int, affine bool) {
	n := c.inputs
	p := part{depthwise: g.Store.Weights.Add(dw, w.K*w.K, n, 1, w.K, w.K), kernel: w.K * w.K, rows: n}
	for i, b := range []int{g.sizes[0], g.last()} {
		p.forward[i], p.backward[i] = w.Conv(h, wd, b)
	}
	p.pointwise = g.Store.Weights.Add(pw, n, n, n, 1, 1)
	c.parts = []part{p}
	c.hasWin = true
	c.window = Map{C: n, H: w.Out(h), W: w.Out(wd)}
	c.product = g.alloc(n, w.Out(h), w.Out(wd))
	c.norm = g.newNorm(bn, c.product, affine)
}

// Pointwise adds ReLU, 1×1 convolution to out channels and BatchNorm on the concatenation of in.
func (g *Graph) Pointwise(name, bn string, in []*State, out int, affine bool) *Conv {
	c := &Conv{source: in, inputs: channels(in)}
	h, w := in[0].sum.H, in[0].sum.W
	c.parts = []part{{depthwise: -1, pointwise: g.Store.Weights.Add(name, c.inputs, out, c.inputs, 1, 1), rows: out}}
	c.window = Map{C: c.inputs, H: h, W: w}
	c.product = g.alloc(out, h, w)
	c.norm = g.newNorm(bn, c.product, affine)
	g.read(c)
	return c
}

// FactorizedReduce adds ReLU, two 1×1 convolutions with stride 2, the second shifted by one pixel,
// to half of the out channels each, and BatchNorm. The shifted one reads zeros outside an odd map.
func (g *Graph) FactorizedReduce(name1, name2, bn string, in []*State, out int, affine bool) *Conv {
	c := &Conv{source: in, inputs: channels(in), hasWin: true}
	h, w := in[0].sum.H, in[0].sum.W
	for i, name := range []string{name1, name2} {
		p := part{depthwise: -1, kernel: 1, pointwise: g.Store.Weights.Add(name, c.inputs, out/2, c.inputs, 1, 1), row: i * (out / 2), rows: out / 2}
		for v, b := range []int{g.sizes[0], g.last()} {
			p.forward[v], p.backward[v] = tensor.Select(i, h, w, b)
		}
		c.parts = append(c.parts, p)
	}
	c.window = Map{C: c.inputs, H: (h + 1) / 2, W: (w + 1) / 2}
	c.product = g.alloc(out, (h+1)/2, (w+1)/2)
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
	for i := range c.parts {
		p := &c.parts[i]
		g.maxRows = max(g.maxRows, c.product.C, c.inputs)
		g.maxAcc = max(g.maxAcc, p.rows*c.inputs, p.kernel)
		if p.depthwise >= 0 {
			g.MACs += p.kernel * c.inputs * c.window.H * c.window.W
		}
		g.MACs += p.rows * c.inputs * c.product.H * c.product.W
	}
	c.inert = c.before == nil || c.before.inert
	for _, s := range c.source {
		c.inert = c.inert && s.inert
	}
	c.sets = make([]bool, len(c.from))
	if c.hasWin {
		g.maxWindow = max(g.maxWindow, c.inputs*c.window.plane(g.sizes[0]))
	} else {
		g.maxWindow = max(g.maxWindow, c.inputs*(tileColumns+planePad))
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

// reads is the product's input of part i in chunk k as taps: the window's output, made in the worker's scratch, or the ReLU
// itself.
func (c *Conv) reads(g *Graph, k, i, worker int) []tensor.Tap {
	t := g.taps1[worker][:c.inputs]
	for ch := range t {
		at := 0
		if c.hasWin {
			at = g.windows[worker] + ch*c.window.plane(g.sizes[k])
			src := g.plane1[worker]
			if c.before != nil {
				c.before.relu(g, k, ch, src)
			} else {
				src = c.input(g, k, ch)
			}
			p := &c.parts[i]
			p.forward[g.variant(k)].Sum(g.mem, at, src, p.weights(g, ch), 0, tensor.NoFloor, false)
		} else {
			at = c.input(g, k, ch)
		}
		t[ch] = tensor.Tap{Off: int32(at), W: int32(ch)}
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
			tensor.Product(g.mem, g.at(c.product, k, p.row)+col, c.product.plane(g.sizes[k]), p.rows, col, n, t, g.Weights[p.pointwise:], c.inputs)
		}
	}
	for ch := range c.product.C {
		c.norm.measure(g, k, ch)
	}
}

var one = []float32{1}

// weights is the window's kernel for channel ch.
func (p *part) weights(g *Graph, ch int) []float32 {
	if p.depthwise < 0 {
		return one
	}
	return g.Weights[p.depthwise+ch*p.kernel:][:p.kernel]
}

// relu writes the ReLU of the normalised product's channel ch of chunk k to dst.
func (c *Conv) relu(g *Graph, k, ch, dst int) {
	tap := [1]tensor.Tap{}
	tensor.Sum(g.mem, dst, g.at(c.product, k, ch), g.length(c.product, k), tap[:], c.norm.scale[ch:ch+1], c.norm.shift[ch], 0, false)
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
			clear(acc[:p.rows*c.inputs*tensor.Lanes])
		}
		for col := 0; col < length; col += tileColumns {
			n := min(tileColumns, length-col)
			for row := range p.rows {
				at := tile + row*(tileColumns+planePad)
				c.norm.pull(g, c.grad, k, p.row+row, at, col, n)
				drow[row] = tensor.Tap{Off: int32(at), W: int32(row * c.inputs)}
			}
			if g.weighting {
				for row := range p.rows {
					tensor.Dot(acc[row*c.inputs*tensor.Lanes:], g.mem, int(drow[row].Off), col, n, taps)
				}
			}
			w := g.Weights[p.pointwise:]
			if c.hasWin {
				tensor.Product(g.mem, windows+col, plane, c.inputs, 0, n, drow[:p.rows], w, 1)
				continue
			}
			tensor.Product(g.mem, windows, tileColumns+planePad, c.inputs, 0, n, drow[:p.rows], w, 1)
			for ch := range c.inputs {
				tap := [1]tensor.Tap{{Off: int32(windows + ch*(tileColumns+planePad))}}
				tensor.Sum(g.mem, c.target(g, k, ch)+col, 0, n, tap[:], one, 0, tensor.NoFloor, !c.sets[ch])
			}
		}
		if g.weighting {
			fold(g.partial[k][p.pointwise:][:p.rows*c.inputs], acc)
		}
		for ch := range c.inputs {
			at := windows + ch*plane
			switch {
			case c.before != nil:
				c.middle(g, k, ch, worker, at)
			case c.hasWin:
				p.backward[g.variant(k)].Sum(g.mem, c.target(g, k, ch), at, p.weights(g, ch), 0, tensor.NoFloor, !c.sets[ch] || i > 0)
				c.windowGradient(g, p, k, ch, worker, at, c.input(g, k, ch))
			}
		}
	}
}

// target is where the gradient of input channel ch goes in chunk k.
func (c *Conv) target(g *Graph, k, ch int) int { return g.at(c.from[ch].grad, k, c.inChan[ch]) }

// middle takes the gradient at grad of one channel of the window's output back through the window and the ReLU between the
// halves of a separable convolution.
func (c *Conv) middle(g *Graph, k, ch, worker, grad int) {
	z, dz := g.plane1[worker], g.plane2[worker]
	b, p := c.before, &c.parts[0]
	b.relu(g, k, ch, z)
	c.windowGradient(g, p, k, ch, worker, grad, z)
	at, n := g.at(b.grad, k, ch), g.length(b.product, k)
	p.backward[g.variant(k)].Sum(g.mem, dz, grad, p.weights(g, ch), 0, tensor.NoFloor, false)
	sum, dot := tensor.Gate(g.mem[at:at+n], g.mem[dz:dz+n], g.mem[z:z+n], 0)
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

// windowGradient stores the gradient with respect to channel ch's window weights, from the
// gradient plane at grad and the input plane at src.
func (c *Conv) windowGradient(g *Graph, p *part, k, ch, worker, grad, src int) {
	if !g.weighting || p.depthwise < 0 {
		return
	}
	acc := g.acc[worker]
	clear(acc[:p.kernel*tensor.Lanes])
	p.forward[g.variant(k)].Dot(acc, g.mem, grad, src)
	fold(g.partial[k][p.depthwise+ch*p.kernel:][:p.kernel], acc)
}

package nn

import "hlrslab/core/tensor"

// Dense is a full convolution followed by BatchNorm: the stem, which reads the images.
type Dense struct {
	in, product   Map
	weights, fan  int
	taps          [2]*tensor.Plan
	norm          *norm
	grad          Map
	ready, undone int
}

// Stem adds a full convolution of the images to out channels and a BatchNorm with affine part.
func (g *Graph) Stem(name, bn string, out int, w tensor.Window) *Dense {
	in := g.Input
	d := &Dense{in: in, fan: in.C * w.K * w.K}
	d.weights = g.Store.Weights.Add(name, d.fan, out, in.C, w.K, w.K)
	d.product = g.alloc(out, w.Out(in.H), w.Out(in.W))
	d.norm = g.newNorm(bn, d.product, true)
	for i, b := range []int{g.sizes[0], g.last()} {
		plan, _ := w.Conv(in.H, in.W, b) // the same window in every input channel
		d.taps[i] = plan.Repeat(in.C, in.plane(b), w.K*w.K)
	}
	g.maxAcc = max(g.maxAcc, d.fan)
	g.MACs += d.fan * out * d.product.H * d.product.W
	g.use(d.product, 0)
	g.forward = grow(g.forward, 0)
	g.forward[0].add(step{out, func(k, ch, _ int) { d.forward(g, k, ch) }, func() { d.norm.finish(g) }})
	return d
}

func (d *Dense) output() (Map, *norm)        { return d.product, d.norm }
func (d *Dense) receive(grad Map)            { d.grad = grad }
func (d *Dense) still() bool                 { return true }
func (d *Dense) levels() (ready, undone int) { return d.ready, d.undone }

func (d *Dense) forward(g *Graph, k, ch int) {
	w := g.Weights[d.weights+ch*d.fan:][:d.fan]
	d.taps[g.variant(k)].Sum(g.mem, g.at(d.product, k, ch), g.at(d.in, k, 0), w, false)
	d.norm.measure(g, k, ch)
}

func (d *Dense) undo(g *Graph, level int) {
	out := d.product.C
	d.undone = level + 1
	g.use(d.grad, back(level+1))
	g.use(d.product, back(level+1))
	g.backward = grow(g.backward, level+1)
	g.backward[level+1].add(step{out, func(k, ch, worker int) { d.backward(g, k, ch, worker) }, nil})
}

func (d *Dense) backward(g *Graph, k, ch, worker int) {
	if !g.weighting {
		return
	}
	dp := g.plane1[worker]
	d.norm.pull(g, d.grad, k, ch, dp, 0, g.length(d.product, k))
	acc := g.acc[worker][:d.fan*tensor.Lanes]
	clear(acc)
	d.taps[g.variant(k)].Dot(acc, g.mem, dp, g.at(d.in, k, 0))
	fold(g.partial[k][d.weights+ch*d.fan:][:d.fan], acc)
}

package gpu

import (
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// Blocks of a channel that a workgroup has: of products, and of what goes by elements. See the kernels.
const (
	columns  = 256
	elements = 1024
	rowTile  = 32 // rows of a product, or channels of a transposed one
)

// Kinds of views as the kernels have them, and how a View is one.
var viewKinds = map[nn.ViewKind]int{nn.Selection: 0, nn.Windowed: 1, nn.Mean: 2}

// forward enters a level of the forward pass.
func (b *plan) forward(level []nn.Op) {
	var nodes, pools, products [][]job // of each chunk
	var finishes []job
	for _, c := range b.chunks {
		var ns, ps, cs []job
		for _, op := range level {
			switch op := op.(type) {
			case *nn.Stem:
				cs = append(cs, b.stem(c, op))
			case *nn.Conv:
				cs = append(cs, b.conv(c, op)...)
			case *nn.Node:
				if len(op.Reads) > 0 || op.ReLU.C > 0 {
					ns = append(ns, b.node(c, op))
				}
				for _, p := range op.Pools {
					ps = append(ps, b.pool(c, op, p))
				}
			}
		}
		nodes, pools, products = append(nodes, ns), append(pools, ps), append(products, cs)
	}
	for _, op := range level {
		switch op := op.(type) {
		case *nn.Stem:
			finishes = append(finishes, b.finish(op.Norm, columns, -1)...)
		case *nn.Conv:
			finishes = append(finishes, b.finish(op.Norm, columns, op.Weight)...)
		case *nn.Node:
			for _, p := range op.Pools {
				finishes = append(finishes, b.finish(p.Norm, elements, weightsOf(p)...)...)
			}
		}
	}
	for i := range b.chunks {
		b.enter(node, i, always, nodes[i])
	}
	for i := range b.chunks {
		b.enter(pool, i, always, pools[i])
	}
	for i := range b.chunks {
		b.enter(product, i, always, products[i])
	}
	b.enter(finish, 0, always, finishes)
	b.classifiers(level)
}

// source is what a matrix of a Conv reads, as kernels/source.wgsl has it.
type source struct {
	height, width, images int
	kind                  int
	window                tensor.Window
	weights               int // of the window, among the parameters
	norm                  norm
	relu                  bool
	views                 [][4]int // offset and stride on both axes
	planes                []int
}

func (s *source) words(w *words) {
	relu := 0
	if s.relu {
		relu = 1
	}
	w.add(s.height, s.width, s.images, s.kind, s.window.K, s.window.Stride, s.window.Dilation, s.window.Pad, s.weights, s.norm.at, s.norm.channels(), relu, max(1, len(s.views)), len(s.planes))
	w.add(s.planes...)
	for _, v := range s.views {
		w.add(v[:]...)
	}
}

// columns are those of the matrix that reads s, and reads how many elements each of them takes.
func (s *source) columns() int { return len(s.planes) * max(1, len(s.views)) }

func (s *source) reads() int {
	if len(s.views) > 0 {
		return 1
	}
	return s.window.K * s.window.K
}

// whole is the view of a map as it is.
var whole = [4]int{0, 1, 0, 1}

// input is the shape of what a Conv reads.
func input(c *nn.Conv) nn.FeatureMap {
	if c.Before != nil {
		return c.Before.Out
	}
	return c.In[0].Sum
}

// source is what a part of a Conv reads in a chunk.
func (b *plan) source(k *chunk, c *nn.Conv, p *nn.Part) *source {
	in := input(c)
	s := &source{height: in.H, width: in.W, images: k.n, norm: norm{at: -1}}
	if c.Before != nil {
		s.norm, s.relu = b.norm(c.Before.Norm), c.Before.Norm != nil
		for ch := range c.Inputs {
			s.planes = append(s.planes, b.at(k, in, ch))
		}
	} else {
		for _, from := range c.From {
			s.planes = append(s.planes, b.at(k, from.Node.ReLU, from.Channel))
		}
	}
	if len(p.Views) == 0 {
		s.views = [][4]int{whole}
		return s
	}
	if s.kind = viewKinds[p.Views[0].Kind]; p.Views[0].Kind != nn.Selection {
		s.window, s.weights = p.Views[0].Window, b.weight(p.Depthwise)
	}
	for _, v := range p.Views {
		switch {
		case v.Kind == nn.Selection && p.Views[0].Kind == nn.Selection:
			s.views = append(s.views, [4]int{v.Y.Off, v.Y.Stride, v.X.Off, v.X.Stride})
		case len(p.Views) > 1 || len(c.Parts) > 1:
			b.fail("the GPU has no kernel for a convolution of more than one window: use the CPU")
		}
	}
	return s
}

// stemSource is what a stem reads: its window as selections.
func (b *plan) stemSource(k *chunk, s *nn.Stem) *source {
	own := &source{height: s.In.H, width: s.In.W, images: k.n, norm: norm{at: -1}}
	for y := range s.Window.K {
		for x := range s.Window.K {
			own.views = append(own.views, [4]int{y*s.Window.Dilation - s.Window.Pad, s.Window.Stride, x*s.Window.Dilation - s.Window.Pad, s.Window.Stride})
		}
	}
	for ch := range s.In.C {
		own.planes = append(own.planes, b.at(k, s.In, ch))
	}
	return own
}

// moments is where those of a normalisation's map begin for a chunk, and how many blocks a channel has; -1 without one.
func (b *plan) moments(k *chunk, n *nn.BatchNorm, m nn.FeatureMap, size int) (at, all int) {
	before, all := b.blocks(m, size)
	if n == nil {
		return -1, all
	}
	own, ok := b.measured[n]
	if !ok {
		own = b.take(3 * m.C * all)
		b.measured[n] = own
	}
	for i, c := range b.chunks {
		if c == k {
			at = own + 3*before[i]
		}
	}
	return at, all
}

func (b *plan) stem(k *chunk, s *nn.Stem) job {
	return b.product(k, s.Out, 0, s.Out.C, -1, s.Weights, s.Norm, b.stemSource(k, s))
}

func (b *plan) conv(k *chunk, c *nn.Conv) (jobs []job) {
	if c.Multiplier != nil {
		b.fail("approximate multipliers run on the CPU alone: leave the multiplier out, or use the CPU")
	}
	for i := range c.Parts {
		p := &c.Parts[i]
		jobs = append(jobs, b.product(k, c.Out, p.Row, p.Rows, c.Weight, p.Pointwise, c.Norm, b.source(k, c, p)))
	}
	return jobs
}

// product is some rows of a map, of a matrix and what it reads.
func (b *plan) product(k *chunk, out nn.FeatureMap, row, rows, weight, matrix int, n *nn.BatchNorm, s *source) job {
	plane, inner := k.plane(out), s.columns()
	blocks := ceil(plane, columns)
	moments, all := b.moments(k, n, out, columns)
	if n != nil {
		moments += 3 * row * all
	}
	j := job{
		groups: blocks * ceil(rows, rowTile), macs: plane * (rows*inner + s.window.K*s.window.K*inner*ceil(rows, rowTile)),
		floats: plane * (rows + inner*s.reads()*ceil(rows, rowTile)),
	}
	j.words.add(b.op(weight), plane, out.W, rows, b.at(k, out, row), b.weight(matrix), inner, moments, all, blocks)
	s.words(&j.words)
	return j
}

// finish is a normalisation, of blocks of a size, for operations of the given weights.
func (b *plan) finish(n *nn.BatchNorm, size int, weights ...int) []job {
	if n == nil {
		return nil
	}
	moments, all := b.moments(b.chunks[0], n, n.X, size)
	at := b.batchAt
	if last := len(b.tracked) - 1; last >= 0 {
		at = b.tracked[last].at + 2*b.tracked[last].X.C
	}
	b.tracked = append(b.tracked, tracked{n, at, weights})
	j := job{groups: n.X.C, floats: 3 * n.X.C * all}
	j.words.add(b.norm(n).at, n.X.C, b.weight(n.Gamma), b.weight(n.Beta), b.params.running+n.Running, at, moments, all, len(weights))
	for _, w := range weights {
		j.words.add(b.op(w))
	}
	return []job{j}
}

func (b *plan) node(k *chunk, n *nn.Node) job {
	plane := k.plane(n.Sum)
	blocks := ceil(plane, elements)
	sum, relu := -1, -1
	if !n.Gated() {
		sum = b.at(k, n.Sum, 0)
	}
	if n.ReLU.C > 0 {
		relu = b.at(k, n.ReLU, 0)
	}
	j := job{groups: n.Sum.C * blocks, macs: n.Sum.C * plane * len(n.Reads), floats: n.Sum.C * plane * (len(n.Reads) + 2)}
	j.words.add(plane, k.n, sum, relu, len(n.Reads), blocks)
	for i := range n.Reads {
		r := &n.Reads[i]
		own := b.norm(r.Norm)
		j.words.add(b.op(r.Weight), b.at(k, r.Map, 0), own.at, own.channels(), b.mask(r.Drop, k), 0)
	}
	for i := range n.Reads {
		j.words.list(6+6*i+5, channels(n.Sum.C, n.Reads[i].From))
	}
	return j
}

// channels are those that f has of each of n, or nil if they are the same.
func channels(n int, f func(ch int) int) (list []int) {
	same := true
	for ch := range n {
		list = append(list, f(ch))
		same = same && f(ch) == ch
	}
	if same {
		return nil
	}
	return list
}

// weightsOf are those of a pool's readers.
func weightsOf(p *nn.Pool) (weights []int) {
	for _, u := range p.Uses {
		weights = append(weights, u.By.Reads[u.Term].Weight)
	}
	return weights
}

func (b *plan) pool(k *chunk, n *nn.Node, p *nn.Pool) job {
	plane, from, w := k.plane(p.Out), n.Sum, p.Window()
	if p.ReLU {
		from = n.ReLU
	}
	b.pools[p.Out.ID] = p
	blocks := ceil(plane, elements)
	moments, all := b.moments(k, p.Norm, p.Out, elements)
	weights := weightsOf(p)
	most := 0
	if p.Kind.Max() {
		most = 1
	}
	j := job{groups: p.Out.C * blocks, macs: p.Out.C * plane * w.K * w.K, floats: p.Out.C * plane * (w.K*w.K + 1)}
	j.words.add(plane, p.Out.W, k.n, n.Sum.H, n.Sum.W, b.at(k, p.Out, 0), b.at(k, from, 0), most, w.K, w.Stride, w.Pad, moments, all, blocks, len(weights))
	for _, at := range weights {
		j.words.add(b.op(at))
	}
	return j
}

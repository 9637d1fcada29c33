package gpu

import (
	"hlrslab/core/nn"
)

// sender is what a convolution sends back to one that it reads, or to a node.
type sender struct {
	conv   *nn.Conv
	kind   int
	at     int  // its views' gradient, or its input's, in scratch
	within int  // its channels before those of the node
	sets   bool // whether it is the first
}

// tile is the rows and columns of a matrix's gradient that a workgroup has.
const tile = 16

// share is how many pixels of a matrix's gradient a workgroup adds up, at least.
const share = 4096

// backward enters a level of the backward pass.
func (b *plan) backward(level []nn.Op) {
	var convs []*nn.Conv
	var terms, befores []job
	for _, op := range level {
		switch op := op.(type) {
		case *nn.Conv:
			convs = append(convs, op)
		case *nn.GradientGroup:
			convs = append(convs, op.Convs...)
		}
	}
	var all [kinds][][]job // of each chunk
	for _, k := range b.chunks {
		var of [kinds][]job
		for _, op := range level {
			switch op := op.(type) {
			case *nn.Node:
				blends := map[*nn.Pool]int{}
				for _, p := range op.Pools {
					var j job
					j, blends[p] = b.blend(k, op, p)
					of[blend] = append(of[blend], j)
				}
				of[gather] = append(of[gather], b.gather(k, op, blends))
			case *nn.Stem:
				of[matrix] = append(of[matrix], b.matrix(k, op.Out, 0, op.Out.C, -1, op.Weights, op.Grad, op.Norm, b.stemSource(k, op)))
			}
		}
		var nodes []*nn.Node
		senders := map[*nn.Node][]sender{}
		for _, c := range convs {
			j, at := b.back(k, c)
			of[back] = append(of[back], j)
			for i := range c.Parts {
				p := &c.Parts[i]
				s := b.source(k, c, p)
				of[matrix] = append(of[matrix], b.matrix(k, c.Out, p.Row, p.Rows, c.Weight, p.Pointwise, c.Grad, c.Norm, s))
				if p.Kernel > 0 {
					of[window] = append(of[window], b.window(k, c, p, at, s))
				}
			}
			own := sender{conv: c, at: at}
			if v := c.Parts[0].Views; len(v) > 0 {
				own.kind = viewKinds[v[0].Kind]
			}
			if c.Before != nil {
				of[send] = append(of[send], b.sendBefore(k, own))
				continue
			}
			for _, n := range c.In {
				if senders[n] == nil {
					nodes = append(nodes, n)
				}
				own.sets = c.Sets[own.within]
				senders[n] = append(senders[n], own)
				own.within += n.Sum.C
			}
		}
		for _, n := range nodes {
			of[send] = append(of[send], b.send(k, n, senders[n]))
		}
		for i := range of {
			all[i] = append(all[i], of[i])
		}
	}
	for _, op := range level {
		if n, ok := op.(*nn.Node); ok {
			terms = append(terms, b.terms(n)...)
		}
	}
	for _, c := range convs {
		if c.Before != nil && c.Before.Norm != nil {
			befores = append(befores, b.termBefore(c.Before))
		}
	}
	for _, s := range []struct {
		kind kind
		when when
	}{{blend, backing}, {back, backing}, {gather, backing}, {matrix, backing | learning}, {window, backing | learning}, {send, backing}} {
		for i := range b.chunks {
			b.enter(s.kind, i, s.when, all[s.kind][i])
		}
	}
	b.enter(term, 0, backing, append(terms, befores...))
}

// blend is the gradient of a pool's output, and where it is in scratch.
func (b *plan) blend(k *chunk, n *nn.Node, p *nn.Pool) (j job, at int) {
	plane := k.plane(p.Out)
	blocks := ceil(plane, elements)
	at = k.borrow(p.Out.C * plane)
	j = job{groups: p.Out.C * blocks, macs: p.Out.C * plane * (len(p.Uses) + 1), floats: p.Out.C * plane * (len(p.Uses) + 2)}
	j.words.add(plane, at, b.at(k, p.Out, 0), p.Out.C, len(p.Uses), blocks)
	for _, u := range p.Uses {
		r := &u.By.Reads[u.Term]
		j.words.add(b.op(r.Weight), b.at(k, r.Grad, 0), b.coefficientsOf(u.By, u.Term), 0)
	}
	for i, u := range p.Uses {
		j.words.list(6+4*i+3, channels(n.Sum.C, u.By.Reads[u.Term].To))
	}
	return j, at
}

// coefficientsOf is where those of a node's term are in state: its source's, or, of a pool, its own; -1 without a normalisation.
func (b *plan) coefficientsOf(n *nn.Node, term int) int {
	r := &n.Reads[term]
	if r.Norm == nil {
		return -1
	}
	if b.pools[r.Map.ID] == nil {
		return b.gradient(r.Map, r.Norm)
	}
	own := use{n, term}
	at, ok := b.readers[own]
	if !ok {
		at = b.take(3 * r.Norm.X.C)
		b.readers[own] = at
	}
	return at
}

// inert is 1 where a gradient serves weights alone.
func inert(is bool) int {
	if is {
		return 1
	}
	return 0
}

// products is where the inner products of n terms of a map's channels begin for a chunk, and how many blocks a channel has.
func (b *plan) products(k *chunk, m nn.FeatureMap, n int) (at, all int) {
	before, all := b.blocks(m, elements)
	own, ok := b.multiplied[m.ID]
	if !ok {
		own = b.take(2 * m.C * n * all)
		b.multiplied[m.ID] = own
	}
	for i, c := range b.chunks {
		if c == k {
			at = own + 2*before[i]
		}
	}
	return at, all
}

func (b *plan) gather(k *chunk, n *nn.Node, blends map[*nn.Pool]int) job {
	plane := k.plane(n.Sum)
	blocks := ceil(plane, elements)
	gate, drops := -1, 0
	switch {
	case n.Gated():
		gate = b.at(k, n.ReLU, 0)
	case n.ReLU.C > 0:
		gate = b.at(k, n.Sum, 0)
	}
	if n.Drops() {
		drops = 1
	}
	dots, all := b.products(k, n.Grad, len(n.Reads))
	j := job{groups: n.Sum.C * blocks}
	j.words.add(plane, k.n, n.Sum.W, n.Sum.H, b.at(k, n.Grad, 0), inert(len(n.Readers) > 0), inert(n.Inert), gate, blocks)
	numbers := len(j.words)
	j.words.add(0, 0, 0, 0, 0, 0, len(n.Reads), drops, dots, all)
	type list struct {
		at int
		r  *nn.Read
		to bool
	}
	var lists []list
	per := 2 + len(n.Reads) // floats that an element takes
	for i, relu := range []bool{true, false} {
		for _, h := range n.Heads {
			if h.ReLU == relu {
				own, first := b.classifier(h), 0
				for _, other := range h.Nodes[n.Branch] {
					if other == n {
						break
					}
					first += other.Sum.C
				}
				j.words.add(own.dfeatures[n.Branch]+first*b.p.Batch+k.first, b.p.Batch)
				j.words[numbers+3*i]++
			}
		}
		uses := n.Uses
		if relu {
			uses = n.ThroughUse
		}
		for _, u := range uses {
			r := &u.By.Reads[u.Term]
			j.words.add(b.op(r.Weight), b.at(k, r.Grad, 0), 0)
			lists = append(lists, list{len(j.words) - 1, r, true})
			j.words[numbers+3*i+1]++
			per++
		}
		for _, p := range n.Pools {
			if p.ReLU == relu {
				from, most, w := n.Sum, 0, p.Window()
				if relu {
					from = n.ReLU
				}
				if p.Kind.Max() {
					most = 1
				}
				j.words.add(blends[p], b.at(k, p.Out, 0), b.at(k, from, 0), most, w.K, w.Stride, w.Pad, p.Out.H, p.Out.W)
				j.words[numbers+3*i+2]++
				per += w.K * w.K
			}
		}
	}
	for i := range n.Reads {
		r := &n.Reads[i]
		own, grad := b.norm(r.Norm), -1
		if r.Drop >= 0 {
			grad = b.at(k, r.Grad, 0)
		}
		j.words.add(b.op(r.Weight), b.at(k, r.Map, 0), own.at, own.channels(), b.mask(r.Drop, k), grad, 0, inert(r.Norm != nil || r.Weight >= 0))
		lists = append(lists, list{len(j.words) - 2, r, false})
	}
	for _, l := range lists {
		if l.to {
			j.words.list(l.at, channels(n.Sum.C, l.r.To))
		} else {
			j.words.list(l.at, channels(n.Sum.C, l.r.From))
		}
	}
	j.macs, j.floats = n.Sum.C*plane*per, n.Sum.C*plane*per
	return j
}

// terms are the gradients of what a node reads through, and by, a weight.
func (b *plan) terms(n *nn.Node) (jobs []job) {
	dots, all := b.products(b.chunks[0], n.Grad, len(n.Reads))
	for i := range n.Reads {
		r := &n.Reads[i]
		if r.Norm == nil && r.Weight < 0 {
			continue
		}
		to := -1
		if r.Weight >= 0 {
			to = b.slotsAt + len(b.slots)
			b.slots = append(b.slots, slot{n.Branch, r.Weight})
		}
		jobs = append(jobs, b.term(r.Weight, true, n.Inert, n.Sum, r.Norm, b.coefficientsOf(n, i), dots+2*i*all, 2*len(n.Reads)*all, all, channels(n.Sum.C, r.From), to))
	}
	return jobs
}

// termBefore is that of a Conv that another Conv reads.
func (b *plan) termBefore(c *nn.Conv) job {
	dots, all := b.products(b.chunks[0], c.Grad, 1)
	return b.term(c.Weight, false, c.Inert, c.Out, c.Norm, b.gradient(c.Out, c.Norm), dots, 2*all, all, nil, -1)
}

func (b *plan) term(weight int, counts, serves bool, m nn.FeatureMap, n *nn.BatchNorm, coefficients, dots, apart, blocks int, list []int, to int) job {
	own, gamma, beta, dgamma, dbeta := b.norm(n), -1, -1, -1, -1
	if n != nil && n.Gamma >= 0 {
		gamma, beta = b.weight(n.Gamma), b.weight(n.Beta)
		dgamma, dbeta = b.from(n.Gamma, n.X.C, 1), b.from(n.Beta, n.X.C, 1)
	}
	j := job{groups: 1, floats: 2 * m.C * blocks}
	j.words.add(b.op(weight), inert(counts), inert(serves), m.C, own.at, own.channels(), gamma, beta, coefficients, dgamma, dbeta,
		m.H*m.W*b.p.Batch, dots, apart, blocks, 0, to)
	j.words.list(15, list)
	return j
}

// back is the gradient of a Conv's views, or of its input where they select, and where it is in scratch.
func (b *plan) back(k *chunk, c *nn.Conv) (j job, at int) {
	in := input(c)
	to, selects := in, true
	if v := c.Parts[0].Views; len(v) > 0 && v[0].Kind != nn.Selection {
		to, selects = nn.FeatureMap{C: c.Inputs, H: c.H, W: c.W}, false
	}
	plane := k.plane(to)
	blocks := ceil(plane, columns)
	at = k.borrow(c.Inputs * plane)
	j = job{groups: blocks * ceil(c.Inputs, rowTile)}
	j.words.add(b.op(c.Weight), inert(c.Inert), plane, k.n, to.W, c.H, c.W, c.Inputs, at, b.at(k, c.Grad, 0), b.at(k, c.Out, 0), b.gradient(c.Out, c.Norm), c.Out.C, blocks, 0)
	for i := range c.Parts {
		p := &c.Parts[i]
		views := [][4]int{whole}
		if selects && len(p.Views) > 0 {
			views = nil
			for _, v := range p.Views {
				views = append(views, [4]int{v.Y.Off, v.Y.Stride, v.X.Off, v.X.Stride})
			}
		}
		for i, v := range views {
			j.words.add(b.weight(p.Pointwise)+i, p.Columns, len(views), p.Row, p.Rows)
			j.words.add(v[:]...)
			j.words[14]++
			j.macs += p.Rows * c.Inputs * k.n * c.H * c.W
			j.floats += 2 * p.Rows * ceil(c.Inputs, rowTile) * k.n * c.H * c.W
		}
	}
	j.floats += c.Inputs * plane
	return j, at
}

// sender's words are those that it has in kernels/send.wgsl.
func (b *plan) sender(w *words, k *chunk, s sender) {
	p, plane := &s.conv.Parts[0], k.plane(input(s.conv))
	var win [4]int
	weights := -1
	if s.kind != 0 {
		v := p.Views[0].Window
		win, weights, plane = [4]int{v.K, v.Stride, v.Dilation, v.Pad}, b.weight(p.Depthwise)+s.within*v.K*v.K, k.n*s.conv.H*s.conv.W
	}
	w.add(b.op(s.conv.Weight), s.kind, s.at+s.within*plane, weights)
	w.add(win[:]...)
	w.add(s.conv.H, s.conv.W)
}

// reach is how many elements of its views' gradient an element takes on.
func (s sender) reach() int {
	if s.kind == 0 {
		return 1
	}
	w := s.conv.Parts[0].Views[0].Window
	return ceil(w.K*w.K, w.Stride*w.Stride)
}

func (b *plan) send(k *chunk, n *nn.Node, senders []sender) job {
	plane := k.plane(n.Sum)
	blocks := ceil(plane, elements)
	sets, per := false, 2
	for _, s := range senders {
		sets, per = sets || s.sets, per+s.reach()
	}
	j := job{groups: n.Sum.C * blocks, macs: n.Sum.C * plane * per, floats: n.Sum.C * plane * per}
	j.words.add(plane, k.n, n.Sum.H, n.Sum.W, b.at(k, n.Grad, 0), inert(sets), inert(n.Inert), -1, -1, 0, 0, -1, 0, blocks, len(senders))
	for _, s := range senders {
		b.sender(&j.words, k, s)
	}
	return j
}

func (b *plan) sendBefore(k *chunk, s sender) job {
	c := s.conv.Before
	plane := k.plane(c.Out)
	blocks := ceil(plane, elements)
	own, dots, all := b.norm(c.Norm), -1, 0
	if c.Norm != nil {
		dots, all = b.products(k, c.Grad, 1)
	}
	j := job{groups: c.Out.C * blocks, macs: c.Out.C * plane * (s.reach() + 2), floats: c.Out.C * plane * (s.reach() + 2)}
	j.words.add(plane, k.n, c.Out.H, c.Out.W, b.at(k, c.Grad, 0), 1, inert(c.Inert), b.at(k, c.Out, 0), own.at, own.channels(), inert(c.Norm != nil), dots, all, blocks, 1)
	b.sender(&j.words, k, s)
	return j
}

// matrix is the gradient of some rows' matrix.
func (b *plan) matrix(k *chunk, out nn.FeatureMap, row, rows, weight, at int, grad nn.FeatureMap, n *nn.BatchNorm, s *source) job {
	plane, inner := k.plane(out), s.columns()
	shares := ceil(plane, share)
	tiles := ceil(rows, tile) * ceil(inner, tile)
	j := job{
		groups: tiles * shares, macs: plane * (rows*inner + s.window.K*s.window.K*inner*ceil(rows, tile)),
		floats: plane * (2*rows*ceil(inner, tile) + inner*s.reads()*ceil(rows, tile)),
	}
	j.words.add(b.op(weight), plane, out.W, rows, inner, b.at(k, grad, row), b.at(k, out, row), b.gradient(out, n)+row, out.C, b.from(at, rows*inner, shares), ceil(ceil(plane, shares), 64)*64, shares)
	s.words(&j.words)
	return j
}

// window is the gradient of a part's windows, whose views' gradient is in scratch.
func (b *plan) window(k *chunk, c *nn.Conv, p *nn.Part, at int, s *source) job {
	plane, n := k.n*c.H*c.W, c.Inputs*p.Kernel
	j := job{groups: c.Inputs, macs: n * plane, floats: n * plane * 5 / 4}
	j.words.add(b.op(c.Weight), plane, c.W, at, b.from(p.Depthwise, n, 1))
	s.words(&j.words)
	return j
}

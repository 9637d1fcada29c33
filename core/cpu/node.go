package cpu

import (
	"slices"

	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

type node struct {
	*nn.Node
	b             *branch
	reads         []read
	pools         []*pool
	uses, through []use       // by terms of the sum, and of the ReLU
	heads, gated  []*head     // that read the sum, and the ReLU
	dots          [][]float32 // of each chunk: channels × (terms and their masks' sums)
	drops, only   bool        // some term may be dropped; the ReLU is all that is read
	few           bool        // at most two terms are measured, and none is dropped
	extent        *extent     // of the ReLU, for Convs with a multiplier; nil if there are none
}

// read is a term with its normalisation.
type read struct {
	nn.Read
	norm *norm // nil if there is none
}

// use is one node that reads another as its term.
type use struct {
	by   *node
	term int
}

type pool struct {
	*nn.Pool
	source            nn.FeatureMap
	norm              *norm
	forward, backward [2]*tensor.Plan
	weights           []float32
	uses              []use
}

func newNode(b *branch, op *nn.Node, made map[nn.Op]any) *node {
	n := &node{Node: op, b: b, dots: b.chunked(op.Sum.C * 2 * len(op.Reads)), drops: op.Drops(), only: op.Gated()}
	for _, r := range op.Reads {
		n.reads = append(n.reads, read{Read: r, norm: b.norms[r.Norm]})
	}
	n.few = len(n.reads) <= 2 && !n.drops
	for _, p := range op.Pools {
		own, w := &pool{Pool: p, source: op.Sum}, p.Window()
		if p.ReLU {
			own.source = op.ReLU
		}
		own.forward, own.backward = b.plans(func(images int) (forward, backward *tensor.Plan) {
			if p.Kind.Max() {
				return w.Conv(op.Sum.H, op.Sum.W, images)
			}
			forward, backward, own.weights = w.Mean(op.Sum.H, op.Sum.W, images)
			return forward, backward
		})
		if p.Norm != nil {
			own.norm = b.newNorm(p.Norm, p.Out)
		}
		n.pools = append(n.pools, own)
	}
	if slices.ContainsFunc(op.Readers, func(c *nn.Conv) bool { return c.Multiplier != nil }) {
		n.extent = b.newExtent(op.Sum.C)
	}
	b.nodes = append(b.nodes, n)
	return n
}

// link finds who reads the node, and the normalisations of what it reads, once all is made.
func (n *node) link(made map[nn.Op]any) {
	uses := func(list []nn.Use) (out []use) {
		for _, u := range list {
			out = append(out, use{made[u.By].(*node), u.Term})
		}
		return out
	}
	n.uses, n.through = uses(n.Uses), uses(n.ThroughUse)
	for _, p := range n.pools {
		p.uses = uses(p.Uses)
		for _, u := range p.uses {
			if p.norm != nil {
				u.by.reads[u.term].norm = p.norm.reader(n.b)
			}
		}
	}
	for _, h := range n.Heads {
		if own := made[h].(*head); h.ReLU {
			n.gated = append(n.gated, own)
		} else {
			n.heads = append(n.heads, own)
		}
	}
}

// weight is the factor of term i: its operation weight, or 1.
func (n *node) weight(i int) float32 {
	if w := n.reads[i].Weight; w >= 0 {
		return n.b.e.pass.OpWeights[w]
	}
	return 1
}

func (n *node) live(i int) bool { return n.b.live(n.reads[i].Weight) }

// measured says whether the inner product of term i with the gradient is of use: for its BatchNorm, or its weight.
func (n *node) measured(i int) bool {
	return n.live(i) && (n.reads[i].norm != nil || n.reads[i].Weight >= 0)
}

// idle says whether all that reads the pool has weight 0.
func (p *pool) idle() bool {
	for _, u := range p.uses {
		if u.by.live(u.term) {
			return false
		}
	}
	return true
}

func (n *node) forward(k, ch, worker int) {
	b := n.b
	switch {
	case n.only && !n.drops:
		n.sum(k, ch, worker, n.ReLU, 0)
	case n.ReLU.C > 0:
		n.sum(k, ch, worker, n.Sum, tensor.NoFloor)
		tap := [1]tensor.Tap{}
		tensor.Sum(b.mem, b.at(n.ReLU, k, ch), b.at(n.Sum, k, ch), b.length(n.Sum, k), tap[:], one, 0, 0, false)
	default:
		n.sum(k, ch, worker, n.Sum, tensor.NoFloor)
	}
	if n.extent != nil {
		n.extent.measure(k, ch, b.values(n.ReLU, k, ch))
	}
	for _, p := range n.pools {
		if p.idle() {
			continue
		}
		if p.Kind.Max() {
			p.forward[b.variant(k)].Max(b.mem, b.at(p.Out, k, ch), b.at(p.source, k, ch))
		} else {
			p.forward[b.variant(k)].Sum(b.mem, b.at(p.Out, k, ch), b.at(p.source, k, ch), p.weights, false)
		}
		if p.norm != nil {
			p.norm.measure(k, ch)
		}
	}
}

// closeForward ends the forward pass of what needs all chunks.
func (n *node) closeForward() {
	if n.extent != nil {
		n.extent.finish(plain)
	}
	for _, p := range n.pools {
		if p.norm != nil && !p.idle() {
			p.norm.finish()
		}
	}
}

// sum sets channel ch of chunk k of a map to the sum of the terms, if that is not below floor; a node without terms is filled by
// others.
func (n *node) sum(k, ch, worker int, to nn.FeatureMap, floor float32) {
	b := n.b
	if len(n.reads) == 0 {
		return
	}
	taps, coef := b.taps1[worker][:0], b.coef[worker]
	at, length := b.at(to, k, ch), b.length(to, k)
	if n.drops && b.e.pass.Train && b.e.pass.Masks != nil {
		n.masked(k, ch, worker)
		return
	}
	var bias float32
	for i := range n.reads {
		r, w := &n.reads[i], n.weight(i)
		c := r.From(ch)
		if w == 0 || c < 0 {
			continue
		}
		if r.norm != nil {
			bias += w * r.norm.shift[c]
			w *= r.norm.scale[c]
		}
		coef[len(taps)] = w
		taps = append(taps, tensor.Tap{Off: int32(b.at(r.Map, k, c)), W: int32(len(taps))})
	}
	if len(taps) == 0 {
		clear(b.mem[at : at+length])
		return
	}
	tensor.Sum(b.mem, at, 0, length, taps, coef, bias, floor, false)
}

// masked is sum where terms may be dropped.
func (n *node) masked(k, ch, worker int) {
	b := n.b
	at, length, part, coef := b.at(n.Sum, k, ch), b.length(n.Sum, k), b.plane1[worker], b.coef[worker]
	clear(b.mem[at : at+length])
	for i := range n.reads {
		r, w := &n.reads[i], n.weight(i)
		c := r.From(ch)
		if w == 0 || c < 0 {
			continue
		}
		var bias float32
		if r.norm != nil {
			bias = w * r.norm.shift[c]
			w *= r.norm.scale[c]
		}
		coef[0] = w
		tap := [1]tensor.Tap{{Off: int32(b.at(r.Map, k, c))}}
		tensor.Sum(b.mem, part, 0, length, tap[:], coef[:1], bias, tensor.NoFloor, false)
		if r.Drop >= 0 {
			n.mask(b.mem[part:part+length], r.Drop, k)
		}
		tap[0] = tensor.Tap{Off: int32(part)}
		tensor.Sum(b.mem, at, 0, length, tap[:], one, 0, tensor.NoFloor, true)
	}
}

// mask multiplies a plane of chunk k by a mask.
func (n *node) mask(plane []float32, drop, k int) {
	mask := n.b.e.pass.Masks[drop*n.b.e.p.Batch+k*tensor.Chunk:][:n.b.sizes[k]]
	for ; len(plane) > 0; plane = plane[len(mask):] {
		for i, m := range mask {
			plane[i] *= m
		}
	}
}

// backward completes the gradient of channel ch of chunk k, to which the Convs have sent theirs, and takes its inner products
// with the terms.
func (n *node) backward(k, ch, worker int) {
	b := n.b
	if n.Inert && !b.e.weighting {
		return
	}
	grad, length := b.at(n.Grad, k, ch), b.length(n.Sum, k)
	d := b.mem[grad : grad+length]
	if len(n.Readers) == 0 {
		clear(d)
	}
	for _, h := range n.gated {
		h.down(n, k, ch)
	}
	n.gather(n.through, k, ch, worker)
	for _, p := range n.pools {
		if p.ReLU && !p.idle() {
			p.gather(b, k, ch, worker, grad)
		}
	}
	gate := -1
	switch {
	case n.only:
		gate = b.at(n.ReLU, k, ch)
	case n.ReLU.C > 0:
		gate = b.at(n.Sum, k, ch)
	}
	if n.only && n.few {
		n.multiplyFew(k, ch, gate)
		return
	}
	if gate >= 0 {
		tensor.Gate(d, d, b.mem[gate:][:length], 0)
	}
	for _, h := range n.heads {
		h.down(n, k, ch)
	}
	n.gather(n.uses, k, ch, worker)
	for _, p := range n.pools {
		if !p.ReLU && !p.idle() {
			p.gather(b, k, ch, worker, grad)
		}
	}
	if n.few {
		n.multiplyFew(k, ch, -1)
	} else {
		n.multiply(k, ch, worker)
	}
}

// multiplyFew is multiply of at most two measured terms, and first opens the gate, if there is one.
func (n *node) multiplyFew(k, ch, gate int) {
	b, terms := n.b, len(n.reads)
	if terms == 0 && gate < 0 {
		return
	}
	var places, of [2]int
	m := 0
	for i := range n.reads {
		if c := n.reads[i].From(ch); c >= 0 && n.measured(i) {
			places[m], of[m] = b.at(n.reads[i].Map, k, c), i
			m++
		}
	}
	row := n.dots[k][ch*2*terms:][:2*terms]
	sum, dots := tensor.GateDots(b.mem, b.at(n.Grad, k, ch), gate, b.length(n.Sum, k), places[:m])
	for i := range n.reads {
		row[i], row[terms+i] = 0, sum
	}
	for j, i := range of[:m] {
		row[i] = dots[j]
	}
}

// gather adds the gradients of nodes that read this one as it is.
func (n *node) gather(uses []use, k, ch, worker int) {
	if len(uses) == 0 {
		return
	}
	b := n.b
	taps, coef := b.taps1[worker][:0], b.coef[worker]
	for _, u := range uses {
		r, i := &u.by.reads[u.term], len(taps)
		to := r.To(ch)
		if to < 0 {
			continue
		}
		coef[i], taps = u.by.weight(u.term), append(taps, tensor.Tap{Off: int32(b.at(r.Grad, k, to)), W: int32(i)})
	}
	if len(taps) == 0 {
		return
	}
	tensor.Sum(b.mem, b.at(n.Grad, k, ch), 0, b.length(n.Sum, k), taps, coef, 0, tensor.NoFloor, true)
}

// multiply takes the inner products of the gradient with the terms, and of a masked term with its own.
func (n *node) multiply(k, ch, worker int) {
	b, terms := n.b, len(n.reads)
	if terms == 0 {
		return
	}
	grad, length := b.at(n.Grad, k, ch), b.length(n.Sum, k)
	acc := b.acc[worker][:(terms+1)*tensor.Lanes]
	clear(acc)
	taps := b.taps1[worker][:0]
	for i := range n.reads {
		if c := n.reads[i].From(ch); c >= 0 && n.measured(i) {
			taps = append(taps, tensor.Tap{Off: int32(b.at(n.reads[i].Map, k, c)), W: int32(len(taps))})
		}
	}
	last := len(taps)
	taps = append(taps, tensor.Tap{Off: int32(b.ones), W: int32(last)})
	if last > 0 {
		tensor.Dot(acc, b.mem, grad, 0, length, taps)
	}
	row := n.dots[k][ch*2*terms:][:2*terms]
	sum, j := tensor.Fold(acc, last), 0
	for i := range n.reads {
		if row[i], row[terms+i] = 0, sum; n.reads[i].From(ch) >= 0 && n.measured(i) {
			row[i] = tensor.Fold(acc, j)
			j++
		}
	}
	if !n.drops {
		return
	}
	for i := range n.reads {
		r := &n.reads[i]
		c := r.From(ch)
		if r.Drop < 0 || c < 0 {
			continue
		}
		own := b.at(r.Grad, k, ch)
		copy(b.mem[own:own+length], b.mem[grad:grad+length])
		if b.e.pass.Masks != nil {
			n.mask(b.mem[own:own+length], r.Drop, k)
		}
		if !n.measured(i) {
			continue
		}
		clear(acc)
		pair := [2]tensor.Tap{{Off: int32(b.at(r.Map, k, c))}, {Off: int32(b.ones), W: 1}}
		tensor.Dot(acc, b.mem, own, 0, length, pair[:])
		row[i], row[terms+i] = tensor.Fold(acc, 0), tensor.Fold(acc, 1)
	}
}

// gather adds the gradient that comes through the pool to the plane at grad.
func (p *pool) gather(b *branch, k, ch, worker, grad int) {
	dm, m := b.plane1[worker], b.at(p.Out, k, ch)
	taps, coef := b.taps1[worker][:0], b.coef[worker]
	var gb, gd float32
	for _, u := range p.uses {
		r, i := &u.by.reads[u.term], len(taps)
		to := r.To(ch)
		if to < 0 {
			continue
		}
		coef[i] = u.by.weight(u.term)
		if r.norm != nil {
			coef[i] = r.norm.ga[ch]
			gb += r.norm.gb[ch]
			gd += r.norm.gd[ch]
		}
		taps = append(taps, tensor.Tap{Off: int32(b.at(r.Grad, k, to)), W: int32(i)})
	}
	last := len(taps)
	if last == 0 {
		return
	}
	coef[last], taps = gb, append(taps, tensor.Tap{Off: int32(m), W: int32(last)})
	tensor.Sum(b.mem, dm, 0, b.length(p.Out, k), taps, coef, gd, tensor.NoFloor, false)
	v := b.variant(k)
	if p.Kind.Max() {
		p.forward[v].MaxGrad(b.mem, grad, dm, m, b.at(p.source, k, ch))
	} else {
		p.backward[v].Sum(b.mem, grad, dm, p.weights, true)
	}
}

// close adds up the chunks' inner products, and sets the terms' gradients from them.
func (n *node) close() {
	b, terms := n.b, len(n.reads)
	for i := range n.reads {
		r := &n.reads[i]
		if !n.live(i) {
			if r.norm != nil {
				clear(r.norm.ga)
				clear(r.norm.gb)
				clear(r.norm.gd)
			}
			continue
		}
		var dweight float64
		for ch := range n.Sum.C {
			c := r.From(ch)
			if c < 0 {
				continue
			}
			var sum, dot float64
			for k := range b.sizes {
				row := n.dots[k][ch*2*terms:][:2*terms]
				dot += float64(row[i])
				sum += float64(row[terms+i])
			}
			if m := r.norm; m != nil {
				dweight += m.back(c, float64(n.weight(i)), sum, (dot-m.mean[c]*sum)*m.inverse[c])
			} else {
				dweight += dot
			}
		}
		if r.Weight >= 0 {
			b.dops[r.Weight] += dweight
		}
	}
}

package cpu

import (
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

type head struct {
	*nn.Head
	e                   *executor
	features, dfeatures [2][]float32 // of each branch: channels × batch, the batch innermost
	logits, dlogits     []float32
}

func newHead(e *executor, op *nn.Head) *head {
	h := &head{Head: op, e: e}
	memory, batch := &e.p.Params.Memory, e.p.Batch
	for b := range op.Nodes {
		nn.Reserve(memory, &h.features[b], op.Features(b)*batch)
		nn.Reserve(memory, &h.dfeatures[b], op.Features(b)*batch)
	}
	nn.Reserve(memory, &h.logits, op.Classes*batch)
	nn.Reserve(memory, &h.dlogits, op.Classes*batch)
	return h
}

// Features are a branch's, of the first head: channels × batch.
func (e *executor) Features(branch int) []float32 { return e.heads[0].features[branch] }

// read is the map that the head reads of a node.
func (h *head) read(n *nn.Node) nn.FeatureMap {
	if h.ReLU {
		return n.ReLU
	}
	return n.Sum
}

// factor is that of a branch's features.
func (h *head) factor(b int) float32 {
	if len(h.Nodes) == 1 {
		return 1
	}
	return h.e.pass.Factors[b]
}

// run takes features to logits, to the loss and, where gradients are asked for, back.
func (h *head) run() {
	p, batch := &h.e.pass, h.e.p.Batch
	if p.Loss == nil && h != h.e.heads[0] { // it serves training alone
		return
	}
	columns := 0
	for b := range h.Nodes {
		columns += h.Features(b)
	}
	first := 0
	for b := range h.Nodes {
		h.average(b)
		h.apply(b, first, columns)
		first += h.Features(b)
	}
	if h.Second >= 0 {
		for o := range h.Classes {
			shift := (h.factor(0)-1)*p.Weights[h.Bias+o] + h.factor(1)*p.Weights[h.Second+o]
			for n := range batch {
				h.logits[o*batch+n] += shift
			}
		}
	}
	if h.e.heads[0] == h {
		copy(p.Logits, h.logits)
	}
	if p.Loss == nil {
		return
	}
	clear(h.dlogits)
	for b, share := range p.Shares {
		if share != 0 {
			share *= h.Share
			h.e.loss += share * p.Loss.Eval(h.logits, h.e.branches[b].labels, share, h.dlogits)
		}
	}
	if p.Grad == nil && p.OpGrad == nil {
		return
	}
	first = 0
	for b := range h.Nodes {
		h.back(b, first, columns)
		first += h.Features(b)
	}
	if h.Second >= 0 && p.Grad != nil {
		for o := range h.Classes {
			sum := p.Grad[h.Bias+o]
			p.Grad[h.Bias+o], p.Grad[h.Second+o] = h.factor(0)*sum, h.factor(1)*sum
		}
	}
}

// average sets a branch's features.
func (h *head) average(branch int) {
	f, b, batch := 0, h.e.branches[branch], h.e.p.Batch
	for _, n := range h.Nodes[branch] {
		m := h.read(n)
		for c := range m.C {
			for k, size := range b.sizes {
				out := h.features[branch][f*batch+k*tensor.Chunk:][:size]
				clear(out)
				for i, v := range b.values(m, k, c) {
					out[i%size] += v
				}
				for i := range out {
					out[i] /= float32(m.H * m.W)
				}
			}
			f++
		}
	}
}

// apply adds a branch's features, the matrix's columns from first on, to the logits, which begin as the bias.
func (h *head) apply(branch, first, columns int) {
	w, batch, factor := h.e.pass.Weights, h.e.p.Batch, h.factor(branch)
	f := h.features[branch]
	for o := range h.Classes {
		z := h.logits[o*batch:][:batch]
		if branch == 0 {
			for n := range z {
				z[n] = w[h.Bias+o]
			}
		}
		for i := range len(f) / batch {
			v := factor * w[h.Weight+o*columns+first+i]
			for n, x := range f[i*batch:][:batch] {
				z[n] += v * x
			}
		}
	}
}

// back sets the gradient of a branch's features, and adds that of the weights where it is asked for.
func (h *head) back(branch, first, columns int) {
	w, grad, batch, factor := h.e.pass.Weights, h.e.pass.Grad, h.e.p.Batch, h.factor(branch)
	f, df := h.features[branch], h.dfeatures[branch]
	clear(df)
	for o := range h.Classes {
		dz := h.dlogits[o*batch:][:batch]
		if branch == 0 && grad != nil {
			var sum float32
			for _, d := range dz {
				sum += d
			}
			grad[h.Bias+o] += sum
		}
		for i := range len(f) / batch {
			at := h.Weight + o*columns + first + i
			v, x, dx := factor*w[at], f[i*batch:][:batch], df[i*batch:][:batch]
			var sum float32
			for n, d := range dz {
				sum += d * x[n]
				dx[n] += v * d
			}
			if grad != nil {
				grad[at] += factor * sum
			}
		}
	}
}

// down adds the gradient that reaches channel ch of chunk k of a node through its mean.
func (h *head) down(n *node, k, ch int) {
	f := ch
	for _, other := range h.Nodes[n.Branch] {
		if other == n.Node {
			break
		}
		f += other.Sum.C
	}
	b := n.b.sizes[k]
	df := h.dfeatures[n.Branch][f*h.e.p.Batch+k*tensor.Chunk:][:b]
	scale := 1 / float32(n.Sum.H*n.Sum.W)
	grad := n.b.values(n.Grad, k, ch)
	for i := range grad {
		grad[i] += scale * df[i%b]
	}
}

package cpu

import (
	"math"

	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

type head struct {
	*nn.Head
	e                   *executor
	features, dfeatures [2][]float32 // of each branch: channels × batch, the batch innermost; of a cosine classifier to unit length
	logits, dlogits     []float32
	rows, drows         []float32 // a cosine classifier's matrix to unit length, and its gradient
	lengths             []float32 // by which its rows, then the images' features, have been divided
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
	if op.Cosine {
		nn.Reserve(memory, &h.rows, op.Classes*op.Columns())
		nn.Reserve(memory, &h.drows, op.Classes*op.Columns())
		nn.Reserve(memory, &h.lengths, op.Classes+batch)
	}
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
	if len(h.Nodes) == 1 || h.Branch >= 0 {
		return 1
	}
	return h.e.pass.Factors[b]
}

// matrix is what features are multiplied by, and where its gradient goes, if it is asked for.
func (h *head) matrix() (w, grad []float32) {
	if h.Cosine {
		return h.rows, h.drows
	}
	at, n, p := h.Weight, h.Classes*h.Columns(), &h.e.pass
	if p.Grad != nil {
		grad = p.Grad[at:][:n]
	}
	return p.Weights[at:][:n], grad
}

// run takes features to logits, to the loss and, where gradients are asked for, back.
func (h *head) run() {
	p, batch := &h.e.pass, h.e.p.Batch
	if h.Branch >= 0 && (p.Loss == nil || !p.Train || p.Frozen) { // it serves training alone
		return
	}
	for b := range h.Nodes {
		h.average(b)
	}
	if h.Cosine {
		h.normalise()
	}
	first, columns := 0, h.Columns()
	for b := range h.Nodes {
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
		if share != 0 && (h.Branch < 0 || h.Branch == b) {
			share *= h.Share
			h.e.loss += share * p.Loss.EvalMixed(h.logits, h.e.branches[b].batch, share, h.dlogits)
		}
	}
	if p.Grad == nil && p.OpGrad == nil {
		return
	}
	clear(h.drows)
	first = 0
	for b := range h.Nodes {
		h.back(b, first, columns)
		first += h.Features(b)
	}
	if h.Cosine {
		h.project()
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

// normalise divides the matrix's rows and the images' features, taken with their branches' factors, by their lengths.
func (h *head) normalise() {
	columns, batch := h.Columns(), h.e.p.Batch
	for o := range h.Classes {
		row := h.rows[o*columns:][:columns]
		h.lengths[o] = length(nn.Norm(h.e.pass.Weights[h.Weight+o*columns:][:columns]))
		for i := range row {
			row[i] = h.e.pass.Weights[h.Weight+o*columns+i] / h.lengths[o]
		}
	}
	for n := range batch {
		var sum float64
		for b := range h.Nodes {
			factor := float64(h.factor(b))
			for at := n; at < len(h.features[b]); at += batch {
				x := factor * float64(h.features[b][at])
				sum += x * x
			}
		}
		d := length(math.Sqrt(sum))
		h.lengths[h.Classes+n] = d
		for b := range h.Nodes {
			for at := n; at < len(h.features[b]); at += batch {
				h.features[b][at] /= d
			}
		}
	}
}

// length is what a vector of a norm is divided by: one of zeros stays as it is.
func length(norm float64) float32 {
	if norm == 0 {
		return 1
	}
	return float32(norm)
}

// project takes the gradients of vectors of unit length to those of the vectors: what lies along them falls away.
func (h *head) project() {
	columns, batch := h.Columns(), h.e.p.Batch
	for o := range h.Classes {
		row, drow := h.rows[o*columns:][:columns], h.drows[o*columns:][:columns]
		var along float32
		for i, d := range drow {
			along += d * row[i]
		}
		if h.e.pass.Grad != nil {
			for i, d := range drow {
				h.e.pass.Grad[h.Weight+o*columns+i] += (d - along*row[i]) / h.lengths[o]
			}
		}
	}
	for n := range batch {
		var along float32
		for b := range h.Nodes {
			for at := n; at < len(h.features[b]); at += batch {
				along += h.dfeatures[b][at] * h.features[b][at]
			}
		}
		for b := range h.Nodes {
			factor := h.factor(b)
			for at := n; at < len(h.features[b]); at += batch {
				d := &h.dfeatures[b][at]
				*d = (*d - factor*factor*along*h.features[b][at]) / h.lengths[h.Classes+n]
			}
		}
	}
}

// apply adds a branch's features, the matrix's columns from first on, to the logits, which begin as the bias.
func (h *head) apply(branch, first, columns int) {
	batch, factor := h.e.p.Batch, h.factor(branch)
	w, _ := h.matrix()
	f := h.features[branch]
	for o := range h.Classes {
		z := h.logits[o*batch:][:batch]
		if branch == 0 {
			var bias float32
			if h.Bias >= 0 {
				bias = h.e.pass.Weights[h.Bias+o]
			}
			for n := range z {
				z[n] = bias
			}
		}
		for i := range len(f) / batch {
			v := factor * w[o*columns+first+i]
			for n, x := range f[i*batch:][:batch] {
				z[n] += v * x
			}
		}
	}
}

// back sets the gradient of a branch's features, and adds that of the weights where it is asked for.
func (h *head) back(branch, first, columns int) {
	batch, factor := h.e.p.Batch, h.factor(branch)
	w, grad := h.matrix()
	f, df := h.features[branch], h.dfeatures[branch]
	clear(df)
	for o := range h.Classes {
		dz := h.dlogits[o*batch:][:batch]
		if all := h.e.pass.Grad; branch == 0 && h.Bias >= 0 && all != nil {
			var sum float32
			for _, d := range dz {
				sum += d
			}
			all[h.Bias+o] += sum
		}
		for i := range len(f) / batch {
			at := o*columns + first + i
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

package gpu

import (
	"math"

	"hlrslab/core/nn"
)

// classifier is a head and where in state it has its features and their gradient, channels × batch, and its logits and theirs.
type classifier struct {
	*nn.Head
	logits, gradient, lengths int
	features, dfeatures       [2]int
}

// classifier is that of a head.
func (b *plan) classifier(h *nn.Head) *classifier {
	for i := range b.heads {
		if b.heads[i].Head == h {
			return &b.heads[i]
		}
	}
	panic("gpu: a head that is in no level")
}

// classifiers enters those of a level, which is the forward pass's last.
func (b *plan) classifiers(level []nn.Op) {
	for i, op := range level {
		h, ok := op.(*nn.Head)
		if !ok {
			continue
		}
		own := b.classifier(h)
		own.gradient, own.lengths = b.take(h.Classes*b.p.Batch), b.take(h.Classes+b.p.Batch)
		w := always
		if h.Branch >= 0 {
			w = training
		} else if i == 0 {
			b.heading = []int{h.Weight, h.Bias, h.Second}
		}
		for branch := range h.Nodes {
			n := h.Features(branch) * b.p.Batch
			own.features[branch], own.dfeatures[branch] = b.take(n), b.take(n)
		}
		for at, k := range b.chunks {
			b.enter(mean, at, w, b.means(k, own))
		}
		b.enter(classify, 0, w, []job{b.classify(own)})
		b.enter(teach, 0, w|teaching, []job{b.teach(own)})
	}
}

func (b *plan) means(k *chunk, h *classifier) (jobs []job) {
	for branch, nodes := range h.Nodes {
		first := 0
		for _, n := range nodes {
			m := n.Sum
			if h.ReLU {
				m = n.ReLU
			}
			j := job{groups: m.C, floats: m.C * k.plane(m)}
			j.words.add(m.H*m.W, k.n, b.at(k, m, 0), h.features[branch]+first*b.p.Batch+k.first, b.p.Batch)
			jobs, first = append(jobs, j), first+m.C
		}
	}
	return jobs
}

// words are those that both kernels of a head begin with.
func (b *plan) words(h *classifier) (w words) {
	w.add(h.Classes, b.p.Batch, len(h.Nodes), b.weight(h.Weight), h.Columns(), b.weight(h.Bias), b.weight(h.Second), inert(h.Cosine),
		h.logits, h.gradient, h.lengths, int(int32(math.Float32bits(float32(h.Share)))), h.Branch)
	return w
}

// of adds the branches' features.
func (b *plan) of(w *words, h *classifier) {
	for branch := range h.Nodes {
		w.add(h.features[branch], h.Features(branch), h.dfeatures[branch])
	}
}

func (b *plan) classify(h *classifier) job {
	n := h.Classes * h.Columns() * b.p.Batch
	j := job{groups: b.p.Batch, words: b.words(h), macs: n, floats: 2 * n}
	j.words.add(b.params.labels, b.params.of)
	b.of(&j.words, h)
	return j
}

func (b *plan) teach(h *classifier) job {
	n := h.Classes * h.Columns() * b.p.Batch
	j := job{groups: h.Columns(), words: b.words(h), macs: 2 * n, floats: 4 * n}
	bias, second := -1, -1
	if h.Bias >= 0 {
		j.groups++
		bias = b.from(h.Bias, h.Classes, 1)
	}
	if h.Second >= 0 {
		second = b.from(h.Second, h.Classes, 1)
	}
	j.words.add(b.from(h.Weight, h.Classes*h.Columns(), 1), bias, second)
	b.of(&j.words, h)
	return j
}

// describe sets what params has of a pass's loss, labels and flags.
func (e *executor) describe(p *nn.Pass) {
	at, v := e.plan.params, e.params
	clear(v[:at.ops])
	flag := func(i int, is bool) {
		if is {
			v[i] = 1
		}
	}
	flag(0, p.Train)
	flag(1, p.Grad != nil)
	flag(2, p.Loss != nil)
	v[3], v[4] = p.Factors[0], p.Factors[1]
	e.pass = (e.pass + 1) % (1 << 24) // as far as single precision counts
	v[8] = float32(e.pass)
	l := p.Loss
	if l == nil {
		return
	}
	v[5], v[7] = float32(l.Gamma), 1
	flag(6, l.Sigmoid)
	if l.Scale != 0 {
		v[7] = float32(l.Scale)
	}
	classes := v[at.classes:]
	for c := range at.of {
		classes[c] = 1
	}
	for i, list := range [][]float64{l.Weights, l.Shift, l.Margin} {
		for c, x := range list {
			classes[i*at.of+c] = float32(x)
		}
	}
	for branch, batch := range e.batches {
		total := l.Total(batch)
		for n, y := range batch.Labels {
			own := v[at.labels+(branch*e.plan.p.Batch+n)*4:]
			s := 1.0
			if batch.Second != nil {
				s = float64(batch.Shares[n])
				own[1] = float32(batch.Second[n])
			}
			share := p.Shares[branch] / total
			own[0], own[2], own[3] = float32(y), float32(share*s), float32(share*(1-s))
		}
	}
}

// loss is that of the logits, in double precision.
func (e *executor) loss(p *nn.Pass) (sum float64) {
	for i := range e.plan.heads {
		h := &e.plan.heads[i]
		if h.Branch >= 0 && (!p.Train || p.Frozen) {
			continue
		}
		logits := e.results[h.logits:][:h.Classes*e.plan.p.Batch]
		for branch, share := range p.Shares {
			if share != 0 && (h.Branch < 0 || h.Branch == branch) {
				share *= h.Share
				sum += share * p.Loss.EvalMixed(logits, e.batches[branch], share, e.dlogits[:len(logits)])
			}
		}
	}
	return sum
}

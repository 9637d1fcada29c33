package search

import (
	"math/rand/v2"

	"hlrslab/core/bbn"
)

// Bench is a plain search step on random images, for timing.
type Bench struct {
	run *Run
}

// NewBench prepares steps of a supernet with ten classes and without branches. It fails as New does where that cannot be.
func NewBench(channels, layers, nodes, batch, size, order, threads int) (*Bench, error) {
	c := Default()
	c.Channels, c.Layers, c.Nodes, c.Batch, c.Size, c.Order, c.Branches = channels, layers, nodes, batch, size, order, "none"
	r, err := plan(c, 10, threads)
	if err != nil {
		return nil, err
	}
	r.model.Store.Memory.Make()
	b := &Bench{r}
	rng := rand.New(rand.NewPCG(1, 1))
	r.model.Init(rng)
	for _, o := range []*bbn.Objective{&r.train, &r.val} {
		*o = bbn.Objective{Model: r.model}
		o.Images[0], o.Labels[0] = make([]float32, r.model.ImagesLen()), make([]int, batch)
		for i := range batch {
			o.Labels[0][i] = rng.IntN(10)
			dst, plane, stride := r.model.Image(o.Images[0], i)
			for c := range 3 {
				for p := range size * size {
					dst[c*plane+p*stride] = float32(rng.NormFloat64())
				}
			}
		}
	}
	return b, nil
}

// Params is the number of weights.
func (b *Bench) Params() int { return len(b.run.model.Weights) }

// Arch takes one architecture step, of the order asked for.
func (b *Bench) Arch() {
	r := b.run
	if r.config.Order == 1 {
		r.architect.First(&r.val, r.model.Weights, r.dalpha)
	} else {
		r.architect.Second(&r.train, &r.val, r.model.Weights, 0.025, r.dalpha)
	}
	r.adam.Step(r.model.Alpha, r.dalpha, 3e-4)
}

// Weight takes one weight step.
func (b *Bench) Weight() {
	r := b.run
	r.train.Gradient(r.model.Weights, r.dw, nil, true)
	r.sgd.Step(r.model.Weights, r.dw, 0.025)
}

// Close ends the threads.
func (b *Bench) Close() { b.run.Close() }

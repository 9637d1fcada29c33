package search

import (
	"math/rand/v2"

	"hlrslab/core/bbn"
	"hlrslab/core/darts"
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// Bench is a plain search step on random images, for timing.
type Bench struct {
	run Run
}

// NewBench prepares steps of a supernet with ten classes.
func NewBench(channels, layers, nodes, batch, size, order, threads int) *Bench {
	b := &Bench{Run{pool: tensor.NewPool(threads)}}
	r := &b.run
	r.config.Order = order
	r.model = bbn.New(bbn.Shape{Channels: channels, Layers: layers, Nodes: nodes, Classes: 10, Batch: batch, Size: size, Branches: "none"}, r.pool)
	rng := rand.New(rand.NewPCG(1, 1))
	r.model.Init(rng)
	n, a := len(r.model.Weights), len(r.model.Alpha)
	r.sgd = &nn.SGD{Momentum: 0.9, Decay: 3e-4, Clip: 5, Buffer: make([]float32, n)}
	r.adam = &nn.Adam{Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8, Decay: 1e-3, M: make([]float64, a), V: make([]float64, a)}
	r.architect = darts.NewArchitect(r.sgd, n, a)
	r.dw, r.dalpha = make([]float32, n), make([]float64, a)
	for _, o := range []*bbn.Objective{&r.train, &r.val} {
		*o = bbn.Objective{Model: r.model}
		o.Images[0], o.Labels[0] = make([]float32, len(r.model.Images(0))), make([]int, batch)
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
	return b
}

// Params is the number of weights.
func (b *Bench) Params() int { return len(b.run.model.Weights) }

// Arch takes one architecture step, of the order asked for.
func (b *Bench) Arch() {
	r := &b.run
	if r.config.Order == 1 {
		r.architect.First(&r.val, r.model.Weights, r.dalpha)
	} else {
		r.architect.Second(&r.train, &r.val, r.model.Weights, 0.025, r.dalpha)
	}
	r.adam.Step(r.model.Alpha, r.dalpha, 3e-4)
}

// Weight takes one weight step.
func (b *Bench) Weight() {
	r := &b.run
	r.train.Gradient(r.model.Weights, r.dw, nil, true)
	r.sgd.Step(r.model.Weights, r.dw, 0.025)
}

// Close ends the threads.
func (b *Bench) Close() { b.run.Close() }

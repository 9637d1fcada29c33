// Package search is the task of searching for cells: DARTS (Liu et al., 2019) on a network with the two branches of BBN.
package search

import (
	"math"
	"math/rand/v2"

	"hlrslab/core/bbn"
	"hlrslab/core/darts"
	"hlrslab/core/nn"
	"hlrslab/core/run"
	"hlrslab/core/sched"
)

// task is a search.
type task struct {
	config  run.Config
	arch    sched.Arch
	area    float64 // of arch, where schedules are compared at equal area
	model   *bbn.Model
	mixture darts.Softmax
	alpha   []float32 // edges × primitives of the normal cells, then of the reduction cells
	method  darts.Method
	sgd     *nn.SGD
	val     bbn.Objective
	oneHot  []float32 // operation weights of the genotype under test
}

// Task is a run.Maker.
func Task(c run.Config, classes int, device nn.Device, sgd *nn.SGD) (run.Task, []run.Loader, error) {
	t := &task{sgd: sgd}
	alphas := 2 * darts.Edges(c.Nodes) * len(darts.Primitives)
	backbone := func(b *nn.Builder, own string) []*nn.Node {
		return darts.Supernet(b, c.Channels, c.Layers, c.Nodes, own)
	}
	var err error
	t.model, err = bbn.New(bbn.Shape{Classes: classes, Batch: c.Batch, Size: c.Size, Branches: c.Branches, Cosine: run.Cosine(c.Loss)}, backbone, t.mixture, alphas, device)
	memory := &t.model.Store.Memory
	t.method = darts.NewBilevel(c.Order, memory, sgd, c.ArchDecay, t.model.Store.Weights.Total, alphas)
	nn.Reserve(memory, &t.alpha, alphas)
	first := map[string]string{"mix": c.Sampler, "balanced": "balanced", "reverse": "reversed"}[c.ArchLoss]
	if first == "" {
		first = "instance"
	}
	return t, []run.Loader{
		{Part: run.WeightHalf, Sampler: c.Sampler},
		{Part: run.WeightHalf, Sampler: c.Rebalance},
		{Part: run.ArchHalf, Sampler: first},
		{Part: run.ArchHalf, Sampler: c.Rebalance},
	}, err
}

// Model implements run.Task.
func (t *task) Model() *bbn.Model { return t.model }

// Alpha implements run.Task.
func (t *task) Alpha() []float32 { return t.alpha }

// Init implements run.Task.
func (t *task) Init(rng *rand.Rand) {
	for i := range t.alpha {
		t.alpha[i] = float32(1e-3 * rng.NormFloat64())
	}
}

// Configure implements run.Task.
func (t *task) Configure(c run.Config) {
	s, _ := c.Schedules()
	t.config, t.arch = c, s.Arch
	if t.area = 0; s.Arch.EqualArea {
		t.area = s.Arch.Integral(s.Ties())
	}
}

// Epoch implements run.Task.
func (t *task) Epoch(epoch int, counts []int, train *bbn.Objective) (pair int) {
	late := run.Late(epoch, t.config.Epochs)
	train.Loss = run.Loss(t.config.Loss, t.config.Adjustment, counts, late)
	t.val = bbn.Objective{Model: t.model, Inference: t.config.ArchLoss != "mix"}
	switch kind := t.config.ArchLoss; {
	case kind == "drw" && late:
		t.val.Loss.Weights = nn.EffectiveWeights(counts, run.Beta)
	case kind == "logit-adjusted":
		t.val.Loss.Shift = nn.LogPrior(counts)
	}
	t.val.Loss.Scale = train.Loss.Scale
	return 0
}

// Before implements run.Task: the architecture's step.
func (t *task) Before(e *run.Event, train *bbn.Objective, batches *run.Batches) error {
	c := t.config
	tie := sched.Context{Mix: e.Mix, WeightRatio: 1, Area: t.area}
	if c.Rate > 0 {
		tie.WeightRatio = e.Rate / c.Rate
	}
	e.ArchRate = c.ArchRate * t.arch.Factor(e.Epoch, e.Step, e.Steps, tie)
	t.val.A, t.oneHot = e.Mix, nil
	if err := batches.Draw(&t.val, 1); err != nil {
		return err
	}
	e.ArchLoss = t.method.Step(train, &t.val, t.model.Weights, t.alpha, e.Rate, e.ArchRate)
	return nil
}

// Descend implements run.Task.
func (t *task) Descend(grad []float32, rate float64) { t.sgd.Step(t.model.Weights, grad, rate) }

// Tests implements run.Task: the mixed network's, and that of the genotype cut out of it, with its weights as they are.
func (t *task) Tests() int { return 2 }

// Predict implements run.Task.
func (t *task) Predict(test int, batch nn.Batch) []float32 {
	if test == 0 {
		return t.model.Predict(batch, t.model.Weights, t.alpha, nil)
	}
	if t.oneHot == nil {
		normal, reduce := t.shares()
		t.oneHot = darts.Discretise(normal, reduce, t.config.Nodes).OneHot(t.config.Nodes)
	}
	return t.model.Predict(batch, t.model.Weights, t.alpha, t.oneHot)
}

// shares are the operation weights of alpha: edges × primitives.
func (t *task) shares() (normal, reduce [][]float64) {
	ops := make([]float32, t.mixture.Len(len(t.alpha)))
	t.mixture.Forward(ops, t.alpha)
	n := len(darts.Primitives)
	rows := func(v []float32) (out [][]float64) {
		for e := 0; e < len(v); e += n {
			row := make([]float64, n)
			for k := range row {
				row[k] = float64(v[e+k])
			}
			out = append(out, row)
		}
		return out
	}
	return rows(ops[:len(ops)/2]), rows(ops[len(ops)/2:])
}

// Report implements run.Task.
func (t *task) Report(p *run.Report) (end string) {
	p.Normal, p.Reduce = t.shares()
	p.Genotype = darts.Discretise(p.Normal, p.Reduce, t.config.Nodes)
	p.Counts = p.Genotype.Counts()
	rows := append(append([][]float64{}, p.Normal...), p.Reduce...)
	for _, row := range rows {
		for _, v := range row {
			if v > 0 {
				p.Entropy -= v * math.Log(v) / float64(len(rows))
			}
		}
	}
	return ""
}

// State implements run.Task.
func (t *task) State(_ func(name string, v []float32), double func(name string, v []float64)) (steps *int) {
	return t.method.State(double)
}

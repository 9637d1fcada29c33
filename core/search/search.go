// Package search is the task of searching for cells: DARTS (Liu et al., 2019) on a network with the two branches of BBN.
package search

import (
	"cmp"
	"fmt"
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
	mixture nn.Mixture    // as the configuration names it …
	steered darts.Steered // … and with what is forbidden by hand
	extra   *darts.Extra  // between them, if edges have one more skip connection
	alpha   []float32     // edges × primitives of the normal cells, then of the reduction cells
	method  darts.Method
	penalty float64   // weight in this epoch
	delta   []float32 // of the weights' step
	sgd     *nn.SGD
	val     bbn.Objective
	oneHot  []float32 // operation weights of the genotype under test
	hessian *darts.Hessian
	epoch   int       // counted from 1
	eigen   []float64 // the last eigenvalues, the newest at the end, and how many there have been
}

// Task is a run.Maker.
func Task(c run.Config, classes int, device nn.Device, sgd *nn.SGD) (run.Task, []run.Loader, error) {
	t := &task{sgd: sgd, mixture: mixture(c)}
	if t.steered.Mixture = t.mixture; c.ExtraSkip > 0 {
		t.extra = &darts.Extra{Mixture: t.mixture}
		t.steered.Mixture = t.extra
	}
	alphas := 2 * darts.Edges(c.Nodes) * len(darts.Primitives)
	backbone := func(b *nn.Builder, own string) []*nn.Node {
		b.Multiplier = c.Multiply()
		return darts.Supernet(b, c.Channels, c.Layers, c.Nodes, c.ExtraSkip > 0, own)
	}
	var err error
	t.model, err = bbn.New(bbn.Shape{Classes: classes, Batch: c.Batch, Size: c.Size, Branches: c.Branches, Cosine: run.Cosine(c.Loss)}, backbone, &t.steered, alphas, device)
	memory := &t.model.Store.Memory
	t.method = t.methodOf(c, memory, t.model.Store.Weights.Total, alphas)
	nn.Reserve(memory, &t.alpha, alphas)
	if c.Perturbation > 0 {
		nn.Reserve(memory, &t.delta, alphas)
	}
	if c.HessianEvery > 0 {
		t.hessian = darts.NewHessian(memory, alphas)
		nn.Reserve(memory, &t.eigen, eigenvalues+1)
	}
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

// mixture is that of the configuration.
func mixture(c run.Config) nn.Mixture {
	switch c.Mixture {
	case "sparsemax":
		return &darts.Sparsemax{Temperature: c.Temperature}
	case "sigmoid":
		return darts.Sigmoid{}
	}
	if c.Perturbation > 0 {
		return &darts.Perturbed{}
	}
	return darts.Softmax{}
}

// Streams of the zeroth-order method's directions, of the eigenvalues' starting points and of perturbations.
const (
	directions    = 0x5a4f << 32
	starts        = 0x4849 << 32
	perturbations = 0x5253 << 32
)

// methodOf is the configuration's way to the architecture's step.
func (t *task) methodOf(c run.Config, memory *nn.Memory, weights, alphas int) darts.Method {
	if c.Method == "zo" {
		m := darts.NewZO(memory, t.sgd, c.ArchDecay, weights, alphas)
		m.Window, m.Radius, m.Floor, m.Matched = c.ZOWindow, c.ZORadius, c.ZOFloor, c.ZOMomentum == "matched"
		m.Direction = func(window int, z []float64) {
			darts.Direction(z, rand.New(rand.NewPCG(c.Seed, directions+uint64(window))))
		}
		return m
	}
	m := darts.NewBilevel(c.Order, memory, t.sgd, c.ArchDecay, weights, alphas)
	if penalise := darts.Penalties[c.Penalty]; penalise != nil {
		m.Penalty = func(alpha []float32, dalpha []float64) { penalise(alpha, t.penalty, dalpha) }
	}
	return m
}

// own are the weights that the penalties' authors give them, but for the entropy's, which is ours.
var own = map[string]float64{"entropy": 0.1, "beta": 50, "fair": 10}

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
	t.steered.Forbidden, _ = darts.ParseSteering(c.Steer, c.Nodes)
	if t.area = 0; s.Arch.EqualArea {
		t.area = s.Arch.Integral(s.Ties())
	}
}

// Epoch implements run.Task.
func (t *task) Epoch(epoch int, counts []int, train *bbn.Objective) (pair int) {
	t.epoch = epoch + 1
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
	if m, sparse := t.mixture.(*darts.Sparsemax); sparse {
		m.Temperature = darts.Temperature(epoch, t.config.Temperature, t.config.Cooling, t.config.CoolingEvery)
	}
	c := t.config
	if t.extra != nil {
		t.extra.Beta = run.Course(c.ExtraCourse, c.ExtraSkip, epoch, c.Epochs)
	}
	t.penalty = run.Course(c.PenaltyCourse, cmp.Or(c.PenaltyWeight, own[c.Penalty]), epoch, c.Epochs)
	if rates := c.ClassRates(counts, epoch); rates != nil {
		t.sgd.Groups = t.model.Head.ByClass(rates, c.Decay)
		if m, bilevel := t.method.(*darts.Bilevel); bilevel {
			m.Still = t.sgd.Groups
		}
	}
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
	t.perturb(nil)
	watched := t.watched(e)
	if watched || t.method.Due() {
		if err := batches.Draw(&t.val, 1); err != nil {
			return err
		}
	}
	if watched {
		t.watch(t.hessian.Largest(&t.val, t.model.Weights, t.alpha, c.ArchDecay, rand.New(rand.NewPCG(c.Seed, starts+uint64(e.Epoch)))))
	}
	e.ArchLoss = t.method.Step(train, &t.val, t.model.Weights, t.alpha, e.Rate, e.ArchRate)
	t.perturb(e)
	return nil
}

// perturb moves the shares of the weights' step that follows, or, without a step, none any more.
func (t *task) perturb(e *run.Event) {
	m, perturbed := t.mixture.(*darts.Perturbed)
	if !perturbed {
		return
	}
	if e == nil {
		m.Delta = nil
		return
	}
	rng := rand.New(rand.NewPCG(t.config.Seed, perturbations+uint64(e.Epoch*e.Steps+e.Step)))
	most := t.config.Perturbation * (0.1 + 0.9*float64(e.Epoch)/float64(t.config.Epochs))
	m.Delta = t.delta
	for i := range m.Delta {
		m.Delta[i] = float32(most * (2*rng.Float64() - 1))
	}
}

// Robust DARTS compares the mean of window eigenvalues with what it was some before, from an epoch on.
const (
	window, earlier, fromEpoch = 5, 4, 10

	eigenvalues = window + earlier
)

// watched says whether this is the step in which the eigenvalue is estimated: an epoch's last one, of those that are to.
func (t *task) watched(e *run.Event) bool {
	return t.hessian != nil && e.Step == e.Steps-1 && (e.Epoch+1)%t.config.HessianEvery == 0
}

// watch takes the newest eigenvalue.
func (t *task) watch(v float64) {
	copy(t.eigen, t.eigen[1:eigenvalues])
	t.eigen[eigenvalues-1] = v
	t.eigen[eigenvalues]++
}

// rise is how many times its earlier mean the eigenvalues' mean is; false where there are too few yet.
func (t *task) rise() (times float64, ok bool) {
	n := int(t.eigen[eigenvalues])
	if n < earlier+1 {
		return 0, false
	}
	mean := func(last int) (sum float64) { // of those up to the last, of which there may be fewer than a window
		first := max(last-window+1, eigenvalues-n, 0)
		for _, v := range t.eigen[first : last+1] {
			sum += v / float64(last+1-first)
		}
		return sum
	}
	before := mean(eigenvalues - 1 - earlier)
	return mean(eigenvalues-1) / before, before > 0
}

// Descend implements run.Task.
func (t *task) Descend(grad []float32, rate float64) { t.sgd.Step(t.model.Weights, grad, rate) }

// Tests implements run.Task: the mixed network's, and that of the genotype cut out of it, with its weights as they are.
func (t *task) Tests() int { return 2 }

// Predict implements run.Task.
func (t *task) Predict(test int, batch nn.Batch) []float32 {
	t.perturb(nil)
	if test == 0 {
		return t.model.Predict(batch, t.model.Weights, t.alpha, nil)
	}
	if t.oneHot == nil {
		t.oneHot = make([]float32, t.steered.Len(len(t.alpha))) // without an extra skip connection
		copy(t.oneHot, t.genotype().OneHot(t.config.Nodes))
	}
	return t.model.Predict(batch, t.model.Weights, t.alpha, t.oneHot)
}

// shares are the operation weights of alpha: edges × primitives.
func (t *task) shares() (normal, reduce [][]float64) { return t.sharesBy(t.mixture) }

// genotype is what the shares choose. Where sparsemax gives many the weight 0 or 1, softmax decides between them.
func (t *task) genotype() darts.Genotype {
	normal, reduce := t.shares()
	if _, sparse := t.mixture.(*darts.Sparsemax); sparse {
		softNormal, softReduce := t.sharesBy(darts.Softmax{})
		for e := range normal {
			for k := range normal[e] {
				normal[e][k] += 1e-6 * softNormal[e][k]
				reduce[e][k] += 1e-6 * softReduce[e][k]
			}
		}
	}
	return darts.DiscretiseFew(normal, reduce, t.config.Nodes, t.config.KeepSkips)
}

func (t *task) sharesBy(mixture nn.Mixture) (normal, reduce [][]float64) {
	t.perturb(nil)
	ops := make([]float32, mixture.Len(len(t.alpha)))
	(&darts.Steered{Mixture: mixture, Forbidden: t.steered.Forbidden}).Forward(ops, t.alpha)
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
	p.Genotype = t.genotype()
	p.Counts = p.Genotype.Counts()
	p.Energy = t.config.Energy(p.Genotype, len(p.Classes))
	rows := append(append([][]float64{}, p.Normal...), p.Reduce...)
	for _, row := range rows {
		sum := 1.0 // of what competes
		if t.config.Mixture == "sigmoid" {
			sum = 0
			for _, v := range row {
				sum += v
			}
		}
		for _, v := range row {
			if v > 0 {
				p.Entropy -= v / sum * math.Log(v/sum) / float64(len(rows))
			}
		}
	}
	skips := 0
	for _, e := range p.Genotype.Normal {
		if e.Op == "skip_connect" {
			skips++
		}
	}
	if most := t.config.StopSkips; most > 0 && skips >= most {
		return fmt.Sprintf("the normal cell has %d skip connections, and %d end the search", skips, most)
	}
	if t.hessian == nil || t.epoch%t.config.HessianEvery != 0 {
		return ""
	}
	p.Eigenvalue = t.eigen[eigenvalues-1]
	if times, ok := t.rise(); ok && t.config.HessianStop > 0 && t.epoch >= fromEpoch && times > t.config.HessianStop {
		return fmt.Sprintf("the largest eigenvalue is %.2f times what it was, and %v end the search: take the cells of epoch %d", times, t.config.HessianStop, t.epoch-earlier*t.config.HessianEvery)
	}
	return ""
}

// State implements run.Task.
func (t *task) State(single func(name string, v []float32), double func(name string, v []float64)) (steps *int) {
	if t.hessian != nil {
		double("eigenvalues", t.eigen)
	}
	return t.method.State(single, double)
}

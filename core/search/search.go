// Package search is the task of searching for cells: DARTS (Liu et al., 2019) on a network with the two branches of BBN.
package search

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"hlrslab/core/bbn"
	"hlrslab/core/darts"
	"hlrslab/core/nn"
	"hlrslab/core/run"
	"hlrslab/core/sched"
)

// task is a search.
type task struct {
	config     run.Config
	arch       sched.Arch
	area       float64 // of arch, where schedules are compared at equal area
	model      *bbn.Model
	mixture    nn.Mixture        // as the configuration names it …
	steered    darts.Steered     // … and with what is forbidden, …
	byHand     []bool            // … which is this, until operations are dropped
	extra      *darts.Extra      // between them, if edges have one more skip connection
	normalised *darts.Normalised // likewise, if edges have weights of their own
	alpha      []float32         // edges × primitives of the normal cells, then of the reduction cells, and then what the edges' weights are made of
	rows       int               // alphas of operations
	sharing    *darts.Sharing    // the method, if it is that
	method     darts.Method
	penalty    float64   // weight in this epoch
	dalpha     []float64 // of the weights' step, where the method asks for it
	delta      []float32 // of the weights' step
	sgd        *nn.SGD
	val        bbn.Objective
	hessian    *darts.Hessian
	epoch      int       // counted from 1
	eigen      []float64 // the last eigenvalues, the newest at the end, and how many there have been
}

// Task is a run.Maker.
func Task(c run.Config, classes int, device nn.Device, sgd *nn.SGD) (run.Task, []run.Loader, error) {
	t := &task{sgd: sgd, mixture: mixture(c)}
	if t.steered.Mixture = t.mixture; c.ExtraSkip > 0 {
		t.extra = &darts.Extra{Mixture: t.mixture}
		t.steered.Mixture = t.extra
	}
	if c.Part > 1 {
		t.normalised = &darts.Normalised{Mixture: t.mixture, Nodes: c.Nodes}
		t.steered.Mixture = t.normalised
	}
	net := darts.Supernet{Channels: c.Channels, Layers: c.Layers, Nodes: c.Nodes, Extra: c.ExtraSkip > 0, Part: c.Part}
	backbone := func(b *nn.Builder, own string) []*nn.Node {
		b.Multiplier = c.Multiply()
		return net.Backbone(b, own)
	}
	t.rows = 2 * darts.Edges(c.Nodes) * len(darts.Primitives)
	alphas := net.Alphas()
	var err error
	t.model, err = bbn.New(bbn.Shape{Classes: classes, Batch: c.Batch, Size: c.Size, Branches: c.Branches, Cosine: run.Cosine(c.Loss)}, backbone, &t.steered, alphas, device)
	memory := &t.model.Store.Memory
	t.method = t.methodOf(c, memory, t.model.Store.Weights.Total, alphas)
	nn.Reserve(memory, &t.alpha, alphas)
	if c.Perturbation > 0 {
		nn.Reserve(memory, &t.delta, t.rows)
	}
	if c.HessianEvery > 0 && t.sharing == nil {
		t.hessian = darts.NewHessian(memory, alphas)
		nn.Reserve(memory, &t.eigen, eigenvalues+1)
	}
	first := map[string]string{"mix": c.Sampler, "balanced": "balanced", "reverse": "reversed"}[c.ArchLoss]
	if first == "" {
		first = "instance"
	}
	loaders := []run.Loader{
		{Part: run.WeightHalf, Sampler: c.Sampler},
		{Part: run.WeightHalf, Sampler: c.Rebalance},
		{Part: run.ArchHalf, Sampler: first},
		{Part: run.ArchHalf, Sampler: c.Rebalance},
	}
	if c.FreezeAt > 0 {
		loaders = append(loaders, run.Loader{Part: run.Whole, Sampler: c.Sampler}, run.Loader{Part: run.Whole, Sampler: c.Rebalance})
	}
	return t, loaders, err
}

// mixture is that of the configuration.
func mixture(c run.Config) nn.Mixture {
	switch {
	case c.Method == "random":
		return &darts.Single{}
	case c.Mixture == "sparsemax":
		return &darts.Sparsemax{Temperature: c.Temperature}
	case c.Mixture == "sigmoid":
		return darts.Sigmoid{}
	case c.Perturbation > 0:
		return &darts.Perturbed{}
	}
	return darts.Softmax{}
}

// Streams of the zeroth-order method's directions, of the eigenvalues' starting points, of perturbations, and of random cells: those
// that are trained, and those to choose among.
const (
	trained       = 0x5254 << 32
	candidates    = 0x5243 << 32
	directions    = 0x5a4f << 32
	starts        = 0x4849 << 32
	perturbations = 0x5253 << 32
)

// methodOf is the configuration's way to the architecture's step.
func (t *task) methodOf(c run.Config, memory *nn.Memory, weights, alphas int) darts.Method {
	if c.Method == "zo" {
		m := darts.NewZO(memory, t.sgd, c.ArchDecay, weights, alphas)
		m.Window, m.Radius, m.Floor, m.Matched = c.ZOWindow, c.ZORadius, c.ZOFloor, c.ZOMomentum == "matched"
		if m.Official = c.ZOMomentum == "official"; m.Official {
			nn.Reserve(memory, &t.dalpha, alphas)
		}
		m.Direction = func(window int, z []float64) {
			darts.Direction(z, rand.New(rand.NewPCG(c.Seed, directions+uint64(window))))
		}
		return m
	}
	if c.Method == "random" {
		m := darts.NewSharing(memory, c.Candidates, t.mixture.(*darts.Single))
		cell := func(stream uint64) []float32 {
			return darts.RandomGenotype(c.Nodes, t.steered.Forbidden, rand.New(rand.NewPCG(c.Seed, stream))).OneHot(c.Nodes)
		}
		m.Trained = func(i int) []float32 { return cell(trained + uint64(i)) }
		m.Candidate = func(i int) []float32 { return cell(candidates + uint64(t.epoch)<<16 + uint64(i)) }
		t.sharing = m
		return m
	}
	m := darts.NewBilevel(c.Order, memory, t.sgd, c.ArchDecay, weights, alphas)
	if penalise := darts.Penalties[c.Penalty]; penalise != nil {
		m.Penalty = func(alpha []float32, dalpha []float64) { penalise(alpha[:t.rows], t.penalty, dalpha[:t.rows]) }
	}
	return m
}

// own are the weights that the penalties' authors give them, but for the entropy's, which is ours.
var own = map[string]float64{"entropy": 0.1, "beta": 50, "fair": 10}

// Model implements run.Task.
func (t *task) Model() *bbn.Model { return t.model }

// Alpha implements run.Task.
func (t *task) Alpha() []float32 { return t.alpha }

// AlphaGradient implements run.Task.
func (t *task) AlphaGradient() []float64 {
	if t.config.Frozen(t.epoch - 1) {
		return nil
	}
	return t.dalpha
}

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
	t.byHand, _ = darts.ParseSteering(c.Steer, c.Nodes)
	t.forbid()
	if t.area = 0; s.Arch.EqualArea {
		t.area = s.Arch.Integral(s.Ties())
	}
}

// Epoch implements run.Task.
func (t *task) Epoch(epoch int, parts [][]int, train *bbn.Objective) (pair int) {
	c, counts := t.config, parts[run.WeightHalf]
	if c.Frozen(epoch) {
		counts, pair = parts[run.Whole], 2
	}
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
		m.Temperature = darts.Temperature(c.Moving(epoch), t.config.Temperature, t.config.Cooling, t.config.CoolingEvery)
	}
	t.forbid()
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
	return pair
}

// forbid has the mixture do without what is forbidden in the epoch.
func (t *task) forbid() {
	if t.steered.Forbidden = t.byHand; t.config.DropBelow > 0 && t.config.Frozen(t.epoch-1) {
		t.steered.Forbidden, _, _ = t.drop()
	}
}

// drop is what is forbidden from the freeze on: a matter of the alphas, which rest then.
func (t *task) drop() (forbidden []bool, dropped, weighing int) {
	t.perturb(nil)
	return (&darts.Steered{Mixture: t.mixture, Forbidden: t.byHand}).Drop(t.alpha[:t.rows], t.config.DropBelow)
}

// Before implements run.Task: the architecture's step, until it is frozen.
func (t *task) Before(e *run.Event, train *bbn.Objective, batches *run.Batches) error {
	c := t.config
	if c.Frozen(e.Epoch) {
		t.perturb(nil)
		return nil
	}
	tie := sched.Context{Mix: e.Mix, WeightRatio: 1, Area: t.area}
	if c.Rate > 0 {
		tie.WeightRatio = e.Rate / c.Rate
	}
	if e.ArchRate = c.ArchRate * t.arch.Factor(e.Epoch, e.Step, e.Steps, tie); t.sharing != nil {
		e.ArchRate, t.sharing.Choosing = 0, e.Step == e.Steps-1
	}
	t.val.A = e.Mix
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
func (t *task) Descend(grad []float32, rate float64) {
	if zo, is := t.method.(*darts.ZO); is && t.AlphaGradient() != nil {
		zo.Gather(t.dalpha)
	} else {
		t.sgd.Beside = nil
	}
	t.sgd.Step(t.model.Weights, grad, rate)
}

// Tests implements run.Task: the mixed network's, that of the genotype cut out of it, with its weights as they are, and at the freeze that
// of the mixed network without the operations to drop. Where weights are shared by random cells, nothing is mixed, and all are the chosen one's.
func (t *task) Tests(epoch int) int {
	if t.config.Drops(epoch) {
		return 3
	}
	return 2
}

// Predict implements run.Task.
func (t *task) Predict(test int, batch nn.Batch) []float32 {
	t.perturb(nil)
	var ops []float32 // of nil, the mixture's
	switch {
	case test == 1 || t.sharing != nil:
		ops = t.discrete()
	case test == 2:
		ops = make([]float32, t.steered.Len(len(t.alpha)))
		forbidden, _, _ := t.drop()
		(&darts.Steered{Mixture: t.steered.Mixture, Forbidden: forbidden}).Forward(ops, t.alpha)
	}
	return t.model.Predict(batch, t.model.Weights, t.alpha, ops)
}

// discrete are the operation weights of the genotype: without an extra skip connection, and with the edges of what is chosen.
func (t *task) discrete() []float32 {
	ops := make([]float32, t.steered.Len(len(t.alpha)))
	copy(ops, t.genotype().OneHot(t.config.Nodes))
	if t.normalised != nil {
		for i, v := range ops[:t.rows] {
			ops[t.rows+i/len(darts.Primitives)] += v
		}
	}
	return ops
}

// Parts implements run.Parted: the edges of the cells.
func (t *task) Parts() (names []string) {
	for _, cell := range []string{"normal", "reduce"} {
		for e := range darts.Edges(t.config.Nodes) {
			names = append(names, cell+":"+darts.EdgeName(e))
		}
	}
	return names
}

// Without implements run.Parted: all operations of the edge have weight 0, in all cells of its kind.
func (t *task) Without(part int, batch nn.Batch) []float32 {
	t.perturb(nil)
	var ops []float32
	if t.sharing != nil {
		ops = t.discrete()
	} else {
		ops = make([]float32, t.steered.Len(len(t.alpha)))
		t.steered.Forward(ops, t.alpha)
	}
	if part >= 0 {
		n := len(darts.Primitives)
		clear(ops[part*n : (part+1)*n])
		if t.normalised != nil {
			ops[t.rows+part] = 0
		}
	}
	return t.model.Predict(batch, t.model.Weights, t.alpha, ops)
}

// genotype is what the shares choose, whatever was dropped. Where sparsemax gives many the weight 0 or 1, softmax decides between them.
func (t *task) genotype() darts.Genotype {
	normal, reduce := t.shares(t.mixture, t.byHand)
	if _, sparse := t.mixture.(*darts.Sparsemax); sparse {
		softNormal, softReduce := t.shares(darts.Softmax{}, t.byHand)
		for e := range normal {
			for k := range normal[e] {
				normal[e][k] += 1e-6 * softNormal[e][k]
				reduce[e][k] += 1e-6 * softReduce[e][k]
			}
		}
	}
	if edges := t.edges(); edges != nil {
		for e, row := range append(slices.Clone(normal), reduce...) {
			for k := range row {
				row[k] *= edges[e]
			}
		}
	}
	return darts.DiscretiseFew(normal, reduce, t.config.Nodes, t.config.KeepSkips)
}

// edges are the weights of the edges, of the normal cells and then of the reduction cells, or nil where they have none.
func (t *task) edges() (out []float64) {
	if t.normalised == nil {
		return nil
	}
	weights := make([]float32, len(t.alpha)-t.rows)
	t.normalised.Weigh(weights, t.alpha[t.rows:])
	for _, w := range weights {
		out = append(out, float64(w))
	}
	return out
}

// shares are the operation weights of alpha, edges × primitives, in a mixture without what is forbidden.
func (t *task) shares(mixture nn.Mixture, forbidden []bool) (normal, reduce [][]float64) {
	t.perturb(nil)
	n := len(darts.Primitives)
	ops := make([]float32, t.rows)
	if t.sharing != nil {
		mixture = &darts.Single{Ops: t.sharing.Chosen()}
	}
	(&darts.Steered{Mixture: mixture, Forbidden: forbidden}).Forward(ops, t.alpha[:t.rows])
	rows := func(v []float32) (out [][]float64) {
		for e := 0; e < len(v); e += n {
			row := make([]float64, n)
			for k := range row {
				row[k] = float64(v[e+k])
			}
			if t.sharing != nil && !slices.Contains(row, 1) { // an edge that the cell does without
				row[0] = 1
			}
			out = append(out, row)
		}
		return out
	}
	return rows(ops[:len(ops)/2]), rows(ops[len(ops)/2:])
}

// Report implements run.Task.
func (t *task) Report(p *run.Report) (end string) {
	p.Normal, p.Reduce = t.shares(t.mixture, t.steered.Forbidden)
	p.EdgeWeights = t.edges()
	if p.Dropped != nil {
		_, p.Dropped.Operations, p.Dropped.Of = t.drop()
	}
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
	if t.config.Frozen(t.epoch - 1) { // and nothing is left to end
		return ""
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

package search

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"hlrslab/core/bbn"
	"hlrslab/core/darts"
	"hlrslab/core/data"
	"hlrslab/core/nn"
	"hlrslab/core/sched"
)

// deferral is the share of the epochs after which deferred re-weighting begins (Cao et al., 2019).
const deferral = 0.8

// Run is a search, stepped from outside. It is not safe for concurrent use.
type Run struct {
	config Config
	next   *Config // schedules from the next epoch on
	arch   sched.Arch
	mix    sched.Mix
	area   float64 // of arch, where schedules are compared at equal area

	model     *bbn.Model
	alpha     []float32 // edges × primitives of the normal cells, then of the reduction cells
	mixture   darts.Softmax
	method    darts.Method
	data      batches
	sgd       *nn.SGD
	dw        []float32
	train     bbn.Objective
	val       bbn.Objective
	mixRandom *rand.PCG
	oneHot    []float32 // operation weights of the genotype under test
	record    Record    // with the events of the epoch under way
	history   history   // those before

	position
}

// position is where a run stands, beside its parameters and random streams.
type position struct {
	Epoch, At          int // epochs and steps done
	Tested             int // images evaluated of this epoch's test, which takes all twice: the mixed network's and the genotype's
	Losses, ArchLosses float64
	Confusion          [][]int // test images of each class by the class they were taken for
	Discrete           int     // those that the genotype alone took for the right one
	Failed             string
}

// New prepares a search on d, on a device. Close it.
func New(c Config, d *data.Dataset, device nn.Device) (*Run, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if d.Name != c.Dataset {
		return nil, fault("dataset", "the configuration asks for %q, the data at hand are %q", c.Dataset, d.Name)
	}
	classes := len(d.Classes)
	r, err := plan(c, classes, device)
	if err != nil {
		return nil, err
	}
	if err := r.data.load(c, d); err != nil {
		return nil, err
	}
	r.model.Store.Memory.Make()
	r.record = Record{Config: c, Facts: Facts{
		Classes: d.Classes, Counts: r.data.total, Order: r.data.order, Steps: r.data.steps, Params: len(r.model.Weights),
	}}
	rng := rand.New(rand.NewPCG(stream(c.Seed, c.WeightSeed, weightStream), weightStream))
	r.model.Init(rng)
	for i := range r.alpha {
		r.alpha[i] = float32(1e-3 * rng.NormFloat64())
	}
	r.mixRandom = rand.NewPCG(stream(c.Seed, c.SampleSeed, mixStream), mixStream)
	r.Confusion = make([][]int, classes)
	for i := range r.Confusion {
		r.Confusion[i] = make([]int, classes)
	}
	return r, nil
}

// schedule takes a valid configuration into force.
func (r *Run) schedule(c Config) {
	r.config = c
	r.arch, r.mix, _ = c.Schedules()
	if r.area = 0; r.arch.EqualArea {
		r.area = r.arch.Integral(sched.Ties{Mix: r.mix, Rate: c.Rate, RateMin: c.RateMin})
	}
}

// Close ends what the device has running.
func (r *Run) Close() { r.model.Close() }

// Config is the configuration in force.
func (r *Run) Config() Config { return r.config }

// Record is what has been seen of the run so far.
func (r *Run) Record() Record {
	record, _, err := r.record.after(r.history)
	if err != nil {
		panic(err) // Restore has read it
	}
	return record
}

// Facts are what the run found in its data and made of its configuration.
func (r *Run) Facts() Facts { return r.record.Facts }

// Done says whether all epochs have run.
func (r *Run) Done() bool { return r.Epoch >= r.config.Epochs }

// Change takes the schedules and the mixing of c from the next epoch on; no other field may differ.
func (r *Run) Change(c Config) error {
	if err := r.config.mayBecome(c); err != nil {
		return err
	}
	r.next = &c
	return nil
}

// Step trains on one batch, or evaluates one at the end of an epoch, and returns what happened.
func (r *Run) Step() (events []Event, err error) {
	switch {
	case r.Failed != "":
		return nil, fmt.Errorf("%s", r.Failed)
	case r.Done():
		return nil, nil
	case r.At < r.data.steps:
		events, err = r.learn()
	default:
		events = r.test()
	}
	r.record.Events = append(r.record.Events, events...)
	if n := len(events); n > 0 && events[n-1].Kind == EpochDone {
		r.history.add(r.record.Events)
		r.record.Events = nil
	}
	return events, err
}

func (r *Run) learn() ([]Event, error) {
	var events []Event
	if r.At == 0 {
		if r.next != nil {
			c := *r.next
			r.schedule(c)
			r.next = nil
			events = append(events, Event{Kind: Changed, Epoch: r.Epoch, Steps: r.data.steps, Config: &c})
		}
		r.data.epoch(r.Epoch)
	}
	c := r.config
	e := Event{Kind: StepDone, Epoch: r.Epoch, Step: r.At, Steps: r.data.steps}
	e.Rate = sched.Cosine(r.Epoch, c.Epochs, c.Rate, c.RateMin)
	e.Mix = 1
	if c.Branches != bbn.Alone {
		e.Mix = r.mix.At(r.Epoch, rand.New(r.mixRandom))
	}
	tie := sched.Context{Mix: e.Mix, WeightRatio: 1, Area: r.area}
	if c.Rate > 0 {
		tie.WeightRatio = e.Rate / c.Rate
	}
	e.ArchRate = c.ArchRate * r.arch.Factor(r.Epoch, r.At, r.data.steps, tie)
	if r.At == 0 || r.train.Model == nil { // the epoch's first step, or the first one since Restore
		r.objectives()
	}
	r.train.A, r.val.A = e.Mix, e.Mix

	r.draw(&r.train, r.data.weights)
	r.draw(&r.val, r.data.arch)
	e.ArchLoss = r.method.Step(&r.train, &r.val, r.model.Weights, r.alpha, e.Rate, e.ArchRate)
	if err := r.check("architecture", e.ArchLoss, nil); err != nil {
		return events, err
	}
	e.Loss = r.train.Gradient(r.model.Weights, r.alpha, r.dw, nil, true)
	if err := r.check("weight", e.Loss, r.dw); err != nil {
		return events, err
	}
	r.sgd.Step(r.model.Weights, r.dw, e.Rate)
	r.At++
	r.Losses += e.Loss
	r.ArchLosses += e.ArchLoss
	return append(events, e), nil
}

// Drawn is the weights' last batch of a branch, as it is before augmentation: images of 3 × size × size bytes one after the
// other, and their labels. Without the branch, or before the first step, it is empty.
func (r *Run) Drawn(branch int) (pixels []byte, labels []int, size int) {
	set := &r.data.set.Train
	if branch < r.model.Branches() && r.At > 0 {
		for _, i := range r.data.weights[branch].indices {
			pixels, labels = append(pixels, set.At(i)...), append(labels, int(set.Labels[i]))
		}
	}
	return pixels, labels, set.Size
}

// draw fills an objective with the next batch of each branch; with inference's logits it has one batch in both.
func (r *Run) draw(o *bbn.Objective, loaders [2]*loader) {
	for b := range r.model.Branches() {
		f := loaders[b]
		if o.Inference {
			f = loaders[0]
		}
		if b == 0 || !o.Inference {
			r.data.next(f)
		}
		o.Batches[b] = f.Batch
	}
}

// objectives sets the losses of the epoch.
func (r *Run) objectives() {
	c, counts := r.config, r.data.counts
	late := float64(r.Epoch) >= deferral*float64(c.Epochs)
	loss := func(kind string) (l nn.Loss) {
		switch {
		case kind == "cb", kind == "drw" && late:
			l.Weights = nn.EffectiveWeights(counts, 0.9999)
		case kind == "focal":
			l.Gamma = 1
		case kind == "balanced-softmax", kind == "logit-adjusted":
			l.Shift = nn.LogPrior(counts)
		}
		return l
	}
	r.train = bbn.Objective{Model: r.model, Loss: loss(c.Loss)}
	r.val = bbn.Objective{Model: r.model, Loss: loss(c.ArchLoss), Inference: c.ArchLoss != "mix"}
}

// check stops a run at the first value that is no number, and names step and layer.
func (r *Run) check(part string, loss float64, grad []float32) error {
	if !math.IsNaN(loss) && !math.IsInf(loss, 0) && (grad == nil || !math.IsNaN(nn.Norm(grad)) && !math.IsInf(nn.Norm(grad), 0)) {
		return nil
	}
	first := "the classifier"
	if fault := r.model.Fault(); fault != nil {
		first = fault.Error()
	} else if grad != nil {
		first = cmp.Or(r.model.NonFinite(grad), first)
	}
	r.Failed = fmt.Sprintf("epoch %d, step %d, %s step: not a finite number, first in %s; take a lower rate, or go back to the last checkpoint",
		r.Epoch, r.At, part, first)
	return fmt.Errorf("%s", r.Failed)
}

// test evaluates one batch of balanced test images; after the last it closes the epoch.
func (r *Run) test() []Event {
	m, b := r.model, &r.data
	size, all := m.Shape.Batch, len(b.test)
	first, ops := r.Tested, []float32(nil)
	if r.Tested >= all {
		if r.oneHot == nil {
			normal, reduce := r.Alphas()
			r.oneHot = darts.Discretise(normal, reduce, r.config.Nodes).OneHot(r.config.Nodes)
		}
		first, ops = r.Tested-all, r.oneHot
	}
	n := min(size, all-first)
	var plain data.Augment
	for i := range size { // a last, short batch is filled up with images that do not count
		at := b.test[first+i%n]
		side := b.set.Test.Size
		plain.Fill(b.testing.Images[i:], side*side*size, size, b.set.Test.At(at), side, nil)
	}
	logits := m.Predict(b.testing, r.alpha, ops)
	for i := range n {
		best := 0
		for c := range m.Shape.Classes {
			if logits[c*size+i] > logits[best*size+i] {
				best = c
			}
		}
		y := int(b.set.Test.Labels[b.test[first+i]])
		switch {
		case ops == nil:
			r.Confusion[y][best]++
		case best == y:
			r.Discrete++
		}
	}
	if r.Tested += n; r.Tested < 2*all {
		return nil
	}
	e := r.record.Events[len(r.record.Events)-1] // the last step's, with its rates
	e.Kind, e.Step = EpochDone, b.steps
	e.Loss, e.ArchLoss = r.Losses/float64(b.steps), r.ArchLosses/float64(b.steps)
	e.Report = r.report()
	r.Epoch++
	r.At, r.Tested, r.Losses, r.ArchLosses, r.Discrete, r.oneHot = 0, 0, 0, 0, 0, nil
	for _, row := range r.Confusion {
		clear(row)
	}
	return []Event{e}
}

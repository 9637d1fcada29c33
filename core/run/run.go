package run

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"

	"hlrslab/core/bbn"
	"hlrslab/core/data"
	"hlrslab/core/nn"
)

// Run is a task, stepped from outside. It is not safe for concurrent use.
type Run struct {
	config Config
	next   *Config // schedules from the next epoch on
	plan   Schedules

	task      Task
	data      Batches
	sgd       *nn.SGD
	dw        []float32
	train     bbn.Objective
	pair      int // of loaders that train has its batches from
	mixRandom *rand.PCG
	record    Record  // with the events of the epoch under way
	history   history // those before
	device    string  // its name
	lost      error   // it has failed

	position
}

// position is where a run stands, beside its parameters and random streams.
type position struct {
	Epoch, At          int // epochs and steps done
	Tested             int // images evaluated of this epoch's tests, each of which takes all
	Losses, ArchLosses float64
	Confusion          [][]int // of the first test: images of each class by the class they were taken for
	Seen               seen    // of the first test, too
	Discrete           int     // images that the second test took for the right one
	Dropped            int     `json:",omitzero"` // and those that the third did
	Failed             string
	Ended              string // why the run ended, where that was not after its epochs
}

// New prepares a run of a task on d, on a device. Close it.
func New(c Config, d *data.Dataset, device nn.Device, task Maker) (*Run, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if d.Name != c.Dataset {
		return nil, fault("dataset", "the configuration asks for %q, the data at hand are %q", c.Dataset, d.Name)
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	classes := len(d.Classes)
	counts, err := c.Counts(classes)
	if err != nil {
		return nil, err
	}
	r, err := plan(c, classes, device, task)
	if err != nil {
		return nil, err
	}
	if err := r.data.load(c, d, counts); err != nil {
		return nil, err
	}
	model := r.task.Model()
	model.Store.Memory.Make()
	r.device = device.Name()
	r.record = Record{Config: c, Facts: Facts{
		Classes: d.Classes, Counts: r.data.total, Order: r.data.order, Steps: r.data.steps, Params: len(model.Weights),
	}}
	rng := rand.New(rand.NewPCG(stream(c.Seed, c.WeightSeed, weightStream), weightStream))
	model.Init(rng)
	r.task.Init(rng)
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
	r.plan, _ = c.Schedules()
	r.task.Configure(c)
}

// Close ends what the device has running.
func (r *Run) Close() { r.task.Model().Close() }

// Config is the configuration in force.
func (r *Run) Config() Config { return r.config }

// Record is what has been seen of the run so far.
func (r *Run) Record() Record {
	record, _, err := r.record.after(r.history)
	if err != nil {
		panic(err) // Restore has read it
	}
	record.Next, record.Failed = r.next, r.Failed
	return record
}

// Facts are what the run found in its data and made of its configuration.
func (r *Run) Facts() Facts { return r.record.Facts }

// Done says whether the run has come to its end: after its epochs, or before, for a reason that its last event has.
func (r *Run) Done() bool { return r.Epoch >= r.config.Epochs || r.Ended != "" }

// Change takes the schedules and the mixing of c from the next epoch on; no other field may differ.
func (r *Run) Change(c Config) error {
	if err := r.config.MayBecome(c); err != nil {
		return err
	}
	r.next = &c
	return nil
}

// Step trains on one batch, or evaluates one at the end of an epoch, and returns what happened. Where an image cannot be read,
// nothing has: the error names it, the run stands where it stood, and another Step tries again. Where the device fails, which is
// a nn.DeviceError, this run is at its end, and what was saved of it last may go on.
func (r *Run) Step() (events []Event, err error) {
	epoch, at := r.Epoch, r.At
	switch {
	case r.Failed != "":
		return nil, errors.New(r.Failed)
	case r.lost != nil:
		return nil, r.lost
	case r.Done():
		return nil, nil
	case r.train.Model == nil && r.At > 0: // the first step since Restore
		r.enter()
		return r.Step()
	case r.At < r.data.steps:
		config, next, mix := r.config, r.next, *r.mixRandom
		r.data.mark()
		if events, err = r.learn(); err != nil && r.Failed == "" {
			r.next, *r.mixRandom, events = next, mix, nil
			r.data.back()
			r.schedule(config)
		}
	default:
		events, err = r.test()
	}
	if failed := r.broken(); failed != nil {
		r.Epoch, r.At = epoch, at
		r.lost = fmt.Errorf("%s: %w", r.where(), failed)
		return nil, r.lost
	}
	if err != nil && r.Failed == "" {
		err = r.unread(err)
	} else {
		r.record.computed(r.device, epoch == 0 && at == 0)
	}
	r.record.Events = append(r.record.Events, events...)
	if n := len(events); n > 0 && events[n-1].Kind == EpochDone {
		r.history.add(r.record.Events)
		r.record.Events = nil
	}
	return events, err
}

// broken is the device's failure in the last pass, if it failed.
func (r *Run) broken() error {
	if failed, is := errors.AsType[nn.DeviceError](r.task.Model().Fault()); is {
		return failed
	}
	return nil
}

// unread says where the run stands of which an image could not be read.
func (r *Run) unread(err error) error { return fmt.Errorf("%s, %w", r.where(), err) }

// where says where the run stands, counted from 1.
func (r *Run) where() string {
	if r.At == r.data.steps {
		return fmt.Sprintf("epoch %d, test", r.Epoch+1)
	}
	return fmt.Sprintf("epoch %d, step %d", r.Epoch+1, r.At+1)
}

// enter has the task begin the epoch, or go on with it.
func (r *Run) enter() {
	r.train = bbn.Objective{Model: r.task.Model()}
	r.pair = r.task.Epoch(r.Epoch, r.data.counts, &r.train)
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
	e := Event{Kind: StepDone, Epoch: r.Epoch, Step: r.At, Steps: r.data.steps}
	e.Rate = r.plan.Weights.At(r.Epoch)
	e.Mix = r.plan.Mix.At(r.Epoch, rand.New(r.mixRandom))
	if r.At == 0 {
		r.enter()
	}
	r.train.A = e.Mix
	if err := r.data.Draw(&r.train, r.pair); err != nil {
		return nil, err
	}
	if err := r.task.Before(&e, &r.train, &r.data); err != nil {
		return nil, err
	}
	if err := r.check(", architecture step", e.ArchLoss, nil); err != nil {
		return events, err
	}
	e.Loss = r.train.Gradient(r.train.Model.Weights, r.task.Alpha(), r.dw, r.task.AlphaGradient(), true)
	if err := r.check(", weight step", e.Loss, r.dw); err != nil {
		return events, err
	}
	r.task.Descend(r.dw, e.Rate)
	r.At++
	r.Losses += e.Loss
	r.ArchLosses += e.ArchLoss
	return append(events, e), nil
}

// Drawn is the weights' last batch of a branch, as it is before augmentation: images of 3 × size × size bytes one after the
// other, and their labels. Without the branch, or before the first step, it is empty.
func (r *Run) Drawn(branch int) (pixels []byte, labels []int, size int, err error) {
	b, set := &r.data, &r.data.set.Train
	if branch < r.task.Model().Branches() && r.At > 0 {
		for _, i := range b.loaders[2*r.pair+branch].indices {
			if err := b.read(set, "training", i); err != nil {
				return nil, nil, 0, r.unread(err)
			}
			pixels, labels = append(pixels, b.image...), append(labels, set.Labels[i])
		}
	}
	return pixels, labels, set.Size, nil
}

// check stops a run at the first value that is no number, and names step and layer.
func (r *Run) check(part string, loss float64, grad []float32) error {
	if finite(loss) && (grad == nil || finite(nn.Norm(grad))) {
		return nil
	}
	first := ""
	if grad != nil {
		first = r.task.Model().NonFinite(grad)
	}
	return r.fail(part, first)
}

// sound stops a run that has a value which is no number, which no snapshot may hold.
func (r *Run) sound() error {
	first := ""
	look := func(name string, finite bool) {
		if !finite && first == "" {
			first = name
		}
	}
	r.arrays(func(name string, v []float32, _ ...int) { look(name, nn.Finite(v)) }, func(name string, v []float64) { look(name, finite(v...)) })
	if first == "" {
		return nil
	}
	return r.fail("", first)
}

// fail stops the run at a value that is no number, and says where that was first seen.
func (r *Run) fail(part, first string) error {
	if fault := r.task.Model().Fault(); fault != nil {
		first = fault.Error()
	}
	r.Failed = fmt.Sprintf("%s%s: not a finite number, first in %s; take a lower rate", r.where(), part, cmp.Or(first, "the classifier"))
	return errors.New(r.Failed)
}

// test evaluates one batch of balanced test images; after the last it closes the epoch.
func (r *Run) test() ([]Event, error) {
	m, b := r.task.Model(), &r.data
	size, all := m.Shape.Batch, len(b.test)
	test, first := r.Tested/all, r.Tested%all
	if r.Tested == 0 {
		if err := r.sound(); err != nil {
			return nil, err
		}
	}
	n := min(size, all-first)
	if err := b.fillTest(first, n, size); err != nil {
		return nil, err
	}
	logits := r.task.Predict(test, b.testing)
	if !nn.Finite(logits) {
		return nil, r.fail("", "")
	}
	for i := range n {
		best, y := taken(logits, size, i), b.set.Test.Labels[b.test[first+i]]
		switch {
		case test == 0:
			r.Confusion[y][best]++
			r.Seen.add(logits[i:], size, m.Shape.Classes, best, y)
		case best == y && test == 1:
			r.Discrete++
		case best == y:
			r.Dropped++
		}
	}
	if r.Tested += n; r.Tested < r.task.Tests(r.Epoch)*all {
		return nil, nil
	}
	e := r.record.Events[len(r.record.Events)-1] // the last step's, with its rates
	e.Kind, e.Step = EpochDone, b.steps
	e.Loss, e.ArchLoss = r.Losses/float64(b.steps), r.ArchLosses/float64(b.steps)
	e.Report, e.Ended = r.report()
	r.Ended = e.Ended
	r.Epoch++
	r.At, r.Tested, r.Losses, r.ArchLosses, r.Discrete, r.Dropped, r.Seen = 0, 0, 0, 0, 0, 0, seen{}
	for _, row := range r.Confusion {
		clear(row)
	}
	return []Event{e}, nil
}

// taken is the class that image i of a batch is taken for.
func taken(logits []float32, batch, i int) (best int) {
	for c := range len(logits) / batch {
		if logits[c*batch+i] > logits[best*batch+i] {
			best = c
		}
	}
	return best
}

// Parts are those of the network that it can be tested without: none where its task knows of none.
func (r *Run) Parts() []string {
	if p, ok := r.task.(Parted); ok {
		return p.Parts()
	}
	return nil
}

// Without is the share of the first test images, so many or all there are, that the network is right on without one of its Parts,
// whose place among them is given, or, at -1, with all. It changes nothing of the run.
func (r *Run) Without(part, images int) (accuracy float64, err error) {
	task, ok := r.task.(Parted)
	b, size, right := &r.data, r.task.Model().Shape.Batch, 0
	if images = min(images, len(b.test)); !ok || images < 1 {
		return 0, fmt.Errorf("a network without parts, or no images to test it on")
	}
	epoch := r.Epoch // whose mixture the network has: the one under way, or the last
	if r.At == 0 {
		epoch = max(epoch-1, 0)
	}
	r.task.Epoch(epoch, r.data.counts, &bbn.Objective{Model: r.task.Model()})
	for first := 0; first < images; first += size {
		n := min(size, images-first)
		if err := b.fillTest(first, n, size); err != nil {
			return 0, err
		}
		logits := task.Without(part, b.testing)
		if err := r.broken(); err != nil {
			return 0, err
		}
		for i := range n {
			if taken(logits, size, i) == b.set.Test.Labels[b.test[first+i]] {
				right++
			}
		}
	}
	return float64(right) / float64(images), nil
}

package run

import (
	"math/rand/v2"

	"hlrslab/core/bbn"
	"hlrslab/core/nn"
)

// Task is what a run is about: searching a cell, say. The loop, the data and the weights' training are the Run's; a task has the
// network, what is trained beside its weights, and what is tested and reported of it.
type Task interface {
	// Model is the network.
	Model() *bbn.Model
	// Alpha are the architecture parameters, an argument of each of the model's passes.
	Alpha() []float32
	// AlphaGradient is where the weights' pass leaves its loss's gradient in Alpha; nil if it need not.
	AlphaGradient() []float64
	// Init draws what the task starts from, after the model's weights.
	Init(rng *rand.Rand)
	// Configure takes the schedules of a valid configuration into force.
	Configure(c Config)
	// Epoch begins an epoch, or goes on with it after Restore, where each Part of the images has so many of each class. It sets what
	// train takes of an objective for the epoch, and returns which pair of the loaders its batches come from.
	Epoch(epoch int, counts [][]int, train *bbn.Objective) (pair int)
	// Before is called ahead of a step of the weights, whose batches train has. It takes the task's own step on the batches that
	// it draws, and tells e of it; it may change the weights' rate. It draws before it changes anything, and its error is that of
	// drawing: the step is then taken anew.
	Before(e *Event, train *bbn.Objective, batches *Batches) error
	// Descend takes the weights along their gradient.
	Descend(grad []float32, rate float64)
	// Tests are the passes over the test images after an epoch: 1, 2 or, where operations are dropped (Config.Drops), 3. Predict returns the logits of one for a batch, classes × batch.
	Tests(epoch int) int
	Predict(test int, batch nn.Batch) []float32
	// Report adds the task's own to a report, and says why the run is to end with this epoch, if it is.
	Report(p *Report) (end string)
	// State calls single or double for each array that a snapshot keeps of it beside Alpha, and returns its counter of steps, which
	// one keeps too.
	State(single func(name string, v []float32), double func(name string, v []float64)) (steps *int)
}

// Parted is a Task whose network can be tested without one of its parts.
type Parted interface {
	// Parts names them.
	Parts() []string
	// Without is Predict's first without a part, whose place in Parts is given, or, at -1, with all.
	Without(part int, batch nn.Batch) []float32
}

// Maker makes a task: its arrays are reserved in its model's Store.Memory, and not made. Each batch of the weights comes from one
// or two loaders, those of the model's branches; so do a task's own. With an error it gives what could be made, so that its cost
// can be told.
type Maker func(c Config, classes int, device nn.Device, sgd *nn.SGD) (Task, []Loader, error)

// Loader says what batches are drawn from.
type Loader struct {
	Part    Part
	Sampler string // its kind
}

// Part is a part of the training images.
type Part int

// The weights' part, which is a half unless the configuration says otherwise, the architecture's, and both.
const (
	WeightHalf Part = iota
	ArchHalf
	Whole
)

package run

import "hlrslab/core/darts"

// Kind is what an Event tells.
type Kind string

// A step or an epoch was taken, or schedules were changed during the run.
const (
	StepDone  Kind = "step"
	EpochDone Kind = "epoch"
	Changed   Kind = "change"
)

// Event is what a Run reports after a step or an epoch: everything a chart, a progress bar or
// events.jsonl needs, and nothing of the engine. Epochs and steps count from 0.
type Event struct {
	Kind  Kind `json:"kind"`
	Epoch int  `json:"epoch"`
	Step  int  `json:"step"`  // step within the epoch; of EpochDone the number of steps
	Steps int  `json:"steps"` // steps of an epoch

	Loss     float64 `json:"loss"`      // of the weights' batch; of EpochDone the epoch's mean
	ArchLoss float64 `json:"arch-loss"` // of the architecture's batch; likewise
	Rate     float64 `json:"rate"`
	ArchRate float64 `json:"arch-rate"`
	Mix      float64 `json:"mix"` // weight of the conventional branch

	// Only of EpochDone:
	Ended  string  `json:"ended,omitempty"` // why the run ended here, where its task ended it
	Report *Report `json:"report,omitempty"`
	Config *Config `json:"config,omitempty"` // only of Changed: the configuration from the next epoch on
}

// Report is the part of an Event that closes an epoch.
type Report struct {
	Accuracy float64     `json:"accuracy"`  // balanced test accuracy, 0..1
	Classes  []int       `json:"classes"`   // from head to tail
	PerClass []float64   `json:"per-class"` // accuracy of each of Classes
	Head     float64     `json:"head"`
	Medium   float64     `json:"medium"`
	Tail     float64     `json:"tail"`
	Normal   [][]float64 `json:"normal"` // of a search, softmax of alpha: edges × primitives
	Reduce   [][]float64 `json:"reduce"`
	// EdgeWeights are those of the edges, of the normal cells and then of the reduction cells, where they have weights of their own.
	EdgeWeights []float64 `json:"edge-weights,omitempty"`
	Entropy     float64   `json:"entropy"` // mean over edges, nats
	// Eigenvalue is the largest of the architecture loss's second derivatives in alpha, where it was estimated.
	Eigenvalue float64        `json:"eigenvalue,omitempty"`
	Counts     map[string]int `json:"counts"` // of the genotype's operations: "skip", "pool", "conv"
	Genotype   darts.Genotype `json:"genotype"`
	// TestLoss is the mean cross-entropy of the test images, and Calibration the expected calibration error in 15 bins.
	TestLoss    float64 `json:"test-loss"`
	Calibration float64 `json:"calibration"`
	// Confusion counts the test images of each of Classes by the class, in the same order, that they were taken for.
	Confusion [][]int `json:"confusion"`
	// Discrete is the balanced accuracy of the genotype cut out of the search network, with its weights as they are: what
	// lacks to Accuracy is the discretisation gap.
	Discrete float64 `json:"discrete"`
	// Dropped is what went at the freeze that follows this epoch, where operations are dropped at it.
	Dropped *Drop `json:"dropped,omitempty"`
	// TauNormalised is the balanced accuracy of a trained network whose classifier is τ-normalised.
	TauNormalised float64 `json:"tau-normalised,omitempty"`
	// Energy is what the products of the genotype's network take with the multiplier, relative to the exact 8-bit one; 0 without one. A
	// search takes a network of its own channels and cells.
	Energy float64 `json:"energy,omitempty"`
}

// Drop is what is dropped from the mixtures of a search network at its freeze.
type Drop struct {
	Operations int     `json:"operations"` // dropped …
	Of         int     `json:"of"`         // … of so many that had a weight
	Accuracy   float64 `json:"accuracy"`   // balanced accuracy without them, with the weights as they are; Report.Accuracy is that with them
}

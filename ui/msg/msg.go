// Package msg is what the page and its workers say to each other: JSON, and bytes beside it.
package msg

import (
	"slices"

	"hlrslab/core/run"
)

// Command is the page's:
//
//	"start"    a new run of Config on the images at Pack
//	"restore"  go on with the run whose snapshot is in the bytes
//	"play", "pause", "stop"
//	"step"     take one batch; "epoch" go on to the end of the epoch
//	"speed"    take at most Speed steps a second; 0 is no limit
//	"save"     a snapshot at the end of the step that is under way
//	"change"   to Config's schedules from the next epoch on
//	"without"  test the run whose snapshot is in the bytes without Part, one of its run.Run.Parts, and with all
//	"images"   keep the pack that comes beside it as the person's own images
type Command struct {
	Do     string      `json:"do"`
	Run    int         `json:"run"` // counts the runs, so that a late report of one given up is known
	Config *run.Config `json:"config,omitempty"`
	Pack   string      `json:"pack,omitempty"` // where the images are: an address, "own", or empty for the toy set
	Speed  float64     `json:"speed,omitempty"`
	Part   int         `json:"part,omitempty"`
	Device string      `json:"device,omitempty"` // that a run starts on: GPU, or empty for the processor
}

// GPU is a Command's Device.
const GPU = "gpu"

// Report is the worker's: "ready", "started", "paused", "events", "done", "error", "images" if a run's images cannot be had, "lost"
// if the worker is no more, "snapshot" and "batch" with bytes beside them, or "without" with a Part's Accuracies.
type Report struct {
	Kind   string      `json:"kind"`
	Run    int         `json:"run"`
	Events []run.Event `json:"events,omitempty"`
	Error  string      `json:"error,omitempty"`
	Facts  *run.Facts  `json:"facts,omitempty"`
	Batch  *Batch      `json:"batch,omitempty"`
	Device string      `json:"device,omitempty"` // the name of the GPU that a run was started on
	Part   int         `json:"part,omitempty"`
	// Accuracies are those of the whole network, and of that without the part.
	Accuracies [2]float64 `json:"accuracies,omitzero"`
}

// Steps says whether a report's events are steps within an epoch, after its first.
func (r Report) Steps() bool {
	return !slices.ContainsFunc(r.Events, func(e run.Event) bool { return e.Kind != "step" || e.Step == 0 })
}

// Batch is what the branches were last shown; the bytes beside it are the images of the first branch, then of the second.
type Batch struct {
	Size   int     `json:"size"`   // side in pixels
	Labels [][]int `json:"labels"` // of each branch
}

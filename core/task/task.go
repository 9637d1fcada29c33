// Package task has the tasks that configurations name, for runs of any of them.
package task

import (
	"io"

	"hlrslab/core/data"
	"hlrslab/core/nn"
	"hlrslab/core/run"
	"hlrslab/core/search"
	"hlrslab/core/train"
)

// Make is the run.Maker of whatever task a configuration names.
func Make(c run.Config, classes int, device nn.Device, sgd *nn.SGD) (run.Task, []run.Loader, error) {
	if c.Task == run.Train {
		return train.Task(c, classes, device, sgd)
	}
	return search.Task(c, classes, device, sgd)
}

// New prepares a run on d, on a device. Close it.
func New(c run.Config, d *data.Dataset, device nn.Device) (*run.Run, error) {
	return run.New(c, d, device, Make)
}

// Restore reads a run's snapshot and prepares it on d, on a device, as run.Restore does.
func Restore(r io.Reader, d *data.Dataset, device nn.Device) (*run.Run, error) {
	return run.Restore(r, d, device, Make)
}

// Cost says what a run on images of so many classes takes, as Config.Cost does.
func Cost(c run.Config, classes int, device nn.Device) (run.Cost, error) {
	return c.Cost(classes, device, Make)
}

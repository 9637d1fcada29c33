package run_test

import (
	"bytes"
	"errors"
	"testing"

	"hlrslab/core/nn"
	. "hlrslab/core/run"
	"hlrslab/core/task"
)

var errGone = errors.New("the device is gone")

// failing is a device that fails at the left-th pass from now, and from then on.
type failing struct {
	nn.Device
	left *int
}

func (d failing) Compile(p *nn.Program) (nn.Executor, error) {
	e, err := d.Device.Compile(p)
	return failingExecutor{e, d.left}, err
}

type failingExecutor struct {
	nn.Executor
	left *int
}

func (e failingExecutor) Run(p nn.Pass) (float64, error) {
	if *e.left--; *e.left < 0 {
		return 0, nn.DeviceError{Err: errGone}
	}
	return e.Executor.Run(p)
}

// TestFailingDevice has the device fail at passes of an epoch, tests and the Hessian's included: that step is an error and did not
// happen, no other is taken, and nothing is saved of what the run then has.
func TestFailingDevice(t *testing.T) {
	c := tiny(t)
	c.Epochs, c.NMax, c.Imbalance, c.TestImages, c.Size, c.Order, c.HessianEvery = 2, 16, 4, 20, 8, 2, 1
	for after := 0; ; after += 1 + after/8 {
		left := after
		r, err := task.New(c, toy(), failing{on(1), &left})
		if err != nil {
			t.Fatal(err)
		}
		for err == nil && r.Epoch == 0 {
			epoch, at := r.Epoch, r.At
			var events []Event
			if events, err = r.Step(); left < 0 != errors.Is(err, errGone) || err != nil && (len(events) > 0 || r.Epoch != epoch || r.At != at) {
				t.Fatalf("after %d passes: %v at epoch %d, step %d, which ends at epoch %d, step %d", after, err, epoch, at, r.Epoch, r.At)
			}
		}
		if r.Epoch > 0 {
			if r.Close(); after < 20 {
				t.Errorf("an epoch has %d passes", after)
			}
			return
		}
		left = 100
		if _, err := r.Step(); !errors.Is(err, errGone) {
			t.Errorf("after %d passes, the run goes on: %v", after, err)
		}
		if err := r.Snapshot(&bytes.Buffer{}); !errors.Is(err, errGone) {
			t.Errorf("after %d passes, it is saved: %v", after, err)
		}
		r.Close()
	}
}

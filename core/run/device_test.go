package run_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
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

// named is a device of another name.
type named struct {
	nn.Device
	name string
}

func (d named) Name() string { return d.name }

// TestDevices: a run names what computed it, from one device to the next; of the processor alone nothing is written.
func TestDevices(t *testing.T) {
	c := few(t)
	card, other := named{on(1), "a card"}, named{on(1), "another"}
	r := start(t, c, 1)
	saved := func() []byte {
		raw := snapshot(t, r)
		record, err := ReadRecord(bytes.NewReader(raw))
		if err != nil || !slices.Equal(record.Devices, r.Record().Devices) {
			t.Fatalf("the snapshot has the devices %q, and the run %q: %v", record.Devices, r.Record().Devices, err)
		}
		return raw
	}
	if got := r.Record().On().String(); got != "" {
		t.Errorf("before its first step it was computed on %q", got)
	}
	for i, turn := range []struct {
		on    nn.Device
		steps int
		want  string
	}{
		{on(1), 1, "CPU"},
		{card, 0, "CPU"}, // where nothing was computed
		{on(2), 1, "CPU"},
		{card, 2, "CPU, then a card"},
		{other, 1, "CPU, then a card, then another"},
		{card, 1, "CPU, then a card, then another, then a card"},
		{on(1), 1, "CPU, then a card, then another, then a card, then CPU"},
	} {
		raw := saved()
		if strings.Contains(string(raw), "devices") != (i > 3) {
			t.Errorf("before turn %d, the snapshot has devices, or none: %s", i, r.Record().On())
		}
		r.Close()
		var err error
		if r, err = task.Restore(bytes.NewReader(raw), toy(), turn.on); err != nil {
			t.Fatal(err)
		}
		for range turn.steps {
			if _, err := r.Step(); err != nil {
				t.Fatal(err)
			}
		}
		if got := r.Record().On().String(); got != turn.want {
			t.Errorf("turn %d: %q, want %q", i, got, turn.want)
		}
	}
	saved()
	if thin, err := r.Record().Thinned(); err != nil || !slices.Equal(thin.Devices, r.Record().Devices) {
		t.Errorf("thinned it has the devices %q: %v", thin.Devices, err)
	}
	r.Close()
	r, err := task.New(c, toy(), card)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Step(); err != nil || r.Record().On().String() != "a card" {
		t.Errorf("begun on a card, it was computed on %q: %v", r.Record().On(), err)
	}
	for _, wrong := range []Devices{{"CPU"}, {""}, {"a card", "a card"}} {
		record := r.Record()
		if record.Devices = wrong; record.Validate() == nil {
			t.Errorf("%q are valid", wrong)
		}
	}
}

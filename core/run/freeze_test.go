package run_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"hlrslab/core/data"
	. "hlrslab/core/run"
	"hlrslab/core/task"
)

// frozen is a short run with its freeze after the second epoch.
func frozen(t testing.TB) Config {
	c := short(t)
	c.Epochs, c.FreezeAt, c.DropBelow, c.ArchRate = 5, 2, 0.125, 0.05
	return c
}

// TestFreeze: from the freeze on the alphas keep their bits and no step is theirs, what was dropped weighs nothing, and the genotype is
// the one that was found.
func TestFreeze(t *testing.T) {
	c := frozen(t)
	r := start(t, c, 1)
	var alpha []float32
	var steps int
	var epochs []*Report
	for !r.Done() {
		if r.Epoch == c.FreezeAt && alpha == nil {
			alpha, steps = slices.Clone(r.Task().Alpha()), *r.Steps()
		}
		events, err := r.Step()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if rests := e.ArchLoss == 0 && e.ArchRate == 0; rests != c.Frozen(e.Epoch) {
				t.Errorf("epoch %d: architecture's loss %v, rate %v", e.Epoch, e.ArchLoss, e.ArchRate)
			}
			if e.Report != nil {
				epochs = append(epochs, e.Report)
			}
		}
	}
	if !slices.Equal(r.Task().Alpha(), alpha) || *r.Steps() != steps || steps != c.FreezeAt*r.Facts().Steps {
		t.Errorf("after %d steps of the architecture, of which %d after the freeze, the alphas are %v, and frozen were %v", *r.Steps(), *r.Steps()-steps, r.Task().Alpha(), alpha)
	}
	weighing := func(p *Report) (n int) {
		for _, row := range slices.Concat(p.Normal, p.Reduce) {
			if slices.Max(row) == 0 {
				t.Error("nothing is left of an edge")
			}
			for _, v := range row {
				if v > 0 {
					n++
				}
			}
		}
		return n
	}
	for e, p := range epochs {
		if (p.Dropped != nil) != (e == c.FreezeAt-1) {
			t.Errorf("epoch %d: dropped is %v", e, p.Dropped)
		}
		if e >= c.FreezeAt && p.Genotype.String() != epochs[c.FreezeAt-1].Genotype.String() {
			t.Errorf("epoch %d: another genotype than the frozen one", e)
		}
	}
	before, after, last := epochs[c.FreezeAt-1], epochs[c.FreezeAt], epochs[c.Epochs-1]
	d := before.Dropped
	if d.Of != weighing(before) || d.Of-d.Operations != weighing(after) || d.Operations == 0 || weighing(last) != weighing(after) {
		t.Errorf("%+v, and of %d operations %d are left, in the end %d", d, weighing(before), weighing(after), weighing(last))
	}
}

// TestDroppedAccuracy: what is told of the network without the dropped operations is what it has when the next epoch begins.
func TestDroppedAccuracy(t *testing.T) {
	c := frozen(t)
	c.TestImages, c.NMax, c.Pool, c.Imbalance, c.Batch = 200, 60, 60, 1, 8
	for _, mixture := range []string{"softmax", "sigmoid"} {
		c.Mixture = mixture
		if mixture == "sigmoid" {
			c.DropBelow = 0.5
		}
		r := start(t, c, 1)
		report := func(r *Run) *Report {
			for {
				events, err := r.Step()
				if err != nil {
					t.Fatal(err)
				}
				if n := len(events); n > 0 && events[n-1].Report != nil {
					return events[n-1].Report
				}
			}
		}
		report(r)
		before := report(r)
		next, err := task.Restore(bytes.NewReader(snapshot(t, r)), toy(), on(1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(next.Close)
		next.ToTest()
		after := report(next)
		d := before.Dropped
		if math.Abs(d.Accuracy-after.Accuracy) > 1e-9 || math.Abs(d.Accuracy-before.Accuracy) < 1e-9 || d.Operations == 0 || before.Discrete != after.Discrete {
			t.Errorf("%s: %+v; the accuracy was %v and is %v, that of the genotype %v and %v", mixture, d, before.Accuracy, after.Accuracy, before.Discrete, after.Discrete)
		}
	}
}

// TestFrozenOnAll: the weights have the images of their part before the freeze, and all of them after it.
func TestFrozenOnAll(t *testing.T) {
	c := frozen(t)
	c.Epochs, c.Branches, c.DropBelow = 40, "none", 0
	r := start(t, c, 1)
	seen := map[bool]map[int]bool{false: {}, true: {}} // by whether frozen
	for !r.Done() {
		epoch, at := r.Epoch, r.At
		if _, err := r.Step(); err != nil {
			t.Fatal(err)
		}
		if at < r.Facts().Steps {
			for _, i := range r.Indices(0) {
				seen[c.Frozen(epoch)][i] = true
			}
		}
	}
	total := 0
	for _, n := range r.Facts().Counts {
		total += n
	}
	if part := data.SplitSize(r.Facts().Counts, c.Halves, c.WeightShare); len(seen[false]) > part || len(seen[true]) != total {
		t.Errorf("of %d images the weights had %d of their %d before the freeze, and %d after it", total, len(seen[false]), part, len(seen[true]))
	}
}

// TestFreezeRefused: there is no freeze after the end, and no record of a step or of a drop that cannot have been.
func TestFreezeRefused(t *testing.T) {
	c := frozen(t)
	c.FreezeAt = c.Epochs
	if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), "freeze-at: ") {
		t.Errorf("a freeze after the end: %v", err)
	}
	c = frozen(t)
	r := start(t, c, 1)
	finish(t, r)
	if err := r.Record().Validate(); err != nil {
		t.Error(err)
	}
	for _, refused := range []struct {
		kind   Kind
		epoch  int
		change func(e *Event)
		want   string
	}{
		{StepDone, c.FreezeAt, func(e *Event) { e.ArchRate = 0.1 }, "which is frozen"},
		{EpochDone, c.Epochs - 1, func(e *Event) { e.ArchLoss = 1 }, "which is frozen"},
		{EpochDone, c.FreezeAt, func(e *Event) { e.Report.Dropped = &Drop{} }, "dropped at a freeze"},
		{EpochDone, c.FreezeAt - 1, func(e *Event) { e.Report.Dropped = nil }, "dropped at a freeze"},
		{EpochDone, c.FreezeAt - 1, func(e *Event) { e.Report.Dropped.Operations = e.Report.Dropped.Of + 1 }, "operations dropped"},
		{EpochDone, c.FreezeAt - 1, func(e *Event) { e.Report.Dropped.Of = 1000 }, "operations dropped"},
		{EpochDone, c.FreezeAt - 1, func(e *Event) { e.Report.Dropped.Accuracy = math.NaN() }, "to an accuracy of NaN"},
	} {
		record := r.Record()
		at := slices.IndexFunc(record.Events, func(e Event) bool { return e.Kind == refused.kind && e.Epoch == refused.epoch })
		refused.change(&record.Events[at])
		if err := record.Validate(); err == nil || !strings.Contains(err.Error(), refused.want) {
			t.Errorf("%v, want %s", err, refused.want)
		}
	}
}

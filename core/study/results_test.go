package study

import (
	"math"
	"slices"
	"strings"
	"testing"

	"hlrslab/core/run"
)

// came is what a job comes to: a search of the accuracy, and a training of one a tenth higher.
func came(j Job, accuracy float64) Result {
	of := func(c run.Config, accuracy float64) run.Record {
		return run.Record{Config: c, Events: []run.Event{{Kind: run.EpochDone, Epoch: c.Epochs - 1, Report: &run.Report{Accuracy: accuracy, TestLoss: 1 / accuracy}}}}
	}
	r := Result{Job: j, State: "done", Run: of(j.Config, accuracy)}
	if j.Train != nil {
		r.Training = of(*j.Train, accuracy+0.1)
	}
	return r
}

func TestSort(t *testing.T) {
	p, err := read(t, `{
		"base": {"preset": "tiny"}, "then-train": {"preset": "tiny"}, "baseline": "b, imbalance 20, arch-rate 0.01", "seeds": [3, 1, 2],
		"variants": [{"name": "a"}, {"name": "b", "set": {"arch-schedule": "const"}}],
		"vary": [{"field": "imbalance", "values": [5, 20]}, {"field": "arch-rate", "values": [0.01, 0.02]}]
	}`).Expand()
	if err != nil {
		t.Fatal(err)
	}
	var all []Result
	for _, j := range p.Jobs {
		v := 0.1 * float64(j.Seed)
		if strings.HasPrefix(j.Variant, "a") {
			v += 0.02 * float64(j.Seed)
		}
		if j.Config.Imbalance == 20 {
			v /= 2
		}
		all = append(all, came(j, v))
	}
	m, err := p.MeasureOf("")
	if err != nil || m.ID != "trained" {
		t.Fatal(m, err)
	}
	r := Sort(p, all, m)
	if want := []string{"a, arch-rate 0.01", "a, arch-rate 0.02", "b, arch-rate 0.01", "b, arch-rate 0.02"}; !slices.Equal(r.Methods, want) || r.Baseline != 2 {
		t.Errorf("methods %q, of which %d is the baseline", r.Methods, r.Baseline)
	}
	if want := []string{"imbalance 5", "imbalance 20"}; !slices.Equal(r.Tasks, want) {
		t.Errorf("tasks %q", r.Tasks)
	}
	values, of := r.Done(3, 1)
	for i, want := range []float64{25, 15, 20} { // in the order of the seeds
		near(t, "value", values[i], want, 1e-9)
		if of[i].Seed != r.Seeds[i] || of[i].Config.Imbalance != 20 || of[i].Variant != "b, imbalance 20, arch-rate 0.02" {
			t.Errorf("value %d is of %+v", i, of[i].Job)
		}
	}
	if s := r.Median(3, 1).Seed; s != 2 {
		t.Errorf("the median's seed is %d", s)
	}
	near(t, "on one task", r.Over(0, 0).Mean, 4, 1e-9)
	near(t, "on both", r.Over(0, 0, 1).Mean, 3, 1e-9)
	near(t, "another rate", r.Over(3, 0, 1).Mean, 0, 1e-9)

	// A seed that lacks a task is none of both tasks together, and one that is not done none of its own.
	r.At(0, 1, 1).Training.Events = nil
	if d := r.Over(0, 0, 1); len(d.Each) != 2 {
		t.Errorf("%d pairs", len(d.Each))
	}
	if d := r.Over(0, 0); len(d.Each) != 3 {
		t.Errorf("%d pairs", len(d.Each))
	}
	if search, err := p.MeasureOf("search"); err != nil {
		t.Error(err)
	} else if _, ok := search.Of(*r.At(0, 1, 1)); !ok {
		t.Error("a search that is done has no accuracy, as its training is not")
	}
	r.At(0, 0, 0).Run.Events[0].Epoch-- // under way
	if _, ok := m.Of(*r.At(0, 0, 0)); !ok {
		t.Error("the training's own end counts")
	}
	if search, _ := r.At(0, 0, 0).Records(); search == nil || search.Done() {
		t.Errorf("under way: %v", search)
	}
}

// TestOneTask: one task is named by its images, and variants on other images than the baseline's are not held against it.
func TestOneTask(t *testing.T) {
	p, err := read(t, `{"base": {"preset": "tiny"}, "seeds": 2}`).Expand()
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.MeasureOf("")
	if err != nil || m.ID != "search" {
		t.Fatal(m, err)
	}
	r := Sort(p, []Result{came(p.Jobs[0], 0.5), came(p.Jobs[1], 0.25)}, m)
	if !slices.Equal(r.Tasks, []string{"toy, imbalance 10"}) || !slices.Equal(r.Methods, []string{"base"}) || r.Median(0, 0).Seed != 2 {
		t.Errorf("%q on %q", r.Methods, r.Tasks)
	}
	if loss, err := p.MeasureOf("test-loss"); err != nil || !loss.Less {
		t.Error(err)
	} else if v, ok := loss.Of(r.All[1]); !ok || v != 4 {
		t.Errorf("loss %v", v)
	}
	if _, err := p.MeasureOf("trained"); err == nil || !strings.Contains(err.Error(), "choose one of search discrete head") {
		t.Errorf("error %v", err)
	}

	p, err = read(t, `{"base": {"preset": "tiny"}, "seeds": 2, "variants": [{"name": "a"}, {"name": "b", "set": {"imbalance": 3}}]}`).Expand()
	if err != nil {
		t.Fatal(err)
	}
	var all []Result
	for _, j := range p.Jobs {
		all = append(all, came(j, 0.5))
	}
	r = Sort(p, all, m)
	if d := r.Over(1, 0); len(r.Methods) != 2 || len(r.Tasks) != 2 || len(d.Each) != 0 || !math.IsNaN(d.Mean) {
		t.Errorf("%q on %q: %+v", r.Methods, r.Tasks, d)
	}
}

package run_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"hlrslab/core/cpu"
	"hlrslab/core/darts"
	"hlrslab/core/data"
	"hlrslab/core/nn"
	. "hlrslab/core/run"
	"hlrslab/core/search"
	"hlrslab/core/task"
)

func tiny(t testing.TB) Config {
	c, err := Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// toy is made once: drawing it takes longer than a tiny run.
var toy = sync.OnceValue(func() *data.Dataset { return data.Toy(1) })

func on(threads int) nn.Device { return &cpu.Device{Threads: threads} }

func start(t testing.TB, c Config, threads int) *Run {
	r, err := task.New(c, toy(), on(threads))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// finish runs r to its end.
func finish(t testing.TB, r *Run) (events []Event) {
	for !r.Done() {
		e, err := r.Step()
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e...)
	}
	return events
}

func snapshot(t testing.TB, r *Run) []byte {
	var b bytes.Buffer
	if err := r.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func text(t testing.TB, v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// natively skips what WebAssembly would only repeat: it runs the same code, and TestBits holds its numbers.
func natively(t *testing.T) {
	if runtime.GOARCH == "wasm" {
		t.Skip("the same natively, where it takes a fifth of the time")
	}
}

// TestPendingChangeIsSaved: a change made in the first epoch waits in a snapshot for the second.
func TestPendingChangeIsSaved(t *testing.T) {
	c := tiny(t)
	r := start(t, c, 1)
	if _, err := r.Step(); err != nil {
		t.Fatal(err)
	}
	changed := c
	changed.ArchSchedule, changed.ArchRate, changed.Mix = "const", 0.007, "equal"
	if err := r.Change(changed); err != nil {
		t.Fatal(err)
	}
	resumed, err := task.Restore(bytes.NewReader(snapshot(t, r)), toy(), on(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(resumed.Close)
	for name, r := range map[string]*Run{"the run": r, "the resumed one": resumed} {
		events := finish(t, r)
		if last := events[len(events)-1]; last.ArchRate != 0.007 || last.Mix != 0.5 {
			t.Errorf("%s ends with rate %v and mix %v, not with the change's 0.007 and 0.5", name, last.ArchRate, last.Mix)
		}
	}
}

// TestResumeIsExact stops runs of several kinds at random steps, epochs' tests included.
func TestResumeIsExact(t *testing.T) {
	natively(t)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, change := range []func(*Config){
		func(*Config) {},
		func(c *Config) { c.Order, c.Branches, c.ArchLoss = 2, "head", "uniform" },
		func(c *Config) { c.Branches, c.Sampler, c.Mix, c.Cutout = "none", "progressive", "beta", 4 },
		func(c *Config) { c.Mix, c.Rebalance, c.ArchPerStep = "beta", "balanced", true },
		func(c *Config) { // whose windows end within epochs and across them, while the temperature falls
			c.Method, c.ZOWindow, c.Mixture, c.CoolingEvery, c.ArchRate = "zo", 3, "sparsemax", 1, 0.1
		},
		func(c *Config) { c.Method, c.ZOWindow, c.ZOMomentum, c.Nesterov = "zo", 3, "official", true },
		func(c *Config) { c.Mixture, c.Penalty, c.PenaltyCourse = "sigmoid", "fair", "rising" },
		func(c *Config) { c.ClassGamma, c.ClassCourse, c.Order = 0.5, "falling", 2 },
		func(c *Config) { c.HessianEvery, c.Perturbation = 1, 0.3 },
		func(c *Config) { c.Part, c.Order, c.ArchRate = 2, 2, 0.1 },
		func(c *Config) { c.Method, c.Candidates, c.Steer = "random", 3, "-skip_connect" },
		func(c *Config) { c.ExtraSkip, c.Mixture, c.Steer = 1, "sigmoid", "-none" },
		func(c *Config) { c.Multiplier, c.Order, c.Branches = "mitchell", 2, "head" },
		func(c *Config) { c.Order, c.Penalty, c.PenaltyWeight, c.PenaltyCourse = 2, "entropy", -1, "falling" },
		func(c *Config) { // split anew in every epoch until it is frozen
			c.Resplit, c.WeightShare, c.Rebalance, c.FreezeAt, c.DropBelow, c.ArchRate, c.Steer = true, 0.8, "instance", 2, 0.125, 0.05, "-none"
		},
		func(c *Config) { // frozen in the midst of a window, of a mixture that would cool
			c.Method, c.ZOWindow, c.Mixture, c.CoolingEvery, c.FreezeAt, c.DropBelow = "zo", 4, "sparsemax", 1, 2, 0.2
		},
	} {
		c := tiny(t)
		change(&c)
		whole := start(t, c, 2)
		want := text(t, finish(t, whole))
		r := start(t, c, 1)
		var events []Event
		for !r.Done() {
			for range 1 + rng.IntN(12) {
				e, err := r.Step()
				if err != nil {
					t.Fatal(err)
				}
				events = append(events, e...)
			}
			next, err := task.Restore(bytes.NewReader(snapshot(t, r)), toy(), on(1))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(next.Close)
			r = next
		}
		if text(t, events) != want {
			t.Errorf("%+v: a run stopped and resumed reports other events", c)
		}
		if !bytes.Equal(snapshot(t, r), snapshot(t, whole)) {
			t.Errorf("%+v: a run stopped and resumed ends in other bits", c)
		}
	}
}

func TestChangeTakesEffectFromTheNextEpoch(t *testing.T) {
	c := tiny(t)
	r := start(t, c, 1)
	if _, err := r.Step(); err != nil {
		t.Fatal(err)
	}
	c.ArchSchedule, c.Mix = "const", "equal"
	if err := r.Change(c); err != nil {
		t.Fatal(err)
	}
	changed := -1
	for _, e := range finish(t, r) {
		switch {
		case e.Kind == Changed:
			changed = e.Epoch
			if !reflect.DeepEqual(*e.Config, c) {
				t.Error("the change's configuration is another")
			}
		case e.Epoch == 0 && e.Mix != 1 || e.Epoch > 0 && (e.Mix != 0.5 || e.ArchRate != c.ArchRate):
			t.Fatalf("epoch %d: mix %v, rate %v", e.Epoch, e.Mix, e.ArchRate)
		}
	}
	if changed != 1 {
		t.Errorf("changed in epoch %d", changed)
	}
	c.Channels++
	if at, ok := errors.AsType[FieldError](r.Change(c)); !ok || at.Field != "channels" {
		t.Errorf("a change of channels: %v", at)
	}
}

// TestSteeredInTheMidst: an operation that is forbidden during a run weighs nothing from the next epoch on, a pinned one is alone on its
// edge, and what was changed is in the record, from which a stopped run goes on alike.
func TestSteeredInTheMidst(t *testing.T) {
	natively(t)
	c := tiny(t)
	c.ArchRate = 0.05
	steered := c
	steered.Steer = "-skip_connect,+normal:k-1>0:sep_conv_3x3"
	skip, pinned := slices.Index(darts.Primitives, "skip_connect"), slices.Index(darts.Primitives, "sep_conv_3x3")
	var ends [][]byte
	for _, stop := range []bool{false, true} {
		r := start(t, c, 1)
		if _, err := r.Step(); err != nil {
			t.Fatal(err)
		}
		if err := r.Change(steered); err != nil {
			t.Fatal(err)
		}
		var epochs []*Report
		for !r.Done() {
			events, err := r.Step()
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if e.Report != nil {
					epochs = append(epochs, e.Report)
				}
			}
			if stop {
				next, err := task.Restore(bytes.NewReader(snapshot(t, r)), toy(), on(1))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(next.Close)
				r = next
			}
		}
		for e, p := range epochs {
			for i, row := range append(slices.Clone(p.Normal), p.Reduce...) {
				if (row[skip] == 0) != (e > 0) {
					t.Errorf("epoch %d, edge %d: skip weighs %v", e, i, row[skip])
				}
			}
			if alone := p.Normal[1][pinned] == 1; alone != (e > 0) {
				t.Errorf("epoch %d: the pinned operation weighs %v", e, p.Normal[1][pinned])
			}
		}
		if r.Config().Steer != steered.Steer {
			t.Errorf("the configuration in force forbids %q", r.Config().Steer)
		}
		ends = append(ends, snapshot(t, r))
	}
	if !bytes.Equal(ends[0], ends[1]) {
		t.Error("stopped and resumed, it ends in other bits")
	}
}

func TestFailureIsNamed(t *testing.T) {
	c := tiny(t)
	r := start(t, c, 1)
	m := r.Task().Model()
	m.Weights[m.Store.Weights.List[5].Off] = float32(1e38)
	m.Weights[m.Store.Weights.List[5].Off+1] = float32(1e38)
	for range 3 {
		if _, err := r.Step(); err != nil {
			if !strings.Contains(err.Error(), "epoch 1, step 1, architecture step: ") || !strings.Contains(err.Error(), "cell") {
				t.Errorf("the failure does not say where: %v", err)
			}
			if _, again := r.Step(); again == nil {
				t.Error("a failed run goes on")
			}
			return
		}
	}
	t.Error("the run goes on with values that are no numbers")
}

// TestUnsound: what is not a finite number is in no snapshot, whatever a step made of it; and a snapshot tells why its run failed later.
func TestUnsound(t *testing.T) {
	r := start(t, tiny(t), 1)
	for range 2 {
		if _, err := r.Step(); err != nil {
			t.Fatal(err)
		}
	}
	sound := snapshot(t, r)
	running := r.Task().Model().Running
	running[len(running)-1] = float32(math.Inf(1))
	var b bytes.Buffer
	err := r.Snapshot(&b)
	if err == nil || b.Len() > 0 || !strings.HasPrefix(err.Error(), "epoch 1, step 3: not a finite number, first in running/") {
		t.Fatalf("%d bytes, %v", b.Len(), err)
	}
	if _, again := r.Step(); again == nil || again.Error() != err.Error() || r.Record().Failed != err.Error() {
		t.Errorf("it goes on: %v, %q", again, r.Record().Failed)
	}
	if err := MarkFailed(&b, bytes.NewReader(sound), r.Failed); err != nil {
		t.Fatal(err)
	}
	record, err := ReadRecord(bytes.NewReader(b.Bytes()))
	if err != nil || record.Failed != r.Failed {
		t.Errorf("%q, %v", record.Failed, err)
	}
	resumed, err := task.Restore(&b, toy(), on(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(resumed.Close)
	if !bytes.Equal(snapshot(t, resumed), sound) {
		t.Error("gone on with, the mark is still there")
	}
}

func TestConfigurationErrorsNameTheField(t *testing.T) {
	for field, change := range map[string]func(*Config){
		"channels": func(c *Config) { c.Channels = 1 }, "size": func(c *Config) { c.Size = 20 },
		"imbalance": func(c *Config) { c.Imbalance = 1000 }, "arch-schedule": func(c *Config) { c.ArchSchedule = "magic" },
		"mix": func(c *Config) { c.Mix = "magic" }, "arch-points": func(c *Config) { c.ArchSchedule, c.ArchPoints = "drawn", "1:1" },
		"n-max": func(c *Config) { c.NMax, c.Imbalance = 5000, 1 }, "batch": func(c *Config) { c.Batch = 512 },
		"test-images": func(c *Config) { c.TestImages = 15 }, "rate-min": func(c *Config) { c.RateMin = 0.5 },
		"dataset": func(c *Config) { c.Dataset = "cifar10" }, "mix-param": func(c *Config) { c.Mix, c.MixParam = "beta", 0.01 },
		"arch-warmup": func(c *Config) { c.ArchWarmup = 3 }, "sampler": func(c *Config) { c.Sampler = "" },
		"multiplier": func(c *Config) { c.Multiplier = "trunc9" },
	} {
		c := tiny(t)
		change(&c)
		r, err := task.New(c, toy(), on(1))
		if err == nil {
			r.Close()
		}
		if at, ok := errors.AsType[FieldError](err); !ok || at.Field != field || !strings.HasPrefix(err.Error(), field+": ") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"epohcs": 3}`:                `unknown field "epohcs"; did you mean epochs`,
		`{"Epochs": 3}`:                `unknown field "Epochs"`,
		`{"dataset": ""}`:              `dataset: there is no ""; choose one of cifar10, toy, own`,
		`{"dataset": null}`:            `dataset: null is not one of cifar10, toy, own`,
		`{"arch-milestones": null}`:    `arch-milestones: null`,
		`{"epochs": null}`:             `epochs: null`,
		`{"epochs": 3.5}`:              `epochs: 3.5 is not a whole number from 1 to 1000`,
		`{"epochs": "3"}`:              `epochs: "3" is not`,
		`{"epochs": 3, "epochs": 4}`:   `duplicate`,
		`{"epochs": 3, "epochs": 3}`:   `"epochs"`,
		`{"epochs": 0}`:                `epochs: 0 is outside 1 to 1000`,
		`{"seed": -1}`:                 `seed: -1 is not`,
		`{"rate": 1e999}`:              `rate: 1e999 is not`,
		`{"mix": ""}`:                  `mix: there is no ""; choose one of equal, parabolic`,
		`null`:                         `null is none`,
		`[]`:                           `configuration: `,
		``:                             `configuration: `,
		`{}{}`:                         `configuration: `,
		`{"arch-milestones": [1, {}]}`: `arch-milestones: [1, {}] is not`,
	} {
		c, was := tiny(t), tiny(t)
		if err := c.Decode(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
		if !reflect.DeepEqual(c, was) {
			t.Errorf("%s: refused, and taken in part", text)
		}
	}
	c := tiny(t)
	c.ArchMilestones = []float64{1, 2, 3}
	if err := c.Decode(strings.NewReader(`{"arch-milestones": [2], "seed": 7}`)); err != nil || len(c.ArchMilestones) != 1 || c.Seed != 7 || c.Dataset != "toy" {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestOldFile reads what has fewer fields than there are now, at every place where a configuration stands.
func TestOldFile(t *testing.T) {
	var e struct {
		Config *Config
		None   *Config
	}
	if err := json.Unmarshal([]byte(`{"Config": {"epochs": 7}, "None": null}`), &e); err != nil || e.Config.Epochs != 7 || e.Config.ArchEqual != "peak" || !e.Config.Crop || e.None != nil {
		t.Errorf("%+v, %v", e.Config, err)
	}
}

// TestLDAMRates holds the rate of LDAM's recipe at what its authors' program has: warmed up in 5 epochs, a hundredth after 160 and
// a hundredth of that after 180.
func TestLDAMRates(t *testing.T) {
	c, err := TrainingPreset("ldam")
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Schedules()
	if err != nil {
		t.Fatal(err)
	}
	for epoch, want := range map[int]float64{0: 0.02, 4: 0.1, 5: 0.1, 159: 0.1, 160: 0.001, 179: 0.001, 180: 0.00001, 199: 0.00001} {
		if got := s.Weights.At(epoch); math.Abs(got-want) > 1e-12 {
			t.Errorf("epoch %d: %v, not %v", epoch, got, want)
		}
	}
}

func TestConfigurationRoundTrips(t *testing.T) {
	all := map[string]Config{}
	for _, named := range []struct {
		names  []string
		preset func(string) (Config, error)
	}{{Presets, Preset}, {TrainingPresets, TrainingPreset}} {
		for _, p := range named.names {
			c, err := named.preset(p)
			if err != nil {
				t.Fatal(err)
			}
			all[string(string(c.Task))+" "+p] = c
		}
		if _, err := named.preset("huge"); err == nil || !strings.Contains(err.Error(), strings.Join(named.names, ", ")) {
			t.Error(err)
		}
	}
	for p, c := range all {
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", p, err)
		}
		var b bytes.Buffer
		if err := c.Encode(&b); err != nil {
			t.Fatal(err)
		}
		var d Config
		if err := d.Decode(&b); err != nil {
			t.Fatal(err)
		}
		for _, f := range Fields() {
			if f.Value(c) != f.Value(d) {
				t.Errorf("%s: %s is %s, was %s", p, f.Name, f.Value(d), f.Value(c))
			}
			e := c
			if err := f.Set(&e, f.Value(c)); err != nil || f.Value(e) != f.Value(c) {
				t.Errorf("%s: %s cannot be set to its own value: %v", p, f.Name, err)
			}
		}
	}
}

// TestDiscrete lets the alphas be one genotype already: cutting it out then changes nothing.
func TestDiscrete(t *testing.T) {
	r := start(t, tiny(t), 1)
	var p Report
	r.Task().Report(&p)
	alpha, nodes := r.Task().Alpha(), r.Config().Nodes
	for i, v := range p.Genotype.OneHot(nodes) {
		alpha[i] = 200 * v
		if i%len(darts.Primitives) == 0 { // edges that are not kept are cut
			alpha[i] = 100
		}
	}
	for epoch := range 2 { // each tests on its own account
		r.ToTest()
		var e []Event
		for len(e) == 0 {
			var err error
			if e, err = r.Step(); err != nil {
				t.Fatal(err)
			}
		}
		p := e[0].Report
		if p.Discrete != p.Accuracy || p.Accuracy == 0 {
			t.Errorf("epoch %d: cut out, the genotype has %v, and %v mixed", epoch, p.Discrete, p.Accuracy)
		}
		for i, row := range p.Confusion {
			n := 0
			for _, v := range row {
				n += v
			}
			if n != 5 || float64(row[i])/5 != p.PerClass[i] {
				t.Errorf("epoch %d, class %d: confusion %v, accuracy %v", epoch, i, row, p.PerClass[i])
			}
		}
	}
}

// ending is a search that ends with its second epoch.
type ending struct {
	Task
	epochs int
}

func (e *ending) Report(p *Report) string {
	e.Task.Report(p)
	if e.epochs++; e.epochs == 2 {
		return "it has seen enough"
	}
	return ""
}

// TestEnding: a task ends its run before the last epoch, for a reason that record and snapshot keep.
func TestEnding(t *testing.T) {
	maker := func(c Config, classes int, device nn.Device, sgd *nn.SGD) (Task, []Loader, error) {
		task, loaders, err := search.Task(c, classes, device, sgd)
		return &ending{Task: task}, loaders, err
	}
	r, err := New(tiny(t), toy(), on(1), maker)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	events := finish(t, r)
	if e := events[len(events)-1]; e.Epoch != 1 || e.Kind != EpochDone || e.Ended != "it has seen enough" {
		t.Errorf("the last event is %+v", e)
	}
	restored, err := Restore(bytes.NewReader(snapshot(t, r)), toy(), on(1), maker)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(restored.Close)
	if e, err := restored.Step(); !restored.Done() || len(e) > 0 || err != nil {
		t.Errorf("restored, it goes on: %v, %v", e, err)
	}
	record := restored.Record()
	if !record.Done() || record.Ended() != "it has seen enough" || record.Validate() != nil {
		t.Errorf("%q, %v", record.Ended(), record.Validate())
	}
	record.Events = append(record.Events, Event{Kind: StepDone, Epoch: 2, Steps: record.Facts.Steps})
	if err := record.Validate(); err == nil || !strings.Contains(err.Error(), "the run had ended") {
		t.Error(err)
	}
}

// TestWithout: with all its edges a network is right on as many test images as its report says, an edge that has no weight costs
// nothing, others change what it takes images for, and the run goes on as if nothing had been asked.
func TestWithout(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"darts":              func(*Config) {},
		"part":               func(c *Config) { c.Part = 2 },
		"random":             func(c *Config) { c.Method = "random" },
		"random cells, part": func(c *Config) { c.Method, c.Part = "random", 2 },
		"minus":              func(c *Config) { c.ExtraSkip = 0.5 },
		"sparse":             func(c *Config) { c.Mixture, c.CoolingEvery, c.Cooling, c.ArchRate = "sparsemax", 1, 0.1, 0.1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := tiny(t)
			c.Epochs, c.Nodes, c.TestImages, c.Rate = 2, 2, 50, 0.1
			change(&c)
			want := text(t, finish(t, start(t, c, 1)))
			r := start(t, c, 1)
			var events []Event
			for r.Epoch == 0 {
				e, err := r.Step()
				if err != nil {
					t.Fatal(err)
				}
				events = append(events, e...)
			}
			report := events[len(events)-1].Report
			whole, err := r.Without(-1, 10000)
			if err != nil || math.Abs(whole-report.Accuracy) > 1e-12 {
				t.Errorf("the whole network is right on %v of the test images, its report says %v (%v)", whole, report.Accuracy, err)
			}
			restored, err := task.Restore(bytes.NewReader(snapshot(t, r)), toy(), on(1))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(restored.Close)
			if again, err := restored.Without(-1, 10000); err != nil || again != whole {
				t.Errorf("after it was restored, the network is right on %v of the test images, before on %v (%v)", again, whole, err)
			}
			differ := 0
			for i := range r.Parts() {
				accuracy, err := r.Without(i, 10000)
				if err != nil {
					t.Fatal(err)
				}
				if accuracy != whole {
					differ++
				}
				if rows := append(slices.Clone(report.Normal), report.Reduce...); name == "random" && rows[i][0] == 1 && accuracy != whole {
					t.Errorf("%s is not in the cell, and leaving it out makes %v of %v", r.Parts()[i], accuracy, whole)
				}
			}
			if differ == 0 || len(r.Parts()) != 10 {
				t.Errorf("of %d edges none is of use", len(r.Parts()))
			}
			if got := text(t, append(events, finish(t, r)...)); got != want {
				t.Error("the run went on otherwise")
			}
		})
	}
}

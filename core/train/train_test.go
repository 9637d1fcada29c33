package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"hlrslab/core/bbn"
	"hlrslab/core/ckpt"
	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/nn"
	"hlrslab/core/run"
)

var toy = sync.OnceValue(func() *data.Dataset { return data.Toy(1) })

// few is a training of moments.
func few(t testing.TB) run.Config {
	c, err := run.Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	c.Task, c.Genotype, c.Branches = "train", "random:1", "none"
	c.NMax, c.Pool, c.Imbalance, c.TestImages, c.Batch, c.Epochs = 12, 60, 4, 20, 12, 3
	return c
}

// trainings differ in all that changes a step.
var trainings = map[string]func(c *run.Config){
	"cells":            func(*run.Config) {},
	"drop path":        func(c *run.Config) { c.DropPath, c.Cutout, c.Nesterov, c.Genotype = 0.5, 8, true, "NASNet" },
	"auxiliary":        func(c *run.Config) { c.Auxiliary, c.Size, c.Genotype = true, 32, "all:sep_conv_3x3" },
	"ResNet-32":        func(c *run.Config) { c.Network, c.Size, c.Loss, c.Epochs = "resnet-32", 8, "inverse", 2 },
	"BBN":              func(c *run.Config) { c.Branches, c.Mix, c.Mixup = "cell", "parabolic", 0.4 },
	"BBN-ResNet-32":    func(c *run.Config) { c.Network, c.Size, c.Branches, c.Epochs = "resnet-32", 8, "cell", 2 },
	"LDAM":             func(c *run.Config) { c.Loss, c.Mixup, c.Epochs = "ldam-drw", 1, 5 },
	"balanced softmax": func(c *run.Config) { c.Loss, c.Adjustment, c.Tau = "balanced-softmax", 1.5, 0.7 },
	"focal":            func(c *run.Config) { c.Loss, c.Late, c.Epochs = "cb-focal", "balanced", 5 },
	"cRT":              func(c *run.Config) { c.Retrain, c.RetrainEpochs, c.Epochs, c.Tau = "crt", 2, 4, 1 },
	"LWS":              func(c *run.Config) { c.Retrain, c.RetrainEpochs, c.Epochs, c.Branches = "lws", 2, 4, "cell" },
	"multiplier":       func(c *run.Config) { c.Multiplier, c.Genotype, c.DropPath = "mitchell", "NASNet", 0.3 },
	"truncated":        func(c *run.Config) { c.Multiplier, c.Branches = "trunc3", "cell" },
	"warm-up":          func(c *run.Config) { c.RateSchedule, c.RateWarmup, c.Epochs = "step", 1, 4 },
}

func start(t testing.TB, c run.Config, threads int) *run.Run {
	t.Helper()
	r, err := run.New(c, toy(), &cpu.Device{Threads: threads}, Task)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func finish(t testing.TB, r *run.Run) (events []run.Event) {
	t.Helper()
	for !r.Done() {
		e, err := r.Step()
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e...)
	}
	return events
}

func snapshot(t testing.TB, r *run.Run) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func text(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// arrays are those of a snapshot: all but its configuration, which grows by fields.
func arrays(t *testing.T, snapshot []byte) (all []byte) {
	t.Helper()
	f, err := ckpt.Read(bytes.NewReader(snapshot))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range f.Tensors {
		all = append(append(all, x.Name...), x.Data...)
	}
	return all
}

var update = flag.Bool("update", false, "write testdata/bits.json anew")

// TestBits: each training gives the bits that it gave when it was recorded, whatever the machine and the threads; and stopped and
// resumed at random steps, tests included, it ends in the same.
func TestBits(t *testing.T) {
	const file = "testdata/bits.json"
	want, got := map[string]string{}, map[string]string{}
	if raw, err := os.ReadFile(file); err == nil && !*update {
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for name, change := range trainings {
		c := few(t)
		change(&c)
		whole := start(t, c, 2)
		events := finish(t, whole)
		end := snapshot(t, whole)
		got[name] = fmt.Sprintf("%x", sha256.Sum256(append(arrays(t, end), text(t, events)...)))[:16]

		r := start(t, c, 1)
		var parts []run.Event
		for !r.Done() {
			for range 1 + rng.IntN(7) {
				e, err := r.Step()
				if err != nil {
					t.Fatal(err)
				}
				parts = append(parts, e...)
			}
			next, err := run.Restore(bytes.NewReader(snapshot(t, r)), toy(), &cpu.Device{Threads: 1}, Task)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			r.Close()
			r = next
		}
		if text(t, parts) != text(t, events) || !bytes.Equal(snapshot(t, r), end) {
			t.Errorf("%s: stopped and resumed, it ends otherwise", name)
		}
		r.Close()
		if record := whole.Record(); record.Validate() != nil || !record.Done() {
			t.Errorf("%s: %v", name, record.Validate())
		}
	}
	if *update {
		raw, err := json.MarshalIndent(got, "", "\t")
		if err == nil {
			err = os.WriteFile(file, append(raw, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v, and recorded are %v; if they have changed with reason, write them anew with -update", got, want)
	}
}

// TestLearns: on balanced toy images a small network soon knows most of them, so its loss and its calibration are no matter of chance.
func TestLearns(t *testing.T) {
	c := few(t)
	c.NMax, c.Imbalance, c.Epochs, c.Channels, c.Genotype, c.TestImages, c.Rate = 60, 1, 12, 8, "DARTS_V2", 100, 0.05
	events := finish(t, start(t, c, 2))
	first, last := events[0], events[len(events)-1].Report
	if last.Accuracy < 0.6 || last.TestLoss > 1.5 || last.TestLoss >= first.Loss || last.Calibration <= 0 || last.Calibration > 0.35 {
		t.Errorf("accuracy %v, loss %v from %v, calibration error %v", last.Accuracy, last.TestLoss, first.Loss, last.Calibration)
	}
}

// TestClassifierAlone: in the last epochs the trunk rests, the classifier of cRT begins anew, and LWS scales the rows that it has.
func TestClassifierAlone(t *testing.T) {
	for _, kind := range []run.Retraining{run.CRT, run.WeightScaling} {
		c := few(t)
		c.Retrain, c.RetrainEpochs, c.Epochs = kind, 2, 4
		var of run.Task
		r, err := run.New(c, toy(), &cpu.Device{Threads: 1}, func(c run.Config, classes int, device nn.Device, sgd *nn.SGD) (made run.Task, loaders []run.Loader, err error) {
			of, loaders, err = Task(c, classes, device, sgd)
			return of, loaders, err
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		for r.Epoch < 2 {
			if _, err := r.Step(); err != nil {
				t.Fatal(err)
			}
		}
		weights := func() ([]float32, *nn.Head) { return slices.Clone(of.Model().Weights), of.Model().Head }
		before, head := weights()
		events := finish(t, r)
		after, _ := weights()
		columns := head.Columns()
		for i := range before {
			row := (i - head.Weight) / columns
			switch inside := i >= head.Weight && i < head.Weight+head.Classes*columns; {
			case inside && kind == "lws":
				scale := after[head.Weight+row*columns] / before[head.Weight+row*columns]
				if d := after[i] - scale*before[i]; d > 1e-5 || d < -1e-5 || scale == 1 {
					t.Fatalf("class %d: weight %v became %v, and the first was scaled by %v", row, before[i], after[i], scale)
				}
			case inside || head.Bias >= 0 && i >= head.Bias && i < head.Bias+head.Classes:
				if kind == "crt" && before[i] == after[i] {
					t.Errorf("weight %d of the classifier stayed", i)
				}
			case before[i] != after[i]:
				t.Fatalf("%s: weight %d of the trunk moved", kind, i)
			}
		}
		if e := events[0]; e.Epoch != 2 || e.Rate != c.Rate {
			t.Errorf("%s: the classifier begins in epoch %d at rate %v", kind, e.Epoch, e.Rate)
		}
	}
}

// TestLate: what is deferred begins after four fifths of the network's epochs, the classifier's aside, and at the latest in the last
// one; drop path rises over the same epochs.
func TestLate(t *testing.T) {
	for _, c := range []struct{ epochs, retrain, first int }{{10, 0, 8}, {10, 3, 6}, {6, 0, 5}, {5, 0, 4}, {4, 0, 3}, {3, 0, 2}, {3, 1, 1}, {1, 0, 0}} {
		config := few(t)
		config.Epochs, config.Loss, config.Late, config.DropPath = c.epochs, "ldam-drw", "balanced", 0.5
		if c.retrain > 0 {
			config.Retrain, config.RetrainEpochs = run.CRT, c.retrain
		}
		if err := config.Validate(); err != nil {
			t.Fatal(err)
		}
		task, loaders, err := Task(config, 10, &cpu.Device{Threads: 1}, &nn.SGD{})
		if err != nil {
			t.Fatal(err)
		}
		task.Model().Store.Memory.Make()
		for epoch := range c.epochs - c.retrain {
			var o bbn.Objective
			pair := task.Epoch(epoch, [][]int{run.Whole: {9, 8, 7, 6, 5, 4, 3, 2, 1, 1}}, &o)
			if late := epoch >= c.first; (o.Loss.Weights != nil) != late || (loaders[2*pair].Sampler == "balanced") != late {
				t.Errorf("%+v: in epoch %d classes weigh %v, and the sampler is %s", c, epoch, o.Loss.Weights, loaders[2*pair].Sampler)
			}
			if (o.Masks != nil) != (epoch > 0) {
				t.Errorf("%+v: drop path in epoch %d: %v", c, epoch, o.Masks != nil)
			}
		}
		if f, _ := run.FieldOf("drop-path"); f.Counts(config) != (c.epochs-c.retrain > 1) {
			t.Errorf("%+v: drop path counts: %v", c, f.Counts(config))
		}
	}
}

// TestRefusals: what cannot be trained is refused, with the field that has to change.
func TestRefusals(t *testing.T) {
	for field, change := range map[string]func(c *run.Config){
		"genotype":       func(c *run.Config) { c.Genotype = "DARTS_V3" },
		"auxiliary":      func(c *run.Config) { c.Auxiliary = true },
		"retrain-epochs": func(c *run.Config) { c.Retrain, c.RetrainEpochs = "crt", 3 },
		"batch":          func(c *run.Config) { c.Batch = 512 },
		"rate-warmup":    func(c *run.Config) { c.RateWarmup = 3 },
	} {
		c := few(t)
		change(&c)
		r, err := run.New(c, toy(), &cpu.Device{Threads: 1}, Task)
		if err == nil {
			r.Close()
		}
		if at, ok := errors.AsType[run.FieldError](err); !ok || at.Field != field || !strings.HasPrefix(err.Error(), field+": ") {
			t.Errorf("%s: %v", field, err)
		}
	}
	c := few(t)
	c.Retrain = "lws"
	if err := c.Validate(); err == nil || err.Error() != "retrain-epochs: 10 epochs of re-training leave nothing of 3 epochs to train the network: take 2 or fewer, or more epochs" {
		t.Error(err)
	}
}

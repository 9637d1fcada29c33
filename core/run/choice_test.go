package run_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hlrslab/core/bbn"
	. "hlrslab/core/run"
)

// short is a run of moments in which nearly every field counts.
func short(t testing.TB) Config {
	c := tiny(t)
	c.Size, c.Pool, c.NMax, c.Imbalance, c.TestImages, c.Batch = 8, 8, 6, 2, 10, 4
	c.Nodes, c.Epochs, c.Rate, c.Mix = 1, 2, 0.1, "smooth-step"
	c.ArchPoints, c.MixPoints = "0:1,1:0.2", "0:1,0.5:0.3,1:0"
	return c
}

// seen is all that a configuration does: the events of its run, and its schedules over many epochs.
func seen(t *testing.T, c Config) string {
	t.Helper()
	r := start(t, c, 1)
	events := finish(t, r)
	if err := events[len(events)-1].Report.Genotype.Validate(); err != nil && c.Network == "cells" {
		t.Error(err)
	}
	c.Epochs = 40 // some families part late
	s, err := c.Schedules()
	if err != nil {
		t.Fatal(err)
	}
	var rates []float64
	for e := range c.Epochs {
		rates = append(rates, s.Weights.At(e))
	}
	return text(t, events) + text(t, s.Arch.Sample(s.Ties())) + text(t, s.Mix.Sample()) + text(t, rates)
}

// set is c with a field set to what text spells.
func set(t *testing.T, c Config, name, text string) Config {
	t.Helper()
	i := slices.IndexFunc(Fields(), func(f Field) bool { return f.Name == name })
	if err := Fields()[i].Set(&c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestEveryFieldCounts moves one field after the other: to each of its choices, to both of yes and no, or to the values below.
// Each value must make a run of its own.
func TestEveryFieldCounts(t *testing.T) {
	natively(t)
	// Where a field counts only in company of others, the company comes first.
	many := func(c *Config) { c.NMax, c.Pool, c.Imbalance, c.Batch, c.Epochs, c.Mix = 400, 400, 40, 64, 1, "equal" } // whose effective number is less
	company := map[string]func(*Config){
		"sampler":         many,
		"rebalance":       many,
		"rate-param":      func(c *Config) { c.RateSchedule = "exponential" },
		"rate-milestones": func(c *Config) { c.RateSchedule, c.Epochs = "step", 4 },
		"arch-ramp":       func(c *Config) { c.ArchWarmup = 1.5 },
		"arch-per-step":   func(c *Config) { c.ArchSchedule = "linear" },
		"arch-param":      func(c *Config) { c.ArchSchedule = "power" },
		"arch-milestones": func(c *Config) { c.ArchSchedule, c.Epochs = "step", 4 },
		"arch-points":     func(c *Config) { c.ArchSchedule = "drawn" },
		"mix-param":       func(c *Config) { c.Mix = "mirror" },
		"mix-points":      func(c *Config) { c.Mix = "drawn" },
		"adjustment":      func(c *Config) { c.Loss = "balanced-softmax" },
		"auxiliary":       func(c *Config) { c.Size = 32 },
		"retrain-epochs":  func(c *Config) { c.Retrain, c.Epochs = "crt", 3 },
		"retrain":         func(c *Config) { c.RetrainEpochs = 1 },
		"late-sampler":    func(c *Config) { many(c); c.Epochs = 10 },
		"cutout":          func(c *Config) { c.Crop, c.Flip = false, false },
		"candidates":      func(c *Config) { c.Method = "random" },
		"zo-window":       func(c *Config) { c.Method = "zo" },
		"zo-radius":       func(c *Config) { c.Method, c.ZOWindow, c.ZOFloor = "zo", 1, 1e-6 },
		"zo-floor":        func(c *Config) { c.Method, c.ZOWindow = "zo", 1 },
		"zo-momentum":     func(c *Config) { c.Method, c.ZOWindow = "zo", 2 },
		"temperature":     func(c *Config) { c.Mixture = "sparsemax" },
		"cooling":         func(c *Config) { c.Mixture, c.CoolingEvery = "sparsemax", 1 },
		"cooling-every":   func(c *Config) { c.Mixture = "sparsemax" },
		"class-limit":     func(c *Config) { c.ClassGamma = 1 },
		"class-course":    func(c *Config) { c.ClassGamma = 1 },
		"penalty-weight":  func(c *Config) { c.Penalty = "entropy" },
		"extra-course":    func(c *Config) { c.ExtraSkip = 1 },
		"penalty-course":  func(c *Config) { c.Penalty = "beta" },
		"hessian-stop":    func(c *Config) { c.HessianEvery, c.Epochs, c.ArchRate = 1, 12, 0.1 },
		"stop-skips":      func(c *Config) { c.Nodes = 4 },
		"drop-below":      func(c *Config) { c.FreezeAt = 1 },
		"keep-skips":      func(c *Config) { c.Nodes = 4 },
	}
	// Where a value makes sense only with another.
	with := map[[2]string]func(*Config){
		{"penalty", "fair"}: func(c *Config) { c.Mixture = "sigmoid" },
	}
	values := map[string][]string{
		"weight-share": {"0.5", "0.8"}, "freeze-at": {"0", "1"}, "drop-below": {"0", "0.125"}, "size": {"8", "16"}, "imbalance": {"2", "3"}, "n-max": {"6", "8"}, "pool": {"8", "20"}, "test-images": {"10", "20"}, "cutout": {"0", "4"},
		"adjustment": {"1", "2"}, "genotype": {"DARTS_V2", "random:1", "all:skip_connect"}, "drop-path": {"0", "0.5"}, "mixup": {"0", "0.5"},
		"retrain-epochs": {"1", "2"}, "tau": {"0", "1"},
		"channels": {"2", "3"}, "layers": {"3", "4"}, "nodes": {"1", "2"}, "multiplier": {"none", "exact", "trunc4", "mitchell"},
		"epochs": {"2", "3"}, "batch": {"4", "5"}, "rate": {"0.1", "0.2"}, "rate-min": {"0", "0.01"}, "momentum": {"0.9", "0.5"},
		"rate-param": {"0", "2"}, "rate-milestones": {"", "1", "1,3"}, "rate-warmup": {"0", "1"},
		"decay": {"0", "0.01"}, "clip": {"0", "0.1", "0.2"},
		"zo-window": {"1", "2"}, "zo-radius": {"0.005", "0.5"}, "zo-floor": {"0.001", "0.5"}, "candidates": {"1", "20"},
		"temperature": {"1.5", "0.5"}, "cooling": {"0.75", "0.5"}, "cooling-every": {"1", "2"},
		"class-gamma": {"0", "0.5", "1"}, "class-limit": {"100", "1.5"},
		"penalty-weight": {"0", "-1"}, "stop-skips": {"0", "1"}, "keep-skips": {"8", "0"}, "hessian-every": {"0", "1", "2"}, "perturbation": {"0", "0.1", "0.3"}, "extra-skip": {"0", "1"}, "part": {"1", "2"}, "steer": {"", "-none", "+normal:k-1>0:sep_conv_3x3"}, "hessian-stop": {"0", "0.000001"},
		"order": {"1", "2"}, "arch-rate": {"0", "0.01"}, "arch-decay": {"0", "0.1"},
		"arch-param": {"0", "0.5"}, "arch-milestones": {"", "1", "1,3"}, "arch-points": {"0:1,1:0", "0:1,1:0.5"}, "arch-floor": {"0", "0.5"}, "arch-warmup": {"0", "1"},
		"mix-param": {"0", "0.2"}, "mix-points": {"0:1,1:0", "0:1,1:0.5"},
		"seed": {"1", "2"}, "subset-seed": {"0", "1"}, "class-seed": {"0", "1"}, "weight-seed": {"0", "1"}, "sample-seed": {"0", "1"}, "augment-seed": {"0", "1"},
	}
	// What is one and the same, and why.
	alike := map[[2]string]string{
		{"parabolic", "power"}: "a power's default is the square",
	}
	for _, f := range Fields() {
		if f.Name == "dataset" || f.Name == "task" {
			continue // it says which images are to be given, and New refuses others: TestConfigurationErrorsNameTheField
		}
		t.Run(f.Name, func(t *testing.T) {
			choices := values[f.Name]
			switch {
			case f.Enum != nil:
				choices = f.Enum
			case f.Kind == reflect.Bool:
				choices = []string{"true", "false"}
			case len(choices) < 2:
				t.Fatal("a new field: give it two values that make different runs")
			}
			c := short(t)
			if !f.Of("search") {
				c.Task = "train"
			}
			if change := company[f.Name]; change != nil {
				change(&c)
			}
			did := map[string]string{}
			for _, v := range choices {
				c := set(t, c, f.Name, v)
				if change := with[[2]string{f.Name, v}]; change != nil {
					change(&c)
				}
				s := seen(t, c)
				if other, ok := did[s]; ok && alike[[2]string{other, v}] == "" {
					t.Errorf("%s does what %s does", v, other)
				}
				did[s] = v
			}
		})
	}
}

// TestBranchesAlone: without a second branch, what is said of it and of its mixing changes no step.
func TestBranchesAlone(t *testing.T) {
	c := short(t)
	c.Branches = "none"
	want := text(t, finish(t, start(t, c, 1)))
	for name, v := range map[string]string{"rebalance": "balanced", "mix": "equal", "mix-param": "0.5"} {
		if text(t, finish(t, start(t, set(t, c, name, v), 1))) != want {
			t.Errorf("%s %s changes a run without branches", name, v)
		}
	}
}

// TestDrawnAsRun: the schedules that are drawn are those that the run has, with two branches and with one, whose mixing is 1
// whatever is said of it.
func TestDrawnAsRun(t *testing.T) {
	for _, branches := range []bbn.Parting{"cell", bbn.Alone} {
		for _, family := range []string{"mixing-tied", "reverse-tied", "w-tied", "cosine"} {
			c := short(t)
			c.Branches, c.Mix, c.ArchSchedule, c.ArchEqual, c.Epochs = branches, "parabolic", family, "area", 3
			s, err := c.Schedules()
			if err != nil {
				t.Fatal(err)
			}
			rates, mixes := s.Arch.Sample(s.Ties()), s.Mix.Sample()
			for _, e := range finish(t, start(t, c, 1)) {
				if rate := c.ArchRate * rates[e.Epoch]; math.Abs(e.ArchRate-rate) > 1e-12 || e.Mix != mixes[e.Epoch] {
					t.Errorf("%s, branches %s: epoch %d has rate %v and mixing %v, and drawn are %v and %v", family, branches, e.Epoch, e.ArchRate, e.Mix, rate, mixes[e.Epoch])
				}
				if branches == bbn.Alone && e.Mix != 1 || branches == bbn.Alone && family == "mixing-tied" && e.ArchRate != c.ArchRate {
					t.Errorf("%s, branches %s: mixing %v, rate %v", family, branches, e.Mix, e.ArchRate)
				}
			}
		}
	}
}

// TestFeeds: which sampler draws each of a step's batches, by the chances of the classes, ∝ n^power of their n images.
func TestFeeds(t *testing.T) {
	for loss, first := range map[string]float64{"mix": 0, "uniform": 1, "logit-adjusted": 1, "drw": 1, "balanced": 0, "reverse": -1} {
		c := tiny(t)
		c.Sampler, c.Rebalance, c.ArchLoss = "balanced", "sqrt", loss
		r := start(t, c, 1)
		for i, power := range []float64{0, 0.5, first, 0.5} { // the weights' two branches, the architecture's two
			list := r.Chances(i)
			counts, sum := r.Counts(Part(i/2)), 0.0
			for class := range counts {
				sum += math.Pow(float64(counts[class]), power)
			}
			for class, n := range counts {
				if want := math.Pow(float64(n), power) / sum; math.Abs(list[class]-want) > 1e-12 {
					t.Errorf("%s, batch %d: class %d has chance %.3f, not %.3f", loss, i, class, list[class], want)
				}
			}
		}
	}
}

// TestNeeds: without what a field needs, moving it changes nothing.
func TestNeeds(t *testing.T) {
	natively(t)
	values := map[string][]string{
		"rebalance": {"balanced", "reversed"}, "mix": {"equal", "linear"}, "mix-param": {"0.2", "0.4"}, "mix-points": {"0:1,1:0", "0:1,1:0.5"},
		"network": {"cells", "resnet-32"}, "genotype": {"DARTS_V2", "NASNet"}, "auxiliary": {"false", "true"}, "drop-path": {"0", "0.5"}, "mixup": {"0", "1"},
		"late-sampler": {"none", "balanced"}, "retrain": {"none", "crt"}, "retrain-epochs": {"1", "2"}, "tau": {"0", "1"}, "adjustment": {"1", "2"},
		"channels": {"2", "3"}, "layers": {"3", "4"}, "multiplier": {"none", "trunc2"}, "rate-milestones": {"1", "1,3"}, "arch-milestones": {"1", "1,3"}, "arch-points": {"0:1,1:0", "0:1,1:0.5"}, "arch-ramp": {"false", "true"},
		"zo-window": {"1", "2"}, "zo-radius": {"0.005", "0.5"}, "zo-floor": {"0.001", "0.5"}, "zo-momentum": {"matched", "none"},
		"temperature": {"1.5", "0.5"}, "cooling": {"0.75", "0.5"}, "cooling-every": {"1", "2"}, "order": {"1", "2"},
		"perturbation": {"0", "0.3"}, "extra-course": {"falling", "constant"},
		"candidates": {"1", "2"}, "mixture": {"softmax", "sigmoid"}, "hessian-every": {"0", "1"},
		"arch-rate": {"0", "0.1"}, "arch-decay": {"0", "0.1"}, "arch-schedule": {"const", "cosine"}, "arch-param": {"0", "0.5"}, "arch-floor": {"0", "0.5"}, "arch-warmup": {"0", "1"},
		"arch-per-step": {"false", "true"}, "arch-equal": {"peak", "area"},
		"class-limit": {"100", "1.5"}, "class-course": {"constant", "rising"}, "hessian-stop": {"0", "0.000001"},
		"resplit": {"false", "true"}, "drop-below": {"0", "0.125"}, "penalty": {"none", "beta"}, "penalty-weight": {"0", "1"}, "penalty-course": {"constant", "rising"},
	}
	for _, f := range Fields() {
		if f.Needs == "" || f.Needs == "task=search" { // which are too many to try
			continue
		}
		c := short(t)
		c.Branches, c.Mix, c.ArchWarmup = "none", "mirror", 0
		if strings.Contains(f.Needs, "|") { // of a search, or of cells
			c.Task, c.Network, c.Epochs = "train", "resnet-32", 1
		}
		switch f.Needs {
		case "halves=stratified":
			c.Halves = "positional"
		case "method=darts":
			c.Method = "zo"
		case "method!=random":
			c.Method = "random"
		case "mixture=softmax":
			c.Mixture = "sigmoid"
		default:
			if !f.Of("train") {
				c.Task = "train"
			}
		}
		if f.Counts(c) {
			t.Errorf("%s counts where %s is not so", f.Name, f.Needs)
		}
		var runs []string
		for _, v := range values[f.Name] {
			runs = append(runs, text(t, finish(t, start(t, set(t, c, f.Name, v), 1))))
		}
		if len(runs) != 2 {
			t.Errorf("%s: there are no values to try", f.Name)
		} else if runs[0] != runs[1] {
			t.Errorf("%s needs %s, and yet it changes a run", f.Name, f.Needs)
		}
		wants := f.Wants()
		for _, w := range wants {
			if w.Other.Enum != nil && !slices.Contains(w.Other.Enum, w.Value) {
				t.Errorf("%s needs %s, which cannot be", f.Name, f.Needs)
			}
		}
		if len(wants) != 1+strings.Count(f.Needs, "|") {
			t.Errorf("%s needs %s, of which not all is a field", f.Name, f.Needs)
		}
	}
}

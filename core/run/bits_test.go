package run_test

import (
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"testing"

	. "hlrslab/core/run"
)

var update = flag.Bool("update", false, "write testdata/bits.json anew")

// bits are hashes of what a run reported.
type bits struct{ Losses, Alphas, Genotypes, Tests string }

// TestBits: runs that differ in all that changes a step give the bits that they gave when they were recorded, on every machine.
func TestBits(t *testing.T) {
	const file = "testdata/bits.json"
	var want map[string]bits
	raw, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(raw, &want)
	}
	if err != nil && !*update {
		t.Fatal(err)
	}
	got := map[string]bits{}
	for name, change := range map[string]func(c *Config){
		"cell":          func(*Config) {},
		"none":          func(c *Config) { c.Branches = "none" },
		"head":          func(c *Config) { c.Branches, c.ArchLoss = "head", "uniform" },
		"concat":        func(c *Config) { c.Branches, c.ArchLoss = "concat", "reverse" },
		"second order":  func(c *Config) { c.Order, c.Mix = 2, "linear" },
		"second, alone": func(c *Config) { c.Order, c.Branches, c.ArchLoss, c.Sampler = 2, "none", "balanced", "sqrt" },
		"second, head":  func(c *Config) { c.Order, c.Branches, c.ArchLoss, c.Batch = 2, "head", "logit-adjusted", 20 },
		"re-weighted":   func(c *Config) { c.Loss, c.Epochs, c.Sampler, c.Size, c.Channels = "cb", 3, "effective", 8, 3 },
		"focal":         func(c *Config) { c.Loss, c.Cutout, c.Crop, c.Sampler, c.Mix = "focal", 8, false, "progressive", "beta" },
		"balanced softmax": func(c *Config) {
			c.Loss, c.Flip, c.Rebalance, c.Clip, c.ArchLoss = "balanced-softmax", false, "balanced", 0.5, "uniform"
		},
		"nodes": func(c *Config) {
			c.Nodes, c.Layers, c.Batch, c.NMax, c.ArchSchedule, c.ArchWarmup = 4, 4, 18, 40, "cosine", 1
		},
		"32 pixels": func(c *Config) { c.Size, c.Halves = 32, "positional" },
		"per step": func(c *Config) {
			c.ArchPerStep, c.ArchEqual, c.Momentum, c.Decay, c.ArchDecay = true, "area", 0.5, 0.01, 0.1
		},
		"zero order": func(c *Config) {
			c.Method, c.ZOWindow, c.Mixture, c.CoolingEvery, c.ArchRate, c.Branches = "zo", 2, "sparsemax", 1, 0.1, "head"
		},
		"perturbed":     func(c *Config) { c.Perturbation, c.HessianEvery = 0.3, 2 },
		"part":          func(c *Config) { c.Part, c.Branches, c.Mixture, c.ArchRate = 2, "head", "sparsemax", 0.1 },
		"random cells":  func(c *Config) { c.Method, c.Candidates, c.Nodes = "random", 4, 2 },
		"one more skip": func(c *Config) { c.ExtraSkip, c.Order, c.Branches = 1, 2, "concat" },
		"by class":      func(c *Config) { c.ClassGamma, c.ClassCourse, c.Order, c.Branches = 1, "rising", 2, "head" },
		"multiplier":    func(c *Config) { c.Multiplier, c.Channels, c.Branches = "bam_v6_h0", 10, "head" },
		"truncated":     func(c *Config) { c.Multiplier, c.Mixture = "trunc2", "sparsemax" },
		"fair":          func(c *Config) { c.Mixture, c.Penalty, c.PenaltyCourse, c.ArchRate = "sigmoid", "fair", "rising", 0.05 },
		"beta":          func(c *Config) { c.Penalty, c.KeepSkips, c.Order = "beta", 0, 2 },
		"entropy":       func(c *Config) { c.Penalty, c.PenaltyWeight, c.PenaltyCourse = "entropy", -1, "falling" },
		"split anew":    func(c *Config) { c.Resplit, c.WeightShare, c.Epochs = true, 0.8, 3 },
		"single stage":  func(c *Config) { c.FreezeAt, c.DropBelow, c.ArchRate, c.Order, c.Epochs = 1, 0.125, 0.05, 2, 3 },
		"no rate":       func(c *Config) { c.ArchRate, c.Profile, c.Seed, c.ClassSeed = 0, "step", 7, 3 },
	} {
		c := tiny(t)
		c.Epochs, c.NMax, c.Pool, c.Imbalance, c.TestImages = 2, 24, 60, 4, 20
		change(&c)
		r := start(t, c, 1)
		var losses, alphas, genotypes, tests []any
		for _, e := range finish(t, r) {
			losses = append(losses, []float64{e.Loss, e.ArchLoss, e.Rate, e.ArchRate, e.Mix})
			if p := e.Report; p != nil {
				alphas = append(alphas, p.Normal, p.Reduce)
				genotypes = append(genotypes, p.Genotype)
				tests = append(tests, p.Confusion, p.Discrete)
			}
		}
		hash := func(v any) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text(t, v))))[:16] }
		got[name] = bits{hash(losses), hash(append(alphas, r.Task().Alpha())), hash(genotypes), hash(tests)}
		if !*update && got[name] != want[name] {
			t.Errorf("%s: %v, and recorded are %v", name, got[name], want[name])
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
	} else if !maps.Equal(got, want) {
		t.Error("recorded are other runs than these: write them anew with -update")
	}
}

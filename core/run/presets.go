package run

import (
	"fmt"
	"strings"
	"sync"

	"hlrslab/core/bbn"
)

// Default is the paper's base: stock DARTS, second order, with BBN's branches.
func Default() Config { return base() }

var base = sync.OnceValue(func() Config {
	var c Config
	for _, f := range Fields() {
		if f.Default != "" {
			if err := f.Set(&c, f.Default); err != nil {
				panic(err)
			}
		}
	}
	return c
})

// Presets names the presets, smallest first.
var Presets = []string{"tiny", "small", "full"}

// Preset returns a named starting point: tiny takes seconds, small a browser's minute or two, full
// is the base of the paper.
func Preset(name string) (Config, error) {
	c := Default()
	switch name {
	case "full":
	case "small", "tiny":
		c.Size, c.Pool, c.NMax, c.TestImages = 16, 500, 500, 1000
		c.Channels, c.Layers, c.Nodes, c.Batch = 4, 5, 4, 16
		c.Order, c.Epochs = 1, 20
		c.ArchRate = 0.03 // in so few steps, alphas commit to nothing at a tenth of it (RESULTS.md)
		if name == "tiny" {
			c.Dataset, c.NMax, c.Imbalance, c.TestImages = "toy", 60, 10, 50
			c.Channels, c.Layers, c.Nodes, c.Epochs, c.Batch, c.ArchRate = 2, 3, 2, 3, 8, 3e-3
		}
	default:
		return c, fmt.Errorf("preset: there is no %.80q; choose one of %s", name, strings.Join(Presets, ", "))
	}
	return c, nil
}

// TrainingPresets names those of trainings, smallest first, and that of the literature on long tails.
var TrainingPresets = []string{"tiny", "small", "medium", "full", "ldam"}

// TrainingPreset returns a named starting point of a training: tiny takes seconds, small a browser's minute, medium an hour on two
// cores; full is DARTS' own recipe. With ldam, ResNet-32 is trained by LDAM's recipe, as in the literature on long-tailed CIFAR-10.
func TrainingPreset(name string) (Config, error) {
	c := Default()
	c.Task, c.Branches, c.RateMin = Train, bbn.Alone, 0
	switch name {
	case "full":
		c.Channels, c.Layers, c.Epochs, c.Batch = 36, 20, 600, 96
		c.Cutout, c.DropPath, c.Auxiliary = 16, 0.2, true
	case "medium":
		c.Channels, c.Layers, c.Epochs, c.Batch = 16, 8, 50, 64
	case "small", "tiny":
		c.Size, c.Pool, c.NMax, c.TestImages = 16, 500, 500, 1000
		c.Channels, c.Layers, c.Epochs, c.Batch = 8, 5, 30, 32
		c.Rate, c.Loss = 0.05, "balanced-softmax" // which finds cells apart sooner than cross-entropy does
		if name == "tiny" {
			c.Dataset, c.NMax, c.Imbalance, c.TestImages = "toy", 60, 10, 50
			c.Channels, c.Layers, c.Epochs, c.Batch = 2, 3, 3, 8
		}
	case "ldam":
		c.Network, c.Epochs, c.Batch = ResNet32, 200, 128
		c.Rate, c.RateSchedule, c.RateMilestones, c.RateParam, c.RateWarmup = 0.1, "step", []float64{160, 180}, 0.01, 5
		c.Decay, c.Clip = 2e-4, 0
	default:
		return c, fmt.Errorf("preset: there is no %.80q; choose one of %s", name, strings.Join(TrainingPresets, ", "))
	}
	return c, nil
}

// OnImagesOf is c on the images of another configuration, chosen by the same seeds.
func (c Config) OnImagesOf(of Config) Config {
	c.Dataset, c.Size, c.Profile, c.Imbalance, c.NMax, c.Pool, c.TestImages = of.Dataset, of.Size, of.Profile, of.Imbalance, of.NMax, of.Pool, of.TestImages
	c.Seed, c.SubsetSeed, c.ClassSeed = of.Seed, of.SubsetSeed, of.ClassSeed
	return c
}

// After is c, a training of what a run of another configuration has found: on its images, and with its multiplier.
func (c Config) After(of Config) Config {
	c = c.OnImagesOf(of)
	c.Multiplier = of.Multiplier
	return c
}

package search

import (
	"math"
	"slices"
	"testing"

	"hlrslab/core/bbn"
	"hlrslab/core/cpu"
	"hlrslab/core/darts"
	"hlrslab/core/nn"
	"hlrslab/core/run"
)

// near fails where got is further than a rounding to single precision from what was worked out by hand.
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-6*math.Abs(want)) {
		t.Errorf("%s is %v, by hand %v", what, got, want)
	}
}

// TestLossesByHand evaluates each loss on one image whose logits give its class the probability ¼ among ten: those of class
// c are ln 3, and nought for the nine others.
func TestLossesByHand(t *testing.T) {
	logits := make([]float32, 10)
	logits[2] = float32(math.Log(3)) // p = 3/12
	ce := math.Log(4)
	for kind, want := range map[string]float64{
		"ce":    ce,
		"focal": 0.75 * ce, // (1 − p)¹
		// One image alone weighs nothing: the mean divides by its own weight.
		"cb": ce,
	} {
		weights, _ := losses(t, kind, "mix", 10, 0)
		near(t, kind, weights.Eval(logits, []int{2}, 1, make([]float32, 10)), want)
	}
}

// losses are those of an epoch of a run, where ten classes have 10 to 1 images.
func losses(t *testing.T, loss, archLoss string, epochs, epoch int) (weights, arch nn.Loss) {
	t.Helper()
	c, err := run.Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	c.Loss, c.ArchLoss, c.Epochs = loss, archLoss, epochs
	made, _, err := Task(c, 10, &cpu.Device{Threads: 1}, &nn.SGD{})
	if err != nil {
		t.Fatal(err)
	}
	defer made.Model().Close()
	made.Configure(c)
	var train bbn.Objective
	made.Epoch(epoch, [][]int{run.WeightHalf: {10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, run.Whole: nil}, &train)
	return train.Loss, made.(*task).val.Loss
}

// TestDeferral: of ten epochs, re-weighting waits for the ninth, after four fifths.
func TestDeferral(t *testing.T) {
	for e := range 10 {
		weights, arch := losses(t, "drw", "drw", 10, e)
		for _, weights := range [][]float64{weights.Weights, arch.Weights} {
			if late := weights != nil; late != (e == 8 || e == 9) {
				t.Errorf("epoch %d of 10: weights of the classes %v", e+1, weights)
			}
		}
	}
}

// TestFrozenLoss: once the architecture is frozen, classes weigh by all their images, and a sparse mixture cools no more.
func TestFrozenLoss(t *testing.T) {
	half, whole := []int{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, []int{90, 80, 70, 60, 50, 40, 30, 20, 10, 2}
	c, err := run.Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	c.Loss, c.Epochs, c.FreezeAt, c.Mixture, c.CoolingEvery = "cb", 4, 2, "sparsemax", 1
	made, loaders, err := Task(c, 10, &cpu.Device{Threads: 1}, &nn.SGD{})
	if err != nil {
		t.Fatal(err)
	}
	defer made.Model().Close()
	made.Configure(c)
	for epoch := range c.Epochs {
		var train bbn.Objective
		pair := made.Epoch(epoch, [][]int{run.WeightHalf: half, run.Whole: whole}, &train)
		counts, part, cooled := half, run.WeightHalf, epoch
		if epoch >= c.FreezeAt {
			counts, part, cooled = whole, run.Whole, c.FreezeAt-1
		}
		if !slices.Equal(train.Loss.Weights, nn.EffectiveWeights(counts, run.Beta)) || loaders[2*pair].Part != part || loaders[2*pair+1].Part != part {
			t.Errorf("epoch %d: classes weigh %v, and the batches are of part %d", epoch, train.Loss.Weights, loaders[2*pair].Part)
		}
		if got, want := made.(*task).mixture.(*darts.Sparsemax).Temperature, darts.Temperature(cooled, c.Temperature, c.Cooling, 1); got != want {
			t.Errorf("epoch %d: temperature %v, not %v", epoch, got, want)
		}
	}
}

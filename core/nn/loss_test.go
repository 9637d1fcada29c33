package nn

import (
	"math"
	"math/rand/v2"
	"testing"
)

func wantNear(t *testing.T, what string, got, want []float64, within float64) {
	t.Helper()
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= within) {
			t.Errorf("%s: %.6f, want %.6f", what, got, want)
			return
		}
	}
}

// The counts are those of CIFAR-10-LT at imbalance 10, 50 and 100.
func TestClassWeights(t *testing.T) {
	for _, c := range []struct {
		counts  []int
		weights []float64
	}{
		{
			[]int{5000, 3871, 2997, 2320, 1796, 1391, 1077, 834, 645, 500},
			[]float64{.2923, .3584, .4442, .5555, .6997, .8858, 1.1266, 1.4375, 1.8415, 2.3585},
		},
		{
			[]int{5000, 3237, 2096, 1357, 878, 568, 368, 238, 154, 100},
			[]float64{.0890, .1267, .1853, .2761, .4168, .6344, .9695, 1.4894, 2.2923, 3.5206},
		},
		{
			[]int{5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50},
			[]float64{.0506, .0769, .1211, .1950, .3188, .5246, .8683, 1.4426, 2.4092, 3.9927},
		},
	} {
		wantNear(t, "weights", EffectiveWeights(c.counts, .9999), c.weights, 5.1e-5)
	}
	margins := Margins([]int{5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50})
	wantNear(t, "margins", margins, []float64{.1581, .1797, .2042, .2321, .2638, .2998, .3407, .3872, .4405, .5}, 5.1e-5)
	if margins[9] != .5 {
		t.Errorf("the rarest class's margin is %v, not ½", margins[9])
	}
}

// TestManyClasses: as many as there may be. Of logits that are all alike, p is 1/1024 for each class.
func TestManyClasses(t *testing.T) {
	var l Loss
	grad := make([]float32, MaxClasses)
	got := l.Eval(make([]float32, MaxClasses), []int{MaxClasses - 1}, 1, grad)
	wantNear(t, "loss and gradients", []float64{got, float64(grad[0]), float64(grad[MaxClasses-1])}, []float64{math.Log(MaxClasses), 1. / MaxClasses, 1./MaxClasses - 1}, 1e-7)
}

// TestWeightedMean: of logits (0, 0) for class 0 and (ln 3, 0) for class 1, with weights 3 and 1. The losses are
// ln 2 and ln 4; their mean divides by the weights' sum, 3 + 1, and not by the two samples.
func TestWeightedMean(t *testing.T) {
	l, grad := Loss{Weights: []float64{3, 1}}, make([]float32, 4)
	got := l.Eval([]float32{0, float32(math.Log(3)), 0, 0}, []int{0, 1}, 1, grad)
	wantNear(t, "loss", []float64{got}, []float64{(3*math.Ln2 + math.Log(4)) / 4}, 1e-7)
	wide := make([]float64, 4) // 3/4·(½ − 1, ½) and 1/4·(¾, ¼ − 1)
	for i, g := range grad {
		wide[i] = float64(g)
	}
	wantNear(t, "gradient", wide, []float64{-.375, .1875, .375, -.1875}, 1e-7)
}

// TestLossGradients holds each loss's gradient, of images with one label and with two, against central differences.
func TestLossGradients(t *testing.T) {
	const n, classes = 5, 4
	rng := rand.New(rand.NewPCG(1, 2))
	logits := make([]float32, classes*n)
	batch := Batch{Labels: make([]int, n), Second: make([]int, n), Shares: []float32{1, 0, 0.25, 0.5, 0.875}}
	for i := range logits {
		logits[i] = float32(rng.NormFloat64())
	}
	for i := range n {
		batch.Labels[i], batch.Second[i] = rng.IntN(classes), rng.IntN(classes)
	}
	counts := []int{100, 40, 15, 6}
	weights := InverseWeights(counts, 1)
	for name, l := range map[string]Loss{
		"cross-entropy": {}, "weighted": {Weights: weights}, "per image": {Weights: weights, PerImage: true},
		"focal": {Gamma: 0.5, Weights: weights}, "sigmoid": {Gamma: 1.5, Weights: weights, Sigmoid: true}, "binary": {Sigmoid: true},
		"LDAM": {Margin: Margins(counts), Scale: 3, Weights: weights}, "adjusted": {Shift: LogitAdjustment(counts, 1.5)},
	} {
		for kind, b := range map[string]Batch{"one label": {Labels: batch.Labels}, "two labels": batch} {
			value := func() float64 { return l.EvalMixed(logits, b, 0, make([]float32, len(logits))) }
			grad := make([]float32, len(logits))
			l.EvalMixed(logits, b, 2, grad)
			for i, was := range logits {
				const h = 1. / 256
				logits[i] = was + h
				up := value()
				logits[i] = was - h
				down := value()
				logits[i] = was
				if want := 2 * (up - down) / (2 * h); math.Abs(float64(grad[i])-want) > 1e-3 {
					t.Errorf("%s, %s: gradient %v, by differences %v", name, kind, grad[i], want)
				}
			}
		}
	}
}

// TestSureLosses: of logits so far apart that the cross-entropy is 0, or nearly so, no loss is without a number.
func TestSureLosses(t *testing.T) {
	for _, l := range []Loss{{Gamma: 0.5}, {Gamma: 0.5, Sigmoid: true}, {Gamma: 1}, {Gamma: 2.5, Weights: []float64{1, 2}}} {
		grad := make([]float32, 4)
		for _, z := range []float32{40, 1000} { // at 40, e^-CE is 1 and CE is not 0
			if v := l.Eval([]float32{z, -z, -z, z}, []int{0, 1}, 1, grad); v > 1e-15 || Norm(grad) > 1e-15 {
				t.Errorf("%+v: loss %v, gradient %v", l, v, grad)
			}
		}
		if v := l.Eval([]float32{1000, -1000, -1000, 1000}, []int{1, 0}, 1, grad); v < 1000 || !Finite(grad) || Norm(grad) == 0 {
			t.Errorf("%+v: loss %v, gradient %v", l, v, grad)
		}
	}
}

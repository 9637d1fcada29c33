package nn

import (
	"math"
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

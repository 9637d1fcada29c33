package search

import (
	"math"
	"testing"
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
		c := tiny(t)
		c.Loss = kind
		r := start(t, c, 1)
		r.objectives()
		near(t, kind, r.train.Loss.Eval(logits, []int{2}, 1, make([]float32, 10)), want)
	}
}

// TestDeferral: of ten epochs, re-weighting waits for the ninth, after four fifths.
func TestDeferral(t *testing.T) {
	c := tiny(t)
	c.Epochs, c.Loss, c.ArchLoss = 10, "drw", "drw"
	r := start(t, c, 1)
	for e := range 10 {
		r.Epoch = e
		r.objectives()
		for _, weights := range [][]float64{r.train.Loss.Weights, r.val.Loss.Weights} {
			if late := weights != nil; late != (e == 8 || e == 9) {
				t.Errorf("epoch %d of 10: weights of the classes %v", e+1, weights)
			}
		}
	}
}

package nn

import (
	"math"
	"slices"
	"testing"
)

// TestAdamByHand takes three steps of rate 0.1 from α = 1, with β = (0.5, 0.999) and decay 0.1. By hand,
// with G = g + 0.1α and the bias corrections 1 − βᵗ:
//
//	g       G          m           1−β₁ᵗ   v             1−β₂ᵗ        √v̂         α
//	 0.4    0.5        0.25        0.5     0.00025       0.001        0.5        1 − 0.1·0.5/0.5 = 0.9
//	−1.09  −1         −0.375       0.75    0.00124975    0.001999     0.7906881  0.9 + 0.1·0.5/0.7906881 = 0.9632361
//	 2      2.0963236  0.8606618   0.875   0.00564307    0.002997001  1.3721904  0.9632361 − 0.1·0.9836135/1.3721904 = 0.8915541
func TestAdamByHand(t *testing.T) {
	adam := &Adam{Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8, Decay: 0.1, M: make([]float64, 1), V: make([]float64, 1)}
	alpha := []float32{1}
	for i, step := range []struct{ g, m, v, alpha float64 }{
		{0.4, 0.25, 0.00025, 0.9},
		{-1.09, -0.375, 0.00124975, 0.9632361},
		{2, 0.8606618, 0.00564307, 0.8915541},
	} {
		adam.Step(alpha, []float64{step.g}, 0.1)
		for what, c := range map[string][2]float64{"m": {adam.M[0], step.m}, "v": {adam.V[0], step.v}, "alpha": {float64(alpha[0]), step.alpha}} {
			if math.Abs(c[0]-c[1]) > 1e-6*math.Abs(c[1]) {
				t.Errorf("step %d: %s = %v, want %v", i+1, what, c[0], c[1])
			}
		}
	}
}

// TestAdamAtRateZero: a frozen architecture stays bit for bit, while the moments go on.
func TestAdamAtRateZero(t *testing.T) {
	adam := &Adam{Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8, Decay: 1e-3, M: make([]float64, 5), V: make([]float64, 5)}
	alpha := []float32{0, 1e-3, -0.1, math.SmallestNonzeroFloat32, math.MaxFloat32}
	start := slices.Clone(alpha)
	for range 3 {
		adam.Step(alpha, []float64{1, -1, 1e30, -1e-30, 0}, 0)
	}
	for i := range alpha {
		if math.Float32bits(alpha[i]) != math.Float32bits(start[i]) {
			t.Errorf("alpha %d went from %v to %v", i, start[i], alpha[i])
		}
	}
	if adam.Steps != 3 || slices.Contains(adam.M, 0) || slices.Contains(adam.V, 0) {
		t.Errorf("after %d steps the moments are %v and %v", adam.Steps, adam.M, adam.V)
	}
}

// TestNesterovByHand takes two steps of rate 0.1 from w = 1 with momentum 0.5 and decay 0.1. By hand, with d = g + 0.1w:
//
//	g     d        buffer                   w
//	0.4   0.5      0.5                      1 − 0.1·(0.5 + 0.5·0.5) = 0.925
//	−1    −0.9075  0.25 − 0.9075 = −0.6575  0.925 − 0.1·(−0.9075 − 0.5·0.6575) = 1.048625
func TestNesterovByHand(t *testing.T) {
	sgd, w, unrolled := &SGD{Momentum: 0.5, Decay: 0.1, Nesterov: true, Buffer: make([]float32, 1)}, []float32{1}, []float32{0}
	for i, step := range []struct{ g, buffer, w float32 }{{0.4, 0.5, 0.925}, {-1, -0.6575, 1.048625}} {
		sgd.Unrolled(unrolled, w, []float32{step.g}, 0.1)
		sgd.Step(w, []float32{step.g}, 0.1)
		for what, c := range map[string][2]float32{"w": {w[0], step.w}, "unrolled": {unrolled[0], step.w}, "buffer": {sgd.Buffer[0], step.buffer}} {
			if math.Abs(float64(c[0]-c[1])) > 1e-6 {
				t.Errorf("step %d: %s = %v, want %v", i+1, what, c[0], c[1])
			}
		}
	}
}

// TestGroups: a group goes as a whole vector of its own would, at its share of the rate and its decay; one of share 0 rests.
func TestGroups(t *testing.T) {
	start, grad := []float32{1, -2, 3, -4, 5}, []float32{0.5, 0.25, -1, 2, -0.125}
	wide := []float64{0.5, 0.25, -1, 2, -0.125}
	groups := Groups{{1, 3, 0.5, 0.1}, {4, 5, 0, 0.2}}
	for i, g := range []Group{{0, 1, 1, 0.01}, groups[0], {3, 4, 1, 0.01}, groups[1]} {
		whole := slices.Clone(start)
		sgd := &SGD{Momentum: 0.9, Decay: 0.01, Groups: groups, Buffer: []float32{1, 2, 3, 4, 5}}
		unrolled := make([]float32, 5)
		sgd.Unrolled(unrolled, whole, grad, 0.1)
		sgd.Step(whole, grad, 0.1)
		alone := slices.Clone(start[g.From:g.To])
		own := &SGD{Momentum: 0.9, Decay: g.Decay, Buffer: slices.Clone([]float32{1, 2, 3, 4, 5}[g.From:g.To])}
		own.Step(alone, grad[g.From:g.To], 0.1*g.Rate)
		if got := whole[g.From:g.To]; !slices.Equal(got, alone) || !slices.Equal(unrolled[g.From:g.To], alone) {
			t.Errorf("SGD, range %d: %v, unrolled %v, alone %v", i, got, unrolled[g.From:g.To], alone)
		}
		moments := func() []float64 { return make([]float64, 5) }
		adam := &Adam{Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8, Decay: 0.01, Groups: groups, M: moments(), V: moments()}
		whole = slices.Clone(start)
		adam.Step(whole, wide, 0.1)
		alone = slices.Clone(start[g.From:g.To])
		(&Adam{Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8, Decay: g.Decay, M: moments(), V: moments()}).Step(alone, wide[g.From:g.To], 0.1*g.Rate)
		if got := whole[g.From:g.To]; !slices.Equal(got, alone) {
			t.Errorf("Adam, range %d: %v, alone %v", i, got, alone)
		}
	}
}

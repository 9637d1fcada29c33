package cpu

import (
	"math"
	"testing"
)

// TestFactorizedReduceIsShifted: with unit weights the first channel is the even pixels of x, the second those one
// down and right, both normalised. Reading the same pixels twice would pass any test of shapes and counts.
func TestFactorizedReduceIsShifted(t *testing.T) {
	b, _ := operation(t, devices["cpu"], "factorized_reduce", 2, 1, 1, 4, 4, 2)
	copy(b.Pass.Weights, []float32{1, 1})
	x := []float32{ // positive: the ReLU before changes nothing
		1, 50, 4, 60,
		70, 2, 80, 9,
		6, 90, 3, 40,
		30, 5, 20, 7,
	}
	b.Put(b.Leaf.Sum, x)
	b.Forward(b.Pass)
	var want []float64
	for _, s := range [][]float64{{1, 4, 6, 3}, {2, 9, 5, 7}} {
		var mean, variance float64
		for _, v := range s {
			mean += v / 4
		}
		for _, v := range s {
			variance += (v - mean) * (v - mean) / 4
		}
		for _, v := range s {
			want = append(want, (v-mean)/math.Sqrt(variance+1e-5))
		}
	}
	for i, v := range b.Values(b.Out.Sum) {
		if math.Abs(float64(v)-want[i]) > 1e-5 {
			t.Errorf("output %d is %v, want %v", i, v, want[i])
		}
	}
}

package nn

import (
	"math"
	"testing"
)

// TestFactorizedReduceIsShifted: with unit weights the first channel is the even pixels of x, the second those one
// down and right, both normalised. Reading the same pixels twice would pass any test of shapes and counts.
func TestFactorizedReduceIsShifted(t *testing.T) {
	b, _ := operation(t, "factorized_reduce", 2, 1, 1, 4, 4, 2)
	copy(b.g.Weights, []float32{1, 1})
	x := []float32{ // positive: the ReLU before changes nothing
		1, 50, 4, 60,
		70, 2, 80, 9,
		6, 90, 3, 40,
		30, 5, 20, 7,
	}
	b.fill(b.leaf.sum, x)
	b.g.Forward()
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
	var got []float64
	for _, v := range b.take(b.out.sum) {
		got = append(got, float64(v))
	}
	wantNear(t, "output", got, want, 1e-5)
}

package cpu

import (
	"math/rand/v2"
	"slices"
	"testing"

	"hlrslab/core/approx"
	"hlrslab/core/internal/golden"
	"hlrslab/core/internal/naive"
	"hlrslab/core/internal/trial"
	"hlrslab/core/nn"
)

// codedOperation runs an operation by a multiplier, forward and back, in training and then in evaluation, and returns what it gives: the
// outputs of both, the input's gradient and the weights'.
func codedOperation(t *testing.T, device nn.Device, m *approx.Multiplier, name string, stride, batch, channels, size, out int) [4][]float32 {
	rng := rand.New(rand.NewPCG(5, 10))
	b, _ := trial.Operation(t, device, probe, m, name, stride, batch, channels, size, size, out)
	normal := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		return v
	}
	copy(b.Pass.Weights, normal(len(b.Pass.Weights)))
	y := b.Y.Sum
	x, dy := normal(batch*channels*size*size), normal(batch*y.C*y.H*y.W)
	b.Put(b.Leaf.Sum, x)
	b.Forward(b.Pass)
	trained := b.Values(b.Out.Sum)
	dx := slices.Clone(b.Backward(b, dy))
	dw := slices.Clone(b.Pass.Grad)
	b.Pass.Train = false
	b.Put(b.Leaf.Sum, x)
	b.Forward(b.Pass)
	return [4][]float32{trained, b.Values(b.Out.Sum), dx, dw}
}

var codedOperations = []string{"sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5", "factorized_reduce", "relu_conv_bn", "conv_7x1_1x7", "bare_sep_conv"}

// TestCodedOperations holds what multipliers make of each operation against plain loops, which TestCodedAgainstReference holds against the
// reference.
func TestCodedOperations(t *testing.T) {
	for _, table := range []string{"exact", "mitchell", "drum4", "bam_v6_h0"} {
		m, err := approx.Parse(table)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range codedOperations {
			for stride := 1; stride <= 2; stride++ {
				if name == "factorized_reduce" && stride == 1 || name == "relu_conv_bn" && stride == 2 {
					continue
				}
				want := codedOperation(t, naive.Device{}, m, name, stride, 19, 10, 6, 10)
				got := codedOperation(t, &Device{Threads: 2}, m, name, stride, 19, 10, 6, 10)
				for i, what := range []string{"output", "output in evaluation", "dx", "dw"} {
					if d := golden.Distance(got[i], want[i]); !(d <= 2e-5) {
						t.Errorf("%s, %s, stride %d: %s is %.2g apart", table, name, stride, what, d)
					}
				}
			}
		}
	}
}

// TestFactorsAsLookedUp: where products are of two factors, the kernels of single precision give the bits of the table, also of long sums;
// and so do any number of threads.
func TestFactorsAsLookedUp(t *testing.T) {
	for _, table := range []string{"trunc2", "drum3"} {
		m, err := approx.Parse(table)
		if err != nil {
			t.Fatal(err)
		}
		lookedUp := *m
		lookedUp.Factor = nil
		for _, name := range codedOperations {
			for _, channels := range []int{6, exactColumns + 12} {
				if channels > exactColumns && name != "relu_conv_bn" && name != "dil_conv_3x3" {
					continue // there the sums are as long
				}
				stride := 1
				if name == "factorized_reduce" {
					stride = 2
				}
				want := codedOperation(t, &Device{}, &lookedUp, name, stride, 17, channels, 4, channels)
				for _, other := range []struct {
					threads int
					m       *approx.Multiplier
				}{{1, m}, {2, m}, {3, m}, {2, &lookedUp}, {3, &lookedUp}} {
					got := codedOperation(t, &Device{Threads: other.threads}, other.m, name, stride, 17, channels, 4, channels)
					for i := range want {
						if !slices.Equal(got[i], want[i]) {
							t.Fatalf("%s, %s of %d channels, %d threads: other bits than the table's", table, name, channels, other.threads)
						}
					}
				}
			}
		}
	}
}

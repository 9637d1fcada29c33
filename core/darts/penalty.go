package darts

import "hlrslab/core/nn"

// Penalty is added to the architecture's loss: a function of alpha alone. Adding weight times its gradient to dalpha, each returns
// its value.
type Penalty func(alpha []float32, weight float64, dalpha []float64) float64

// Penalties are the known ones by name.
var Penalties = map[string]Penalty{"entropy": Entropy, "beta": Beta, "fair": Fair}

// Entropy is the mean over the edges of the entropy of softmax(alpha), in nats: of weight over 0 it sharpens the choice, below 0
// it keeps it open (as single-stage search studies, Subbotko et al., 2024).
func Entropy(alpha []float32, weight float64, dalpha []float64) (value float64) {
	n := len(Primitives)
	rows := float64(len(alpha) / n)
	ops := make([]float32, n)
	for e := 0; e < len(alpha); e += n {
		Softmax{}.Forward(ops, alpha[e:e+n])
		var h float64
		for _, p := range ops {
			if p > 0 {
				h -= float64(p) * nn.Log(float64(p))
			}
		}
		for k, p := range ops {
			if p > 0 {
				dalpha[e+k] -= weight / rows * float64(p) * (nn.Log(float64(p)) + h)
			}
		}
		value += h / rows
	}
	return value
}

// Beta is that of β-DARTS (Ye et al., 2022, equation 12): the mean over the edges of the logarithm of Σ exp(alpha).
func Beta(alpha []float32, weight float64, dalpha []float64) (value float64) {
	n := len(Primitives)
	rows := float64(len(alpha) / n)
	ops := make([]float32, n)
	for e := 0; e < len(alpha); e += n {
		row := alpha[e : e+n]
		Softmax{}.Forward(ops, row)
		top := float64(row[0])
		for _, v := range row {
			top = max(top, float64(v))
		}
		var sum float64
		for k, v := range row {
			sum += nn.Exp(float64(v) - top)
			dalpha[e+k] += weight / rows * float64(ops[k])
		}
		value += (top + nn.Log(sum)) / rows
	}
	return value
}

// Fair is that of FairDARTS (Chu et al., 2020, equation 6): −mean (σ(alpha) − ½)² over all operations but none.
func Fair(alpha []float32, weight float64, dalpha []float64) (value float64) {
	n := len(Primitives)
	count := float64(len(alpha) / n * (n - 1))
	for i, v := range alpha {
		if i%n == 0 { // none
			continue
		}
		p := sigmoid(v)
		value -= (p - 0.5) * (p - 0.5) / count
		dalpha[i] -= weight / count * 2 * (p - 0.5) * p * (1 - p)
	}
	return value
}

package darts

import (
	"math"
	"math/rand/v2"

	"hlrslab/core/nn"
)

// Hessian finds the largest eigenvalue of the second derivatives of a loss in alpha, which Robust DARTS (Zela et al., 2020) watches: by
// power iteration on differences of gradients. Its arrays are reserved once.
type Hessian struct {
	Steps int // of each iteration

	moved    []float32
	v, next  []float64
	up, down []float64
}

// difference is half the distance over which gradients are compared: over longer ones the network bends, at its ReLUs and pools, and
// shorter ones drown in single precision.
const difference = 0.0002

// NewHessian reserves what is needed for so many alphas.
func NewHessian(memory *nn.Memory, alphas int) *Hessian {
	h := &Hessian{Steps: 12}
	nn.Reserve(memory, &h.moved, alphas)
	for _, p := range []*[]float64{&h.v, &h.next, &h.up, &h.down} {
		nn.Reserve(memory, p, alphas)
	}
	return h
}

// Largest is the largest eigenvalue of the loss's second derivatives at w and alpha, or 0 where all are below: along an edge's alphas
// softmax does not change, so that it has none. Decay, as in the official code, is added for the weight decay of alpha. It costs
// 2·Steps gradients, or 4·Steps where the eigenvalue of largest size is below zero.
func (h *Hessian) Largest(loss Objective, w, alpha []float32, decay float64, rng *rand.Rand) float64 {
	value := h.iterate(loss, w, alpha, 0, rng)
	if value < 0 { // of largest size: the largest one is then that of the matrix moved up by its size
		value += h.iterate(loss, w, alpha, value, rng)
	}
	return max(value, 0) + decay
}

// iterate is the eigenvalue of largest size of the matrix less shift times the identity.
func (h *Hessian) iterate(loss Objective, w, alpha []float32, shift float64, rng *rand.Rand) (value float64) {
	Direction(h.v, rng)
	for range h.Steps {
		h.Times(loss, w, alpha, h.v, h.next)
		value = 0
		for i, v := range h.v {
			h.next[i] -= shift * v
			value += v * h.next[i]
		}
		unit(h.next)
		h.v, h.next = h.next, h.v
	}
	return value
}

// Times sets dst to the product of the second derivatives with v.
func (h *Hessian) Times(loss Objective, w, alpha []float32, v, dst []float64) {
	at := func(sign float64, grad []float64) {
		for i, x := range v {
			h.moved[i] = float32(float64(alpha[i]) + sign*difference*x)
		}
		loss.Gradient(w, h.moved, nil, grad, false)
	}
	at(1, h.up)
	at(-1, h.down)
	for i := range dst {
		dst[i] = (h.up[i] - h.down[i]) / (2 * difference)
	}
}

// Direction sets v to a random direction, of length 1.
func Direction(v []float64, rng *rand.Rand) {
	for i := range v {
		v[i] = nn.Normal(rng)
	}
	unit(v)
}

// unit divides v by its norm, unless that is 0.
func unit(v []float64) {
	var square float64
	for _, x := range v {
		square += x * x
	}
	for i := range v {
		if square > 0 {
			v[i] /= math.Sqrt(square)
		}
	}
}

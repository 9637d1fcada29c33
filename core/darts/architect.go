package darts

import (
	"hlrslab/core/nn"
)

// Softmax sets mix to the softmax of alpha, edge by edge.
func Softmax(mix, alpha []float32) {
	n := len(Primitives)
	for e := 0; e < len(alpha); e += n {
		row, out := alpha[e:e+n], mix[e:e+n]
		top := float64(row[0])
		for _, v := range row {
			top = max(top, float64(v))
		}
		var p [16]float64
		var sum float64
		for k, v := range row {
			p[k] = nn.Exp(float64(v) - top)
			sum += p[k]
		}
		for k := range row {
			out[k] = float32(p[k] / sum)
		}
	}
}

// SoftmaxBack adds the gradient with respect to alpha to dalpha, from that with respect to mix.
func SoftmaxBack(dalpha []float64, mix []float32, dmix []float64) {
	n := len(Primitives)
	for e := 0; e < len(mix); e += n {
		var mean float64
		for k := range n {
			mean += float64(mix[e+k]) * dmix[e+k]
		}
		for k := range n {
			dalpha[e+k] += float64(mix[e+k]) * (dmix[e+k] - mean)
		}
	}
}

// Objective is a loss on one batch. Gradient evaluates it at weights w; it sets dw to its gradient there and
// dalpha to that with respect to alpha, each unless nil. Running statistics move only if track is set.
type Objective interface {
	Gradient(w, dw []float32, dalpha []float64, track bool) float64
}

// Architect computes the architecture's gradient (DARTS, section 2.3 and its appendix).
type Architect struct {
	SGD              *nn.SGD
	grad, moved      []float32
	direction        []float32
	forward, reverse []float64
}

// NewArchitect prepares for n weights trained by sgd and alphas of length alphas; what it needs is reserved in memory.
func NewArchitect(memory *nn.Memory, sgd *nn.SGD, n, alphas int) *Architect {
	a := &Architect{SGD: sgd}
	for _, p := range []*[]float32{&a.grad, &a.moved, &a.direction} {
		nn.Reserve(memory, p, n)
	}
	for _, p := range []*[]float64{&a.forward, &a.reverse} {
		nn.Reserve(memory, p, alphas)
	}
	return a
}

// First sets dalpha to the gradient of val at w, and returns val.
func (a *Architect) First(val Objective, w []float32, dalpha []float64) float64 {
	return val.Gradient(w, nil, dalpha, true)
}

// Second sets dalpha to the gradient of val at w′, w after a step of rate along train's gradient,
// through that step:
//
//	∇α val(w′) − rate·(∇α train(w+εv) − ∇α train(w−εv)) / 2ε,  v = ∇w′ val(w′), ε = 0.01/‖v‖
//
// (equations 7 and 8), and returns val.
func (a *Architect) Second(train, val Objective, w []float32, rate float64, dalpha []float64) float64 {
	train.Gradient(w, a.grad, nil, true)
	a.SGD.Unrolled(a.moved, w, a.grad, rate)
	loss := val.Gradient(a.moved, a.direction, dalpha, false)
	eps := 0.01 / nn.Norm(a.direction)
	shift := func(sign float64) {
		for i, v := range a.direction {
			a.moved[i] = w[i] + float32(sign*eps)*v
		}
	}
	shift(1)
	train.Gradient(a.moved, nil, a.forward, true)
	shift(-1)
	train.Gradient(a.moved, nil, a.reverse, true)
	for i := range dalpha {
		dalpha[i] -= rate * (a.forward[i] - a.reverse[i]) / (2 * eps)
	}
	return loss
}

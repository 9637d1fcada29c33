package darts

import (
	"math"

	"hlrslab/core/nn"
)

// Softmax is the mixture of DARTS (equation 2): operation weights are the softmax of alpha, edge by edge.
type Softmax struct{}

// Len implements nn.Mixture.
func (Softmax) Len(alphas int) int { return alphas }

// Forward implements nn.Mixture.
func (Softmax) Forward(ops, alpha []float32) {
	n := len(Primitives)
	for e := 0; e < len(alpha); e += n {
		row, out := alpha[e:e+n], ops[e:e+n]
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

// Backward implements nn.Mixture.
func (Softmax) Backward(dalpha []float64, ops, _ []float32, dops []float64) {
	n := len(Primitives)
	for e := 0; e < len(ops); e += n {
		var mean float64
		for k := range n {
			mean += float64(ops[e+k]) * dops[e+k]
		}
		for k := range n {
			dalpha[e+k] += float64(ops[e+k]) * (dops[e+k] - mean)
		}
	}
}

// Objective is a loss on one batch. Gradient evaluates it at weights w and architecture alpha; it sets dw and dalpha to its
// gradients there, each unless nil. Running statistics move only if track is set.
type Objective interface {
	Gradient(w, alpha, dw []float32, dalpha []float64, track bool) float64
}

// Method takes the architecture's step, before the weights': what a search method does of its own.
type Method interface {
	// Step moves alpha at learning rate archRate, where the weights are w and go on at rate, and returns val's loss. A loss that
	// is no number moves nothing.
	Step(train, val Objective, w, alpha []float32, rate, archRate float64) (loss float64)
	// State calls array for each array that a snapshot keeps of the method, and returns its counter of steps, which one keeps too.
	State(array func(name string, v []float64)) (steps *int)
}

// Bilevel is DARTS (section 2.3 and its appendix): Adam on the validation loss at the current weights, or, in second order, at
// weights unrolled by one step.
type Bilevel struct {
	Order int
	SGD   *nn.SGD // of the weights, for their unrolled step
	Adam  *nn.Adam

	dalpha           []float64
	grad, moved      []float32
	direction        []float32
	forward, reverse []float64
}

// NewBilevel prepares the method of the order for weights trained by sgd; what it needs is reserved in memory.
func NewBilevel(order int, memory *nn.Memory, sgd *nn.SGD, decay float64, weights, alphas int) *Bilevel {
	m := &Bilevel{Order: order, SGD: sgd, Adam: &nn.Adam{Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8, Decay: decay}}
	arrays := []*[]float64{&m.Adam.M, &m.Adam.V, &m.dalpha}
	if order > 1 {
		for _, p := range []*[]float32{&m.grad, &m.moved, &m.direction} {
			nn.Reserve(memory, p, weights)
		}
		arrays = append(arrays, &m.forward, &m.reverse)
	}
	for _, p := range arrays {
		nn.Reserve(memory, p, alphas)
	}
	return m
}

// Step implements Method.
func (m *Bilevel) Step(train, val Objective, w, alpha []float32, rate, archRate float64) (loss float64) {
	if m.Order == 1 {
		loss = val.Gradient(w, alpha, nil, m.dalpha, true)
	} else {
		loss = m.second(train, val, w, alpha, rate)
	}
	if !math.IsNaN(loss) && !math.IsInf(loss, 0) {
		m.Adam.Step(alpha, m.dalpha, archRate)
	}
	return loss
}

// second sets dalpha to the gradient of val at w′, w after a step of rate along train's gradient,
// through that step:
//
//	∇α val(w′) − rate·(∇α train(w+εv) − ∇α train(w−εv)) / 2ε,  v = ∇w′ val(w′), ε = 0.01/‖v‖
//
// (equations 7 and 8), and returns val.
func (m *Bilevel) second(train, val Objective, w, alpha []float32, rate float64) float64 {
	train.Gradient(w, alpha, m.grad, nil, true)
	m.SGD.Unrolled(m.moved, w, m.grad, rate)
	loss := val.Gradient(m.moved, alpha, m.direction, m.dalpha, false)
	eps := 0.01 / nn.Norm(m.direction)
	shift := func(sign float64) {
		for i, v := range m.direction {
			m.moved[i] = w[i] + float32(sign*eps)*v
		}
	}
	shift(1)
	train.Gradient(m.moved, alpha, nil, m.forward, true)
	shift(-1)
	train.Gradient(m.moved, alpha, nil, m.reverse, true)
	for i := range m.dalpha {
		m.dalpha[i] -= rate * (m.forward[i] - m.reverse[i]) / (2 * eps)
	}
	return loss
}

// Gradient is the last step's.
func (m *Bilevel) Gradient() []float64 { return m.dalpha }

// State implements Method.
func (m *Bilevel) State(array func(name string, v []float64)) (steps *int) {
	array("adam.m", m.Adam.M)
	array("adam.v", m.Adam.V)
	return &m.Adam.Steps
}

package darts

import (
	"math"

	"hlrslab/core/nn"
)

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
	// Due says whether the next Step uses val.
	Due() bool
	// State calls single or double for each array that a snapshot keeps of the method, and returns its counter of steps, which one
	// keeps too.
	State(single func(name string, v []float32), double func(name string, v []float64)) (steps *int)
}

// Bilevel is DARTS (section 2.3 and its appendix): Adam on the validation loss at the current weights, or, in second order, at
// weights unrolled by one step.
type Bilevel struct {
	Order int
	SGD   *nn.SGD // of the weights, for their unrolled step
	Adam  *nn.Adam
	// Penalty adds to dalpha the gradient of what is penalised at alpha, unless it is nil; the loss that Step returns is without it.
	Penalty func(alpha []float32, dalpha []float64)
	// Still are groups of weights that the unrolled step leaves where they are.
	Still nn.Groups

	dalpha           []float64
	grad, moved      []float32
	direction        []float32
	forward, reverse []float64
}

// NewBilevel prepares the method of the order for weights trained by sgd; what it needs is reserved in memory.
func NewBilevel(order int, memory *nn.Memory, sgd *nn.SGD, decay float64, weights, alphas int) *Bilevel {
	m := &Bilevel{Order: order, SGD: sgd, Adam: architectAdam(decay)}
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

// Due implements Method.
func (m *Bilevel) Due() bool { return true }

// Step implements Method.
func (m *Bilevel) Step(train, val Objective, w, alpha []float32, rate, archRate float64) (loss float64) {
	if m.Order == 1 {
		loss = val.Gradient(w, alpha, nil, m.dalpha, true)
	} else {
		loss = m.second(train, val, w, alpha, rate)
	}
	if !math.IsNaN(loss) && !math.IsInf(loss, 0) {
		if m.Penalty != nil {
			m.Penalty(alpha, m.dalpha)
		}
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
	for _, g := range m.Still {
		copy(m.moved[g.From:g.To], w[g.From:g.To])
	}
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
func (m *Bilevel) State(_ func(name string, v []float32), double func(name string, v []float64)) (steps *int) {
	double("adam.m", m.Adam.M)
	double("adam.v", m.Adam.V)
	return &m.Adam.Steps
}

// architectAdam is DARTS' optimiser of alpha.
func architectAdam(decay float64) *nn.Adam {
	return &nn.Adam{Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8, Decay: decay}
}

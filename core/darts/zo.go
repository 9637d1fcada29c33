package darts

import (
	"math"

	"hlrslab/core/nn"
)

// ZO is the zeroth-order method of ZO-DARTS+ (Xie et al., 2024): alpha moves once in a window of weight steps. A copy of the weights
// takes the same steps at alpha + µz, along a random direction z of length 1; with w̃ the copy's weights at the window's end,
//
//	g = (⟨∇α val(w, α), z⟩ + ⟨(w̃ − w)/µ, ∇w val(w, α)⟩)·z
//
// is the derivative along z of the validation loss through all of the window's steps. Adam takes it from there. Where the network
// bends on a shorter scale than µ it is a secant, and far from the derivative.
type ZO struct {
	Window  int     // steps of the weights for one of alpha
	Radius  float64 // µ ÷ ‖alpha‖ …
	Floor   float64 // … and the least µ: below it, single precision drowns the difference of the weights
	Matched bool    // the copy begins with the momentum of the weights, not with none: only then is the difference a derivative after the first window
	// Official has what the authors' code does beside: the copy's alpha is trained with its weights, the copy's momentum is plain, and in
	// the norm at which the weights' gradient is clipped counts alpha's, which Gather adds up over a window.
	Official bool
	SGD      *nn.SGD // of the weights
	Adam     *nn.Adam
	// Direction sets z of a window, counted from 0. It must be the same when asked again.
	Direction func(window int, z []float64)

	twin      nn.SGD
	copied    []float32 // w̃
	grad      []float32
	moved     []float32 // alpha + µz, behind the copy's weights
	dalpha, z []float64
	beside    []float64 // alpha's gradient as it counts in the weights' norm
	state     []float64 // steps into the window, and the last validation loss
	terms     [2]float64
}

// NewZO prepares the method for weights trained by sgd; what it needs is reserved in memory.
func NewZO(memory *nn.Memory, sgd *nn.SGD, decay float64, weights, alphas int) *ZO {
	m := &ZO{Window: 10, Radius: 0.005, Floor: 0.001, Matched: true, SGD: sgd, Adam: architectAdam(decay)}
	for _, p := range []*[]float32{&m.twin.Buffer, &m.copied, &m.grad} {
		nn.Reserve(memory, p, weights+alphas)
	}
	memory.Then(func() { m.moved = m.copied[weights:] })
	for _, p := range []*[]float64{&m.Adam.M, &m.Adam.V, &m.dalpha, &m.z, &m.beside} {
		nn.Reserve(memory, p, alphas)
	}
	nn.Reserve(memory, &m.state, 2)
	return m
}

// Due implements Method.
func (m *ZO) Due() bool { return int(m.state[0]) >= m.Window || m.first() }

// first says whether no validation loss is known yet.
func (m *ZO) first() bool { return m.Adam.Steps == 0 && m.state[0] == 0 }

// Step implements Method. Its loss is that of the last window's end, or at first that of the start.
func (m *ZO) Step(train, val Objective, w, alpha []float32, rate, archRate float64) (loss float64) {
	at, last := &m.state[0], &m.state[1]
	mu := m.direct(alpha)
	if m.first() {
		*last = val.Gradient(w, alpha, nil, nil, false)
	}
	if int(*at) >= m.Window {
		loss := m.estimate(val, w, alpha, mu)
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return loss
		}
		m.Adam.Step(alpha, m.dalpha, archRate)
		copy(m.beside, m.dalpha)
		*at, *last = 0, loss
		mu = m.direct(alpha)
	}
	n := len(w)
	if *at == 0 || !m.Official {
		for i, z := range m.z {
			m.moved[i] = float32(float64(alpha[i]) + mu*z)
		}
	}
	if *at == 0 {
		copy(m.copied, w)
		clear(m.twin.Buffer)
		if m.Matched {
			copy(m.twin.Buffer, m.SGD.Buffer)
		}
	}
	twin := m.twin
	twin.Momentum, twin.Nesterov, twin.Decay, twin.Clip, twin.Groups = m.SGD.Momentum, m.SGD.Nesterov, m.SGD.Decay, m.SGD.Clip, m.SGD.Groups
	if m.Official {
		train.Gradient(m.copied[:n], m.moved, m.grad[:n], m.dalpha, false)
		for i, d := range m.dalpha {
			m.grad[n+i] = float32(d)
		}
		twin.Nesterov = false
		twin.Step(m.copied, m.grad, rate)
	} else {
		train.Gradient(m.copied[:n], m.moved, m.grad[:n], nil, false)
		twin.Step(m.copied[:n], m.grad[:n], rate)
	}
	*at++
	return *last
}

// Gather takes what the weights' step finds of alpha's gradient, and has it count there, if the official code is followed.
func (m *ZO) Gather(dalpha []float64) {
	for i, d := range dalpha {
		m.beside[i] += d
	}
	m.SGD.Beside = m.beside
}

// direct sets the direction of the window, and returns its radius at alpha, which stays where it is within one.
func (m *ZO) direct(alpha []float32) (mu float64) {
	m.Direction(m.Adam.Steps, m.z)
	return max(m.Radius*nn.Norm(alpha), m.Floor)
}

// estimate sets dalpha to g at a window's end, and returns val there.
func (m *ZO) estimate(val Objective, w, alpha []float32, mu float64) float64 {
	n := len(w)
	loss := val.Gradient(w, alpha, m.grad[:n], m.dalpha, true)
	m.terms = [2]float64{}
	for i, d := range m.dalpha {
		m.terms[0] += d * m.z[i]
	}
	for i, d := range m.grad[:n] {
		m.terms[1] += float64(m.copied[i]-w[i]) / mu * float64(d)
	}
	for i, z := range m.z {
		m.dalpha[i] = (m.terms[0] + m.terms[1]) * z
	}
	return loss
}

// Gradient is the last window's.
func (m *ZO) Gradient() []float64 { return m.dalpha }

// Terms are the last window's two: how the validation loss changes along z by alpha itself, and by the weights.
func (m *ZO) Terms() (alpha, weights float64) { return m.terms[0], m.terms[1] }

// State implements Method.
func (m *ZO) State(single func(name string, v []float32), double func(name string, v []float64)) (steps *int) {
	n := len(m.copied) - len(m.moved)
	single("zo.weights", m.copied[:n])
	single("zo.buffer", m.twin.Buffer[:n])
	double("adam.m", m.Adam.M)
	double("adam.v", m.Adam.V)
	double("zo.state", m.state)
	if m.Official {
		single("zo.alpha", m.moved)
		single("zo.alpha.buffer", m.twin.Buffer[n:])
		double("zo.beside", m.beside)
	}
	return &m.Adam.Steps
}

package darts

import (
	"math"

	"hlrslab/core/nn"
)

// Single is the mixture of one cell: its operations have weight 1 and all others 0, whatever alpha is, which has no gradient.
type Single struct{ Ops []float32 }

// Len implements nn.Mixture.
func (*Single) Len(alphas int) int { return alphas }

// Forward implements nn.Mixture.
func (m *Single) Forward(ops, _ []float32) { copy(ops, m.Ops) }

// Backward implements nn.Mixture.
func (*Single) Backward([]float64, []float32, []float32, []float64) {}

// Sharing is random search with weight sharing (Li and Talwalkar, 2019): each step of the weights trains those of one cell drawn at
// random, and the best of some random cells by their loss, with the weights as they are, is chosen. There is no alpha.
type Sharing struct {
	Candidates int // to choose among
	Mixture    *Single
	// Trained and Candidate are the operation weights of the cell that a step of the weights trains, and of a cell to choose among,
	// both counted from 0. They must be the same when asked again.
	Trained, Candidate func(i int) []float32
	// Choosing says whether the next Step chooses.
	Choosing bool

	state []float64 // the number of the best candidate, and its loss
	steps int
}

// NewSharing prepares the method; what it needs is reserved in memory.
func NewSharing(memory *nn.Memory, candidates int, mixture *Single) *Sharing {
	m := &Sharing{Candidates: candidates, Mixture: mixture}
	nn.Reserve(memory, &m.state, 2)
	return m
}

// Due implements Method.
func (m *Sharing) Due() bool { return m.Choosing || m.steps == 0 }

// Step implements Method. Its loss is that of the cell chosen last, or before there is one that of the first cell trained.
func (m *Sharing) Step(_, val Objective, w, alpha []float32, _, _ float64) (loss float64) {
	of := func(ops []float32) float64 {
		m.Mixture.Ops = ops
		return val.Gradient(w, alpha, nil, nil, false)
	}
	best := m.state
	switch {
	case m.Choosing:
		best[0], best[1] = 0, math.Inf(1)
		for i := range m.Candidates {
			if loss := of(m.Candidate(i)); loss < best[1] {
				best[0], best[1] = float64(i), loss
			}
		}
	case m.steps == 0:
		best[1] = of(m.Trained(0))
	}
	m.Mixture.Ops = m.Trained(m.steps)
	m.steps++
	return best[1]
}

// Chosen is the candidate that was chosen last.
func (m *Sharing) Chosen() []float32 { return m.Candidate(int(m.state[0])) }

// State implements Method.
func (m *Sharing) State(_ func(name string, v []float32), double func(name string, v []float64)) (steps *int) {
	double("chosen", m.state)
	return &m.steps
}

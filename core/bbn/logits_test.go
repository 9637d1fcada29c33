package bbn

import (
	"slices"
	"testing"

	"hlrslab/core/internal/golden"
	"hlrslab/core/nn"
)

// mixed is W·[fc·f_c ; fr·f_r] + b in double precision, from the branches' last features.
func mixed(m *network, fc, fr float64) []float32 {
	s, h := m.Shape, m.program.Forward[len(m.program.Forward)-1][0].(*nn.Head)
	probe := m.executor.(interface{ Features(branch int) []float32 })
	in := h.Features(0) + h.Features(1)
	z := make([]float32, s.Classes*s.Batch)
	for o := range s.Classes {
		for n := range s.Batch {
			sum := float64(m.Weights[h.Bias+o])
			if h.Second >= 0 { // each head brings its own
				sum = fc*sum + fr*float64(m.Weights[h.Second+o])
			}
			for b, factor := range []float64{fc, fr} {
				for i := range h.Features(b) {
					w := m.Weights[h.Weight+o*in+b*h.Features(0)+i]
					sum += factor * float64(w) * float64(probe.Features(b)[i*s.Batch+n])
				}
			}
			z[o*s.Batch+n] = float32(sum)
		}
	}
	return z
}

// TestLogitsByHand: training mixes the branches by 2a and 2(1−a); inference adds them as they are, so that the same
// features give the same logits at a = ½.
func TestLogitsByHand(t *testing.T) {
	for _, branches := range []Parting{Cell, Head, Concat} {
		s := small
		s.Branches = branches
		m := model(t, s, 1)
		check := func(what string, got, want []float32) {
			if d := golden.Distance(got, want); !(d <= 1e-5) {
				t.Errorf("%s, %s: logits differ by %.2g", branches, what, d)
			}
		}
		for _, a := range []float64{0, 0.3, 1} { // two different batches
			o := random(m, a)
			o.Gradient(m.Weights, m.alpha, nil, nil, true)
			check("training", m.logits, mixed(m, 2*a, 2*(1-a)))
		}
		o := random(m, 0.5)
		o.Batches[1].Images = o.Batches[0].Images
		o.Gradient(m.Weights, m.alpha, nil, nil, false)
		check("training on one batch at ½", m.logits, mixed(m, 1, 1))
		training := slices.Clone(m.logits)
		check("inference", m.Predict(o.Batches[0], m.Weights, m.alpha, nil), mixed(m, 1, 1))
		if slices.Equal(training, m.logits) {
			t.Errorf("%s: inference takes the batch's statistics", branches)
		}
	}
}

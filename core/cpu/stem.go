package cpu

import (
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

type stem struct {
	*nn.Stem
	b    *branch
	taps [2]*tensor.Plan
	norm *norm
}

func newStem(b *branch, op *nn.Stem) *stem {
	s := &stem{Stem: op, b: b, norm: b.newNorm(op.Norm, op.Out)}
	s.taps, _ = b.plans(func(n int) (_, _ *tensor.Plan) {
		plan, _ := op.Window.Conv(op.In.H, op.In.W, n) // the same window in every input channel
		return plan.Repeat(op.In.C, planeOf(op.In, n), op.Window.K*op.Window.K), nil
	})
	b.maxAcc = max(b.maxAcc, op.Fan)
	return s
}

func (s *stem) forward(k, ch, _ int) {
	w := s.b.e.pass.Weights[s.Weights+ch*s.Fan:][:s.Fan]
	s.taps[s.b.variant(k)].Sum(s.b.mem, s.b.at(s.Out, k, ch), s.b.at(s.In, k, 0), w, false)
	s.norm.measure(k, ch)
}

func (s *stem) backward(k, ch, worker int) {
	b := s.b
	if !b.e.weighting {
		return
	}
	dx := b.plane1[worker]
	s.norm.inputGradient(s.Grad, k, ch, dx, 0, b.length(s.Out, k))
	acc := b.acc[worker][:s.Fan*tensor.Lanes]
	clear(acc)
	s.taps[b.variant(k)].Dot(acc, b.mem, dx, b.at(s.In, k, 0))
	fold(b.partial[k][s.Weights+ch*s.Fan:][:s.Fan], acc)
}

package nn

import "hlrslab/core/tensor"

// Stem is a full convolution of a branch's images, read through its BatchNorm.
type Stem struct {
	Branch       int
	In, Out      FeatureMap
	Window       tensor.Window
	Weights, Fan int // place of the weights: Out.C × Fan, Fan = In.C × K × K
	Norm         *BatchNorm
	Grad         FeatureMap // upstream gradient, of the normalised output

	undone int
}

// Stem adds a full convolution of the branch's images to out channels and a BatchNorm with affine part.
func (b *Builder) Stem(name, bn string, out int, w tensor.Window) *Stem {
	in := b.p.Inputs[b.branch]
	s := &Stem{Branch: b.branch, In: in, Window: w, Fan: in.C * w.K * w.K}
	s.Weights = b.p.Params.Weights.Add(name, s.Fan, out, in.C, w.K, w.K)
	s.Out = b.alloc(out, w.Out(in.H), w.Out(in.W))
	s.Norm = b.newNorm(bn, s.Out, true)
	b.p.MACs += s.Fan * out * s.Out.H * s.Out.W
	b.use(s.Out, 0)
	add(&b.p.Forward, 0, s)
	return s
}

func (s *Stem) output() (FeatureMap, *BatchNorm) { return s.Out, s.Norm }
func (s *Stem) receive(grad FeatureMap, _ int)   { s.Grad = grad }
func (s *Stem) inert() bool                      { return true }
func (s *Stem) ready() int                       { return 0 }

func (s *Stem) undo(b *Builder, level int) {
	s.undone = level + 1
	b.use(s.Grad, back(level+1))
	b.use(s.Out, back(level+1))
	add(&b.p.Backward, level+1, s)
}

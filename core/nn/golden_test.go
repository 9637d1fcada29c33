package nn

import (
	"testing"

	"hlrslab/core/internal/golden"
)

func TestLossesAgainstReference(t *testing.T) {
	f := golden.Open(t, "losses.safetensors")
	z, labels, reversed := f.Get("z"), f.Ints("y"), f.Ints("y_reversed")
	counts := f.Ints("counts")
	n, classes := z.Shape[0], z.Shape[1]
	turn := func(v []float32, rows, cols int) []float32 {
		out := make([]float32, len(v))
		for r := range rows {
			for c := range cols {
				out[c*rows+r] = v[r*cols+c]
			}
		}
		return out
	}
	weights, margins := EffectiveWeights(counts, 0.9999), Margins(counts)
	f.Near("cb_weights", golden.Narrow(weights), 1e-5)
	f.Near("ldam_margins", golden.Narrow(margins), 1e-5)
	small := make([]float32, len(z.Values))
	for i, v := range z.Values {
		small[i] = v / 10
	}
	for name, l := range map[string]Loss{
		"ce": {}, "cb_ce": {Weights: weights}, "focal_gamma1": {Gamma: 1}, "focal_gamma2": {Gamma: 2},
		"balanced_softmax": {Shift: LogPrior(counts)},
		"ldam_s30":         {Margin: margins, Scale: 30}, "ldam_s30_cb": {Margin: margins, Scale: 30, Weights: weights},
	} {
		in, factor := z.Values, float32(1)
		if l.Margin != nil { // the network's output is z/10
			in, factor = small, 0.1
		}
		grad := make([]float32, len(in))
		value := l.Eval(turn(in, n, classes), labels, float64(factor), grad)
		f.Near(name, []float32{float32(value)}, 1e-4)
		f.Near(name+"/dz", turn(grad, classes, n), 1e-3)
	}
	grad := make([]float32, len(z.Values))
	var l Loss
	value := 0.75*l.Eval(turn(z.Values, n, classes), labels, 0.75, grad) + 0.25*l.Eval(turn(z.Values, n, classes), reversed, 0.25, grad)
	f.Near("bbn_a0.75", []float32{float32(value)}, 1e-4)
	f.Near("bbn_a0.75/dz", turn(grad, classes, n), 1e-3)
}

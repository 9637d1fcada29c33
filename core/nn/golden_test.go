package nn

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"hlrslab/core/internal/golden"
)

// turn takes rows × cols to cols × rows.
func turn(v []float32, rows, cols int) []float32 {
	out := make([]float32, len(v))
	for r := range rows {
		for c := range cols {
			out[c*rows+r] = v[r*cols+c]
		}
	}
	return out
}

func TestLossesAgainstReference(t *testing.T) {
	f := golden.Open(t, "losses.safetensors")
	z, labels, reversed := f.Get("z"), f.Ints("y"), f.Ints("y_reversed")
	counts := f.Ints("counts")
	n, classes := z.Shape[0], z.Shape[1]
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

// TestMoreLossesAgainstReference: the losses of the neighbour methods, on logits.
func TestMoreLossesAgainstReference(t *testing.T) {
	f := golden.Open(t, "losses2.safetensors")
	z, labels, counts := f.Get("z"), f.Ints("y"), f.Ints("counts")
	n, classes := z.Shape[0], z.Shape[1]
	beta, err := strconv.ParseFloat(f.Meta["beta"], 64)
	if err != nil {
		t.Fatal(err)
	}
	weights := EffectiveWeights(counts, beta)
	for name, got := range map[string][]float64{
		"cb_weights": weights, "drw_weights_epoch159": EffectiveWeights(counts, 0), "drw_weights_epoch160": weights,
		"inverse_weights": InverseWeights(counts, 1), "inverse_sqrt_weights": InverseWeights(counts, 0.5), "ldam_margins": Margins(counts),
	} {
		f.Near(name, golden.Narrow(got), 1e-6)
	}
	losses := map[string]Loss{
		"ce": {}, "cb_ce": {Weights: weights}, "cb_ce_over_n": {Weights: weights, PerImage: true},
		"inverse_ce": {Weights: InverseWeights(counts, 1)}, "inverse_sqrt_ce": {Weights: InverseWeights(counts, 0.5)},
		"balanced_softmax": {Shift: LogPrior(counts)},
	}
	for _, name := range f.Names("") {
		kind, parameter := "", ""
		for _, k := range []string{"focal_gamma", "cb_focal_ldam_gamma", "cb_focal_sigmoid_gamma", "balanced_softmax_tau", "logit_adjusted_tau", "posthoc_tau"} {
			if p, ok := strings.CutPrefix(name, k); ok && !strings.Contains(p, "/") {
				kind, parameter = k, p
			}
		}
		if kind == "" {
			continue
		}
		value, err := strconv.ParseFloat(parameter, 64)
		if err != nil {
			t.Fatal(err)
		}
		switch kind {
		case "focal_gamma":
			losses[name] = Loss{Gamma: value}
		case "cb_focal_ldam_gamma":
			losses[name] = Loss{Gamma: value, Weights: weights}
		case "cb_focal_sigmoid_gamma":
			losses[name] = Loss{Gamma: value, Weights: weights, Sigmoid: true}
		case "balanced_softmax_tau", "logit_adjusted_tau":
			losses[name] = Loss{Shift: LogitAdjustment(counts, value)}
		case "posthoc_tau":
			got, shift := slices.Clone(z.Values), LogitAdjustment(counts, value)
			for i := range got {
				got[i] -= float32(shift[i%classes])
			}
			f.Near(name, got, 1e-6)
		}
	}
	for name, l := range losses {
		grad := make([]float32, len(z.Values))
		value := l.Eval(turn(z.Values, n, classes), labels, 1, grad)
		f.Near(name, []float32{float32(value)}, 1e-6)
		f.Near(name+"/dz", turn(grad, classes, n), 1e-6)
	}
}

// TestClassifiersAgainstReference: what goes beyond logits, with a linear classifier in double precision around it.
func TestClassifiersAgainstReference(t *testing.T) {
	f := golden.Open(t, "losses2.safetensors")
	features, w, bias, labels, perm := f.Get("f"), f.Get("W"), f.Get("b"), f.Ints("y"), f.Ints("perm")
	n, in, classes := features.Shape[0], features.Shape[1], w.Shape[0]
	h := &Head{Classifier: Classifier{Classes: classes}, Nodes: [][]*Node{{{Sum: FeatureMap{C: in}}}}, Bias: classes * in, Second: -1}
	base := slices.Concat(w.Values, bias.Values)
	logits := func(weights, features []float32) []float32 { // classes × batch
		z := make([]float32, classes*n)
		for o := range classes {
			for i := range n {
				sum := float64(weights[h.Bias+o])
				for j := range in {
					sum += float64(weights[h.Weight+o*in+j]) * float64(features[i*in+j])
				}
				z[o*n+i] = float32(sum)
			}
		}
		return z
	}
	back := func(features, dz []float32) (dw []float32) {
		dw = make([]float32, len(base))
		for o := range classes {
			for i := range n {
				dw[h.Bias+o] += dz[o*n+i]
				for j := range in {
					dw[h.Weight+o*in+j] += dz[o*n+i] * features[i*in+j]
				}
			}
		}
		return dw
	}
	for _, name := range f.Names("tau_norm_") {
		parameter, _ := strings.CutSuffix(name, "/logits")
		tau, err := strconv.ParseFloat(parameter, 64)
		if err != nil {
			t.Fatal(err)
		}
		own := slices.Clone(base)
		h.TauNormalise(own, tau)
		f.Near("tau_norm_"+name, turn(logits(own, features.Values), classes, n), 1e-5)
	}

	scales, own, dscales := f.Get("scales").Values, make([]float32, len(base)), make([]float32, classes)
	h.Scale(own, base, scales)
	z, dz := logits(own, features.Values), make([]float32, classes*n)
	f.Near("lws/logits", turn(z, classes, n), 1e-5)
	value := (&Loss{}).Eval(z, labels, 1, dz)
	f.Near("lws", []float32{float32(value)}, 1e-5)
	h.ScaleGradient(dscales, base, back(features.Values, dz))
	f.Near("lws/dscales", dscales, 1e-5)

	lambda, mixed := f.Get("lambda").Values[0], make([]float32, len(features.Values))
	batch := Batch{Labels: labels}
	for i, j := range perm {
		batch.Second, batch.Shares = append(batch.Second, labels[j]), append(batch.Shares, lambda)
		for c := range in {
			mixed[i*in+c] = lambda*features.Values[i*in+c] + (1-lambda)*features.Values[j*in+c]
		}
	}
	z = logits(base, mixed)
	f.Near("mixup/logits", turn(z, classes, n), 1e-5)
	for name, l := range map[string]Loss{"mixup": {}, "mixup_cb": {Weights: EffectiveWeights(f.Ints("counts"), 0.9999)}} {
		clear(dz)
		f.Near(name, []float32{float32(l.EvalMixed(z, batch, 1, dz))}, 1e-5)
		dw := back(mixed, dz)
		f.Near(name+"/dW", dw[:h.Bias], 1e-5)
		f.Near(name+"/db", dw[h.Bias:], 1e-5)
	}
}

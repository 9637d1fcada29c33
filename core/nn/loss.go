package nn

import "math"

// Loss is softmax cross-entropy with what long-tailed learning adds to it. The zero value is the
// plain one. Values are means over the batch, weighted by Weights if there are any (so that they are divided
// by the sum of the samples' weights).
type Loss struct {
	Weights []float64 // of each class: re-weighting
	Shift   []float64 // added to the logits: τ·log prior is balanced softmax (Ren et al., 2020)
	Gamma   float64   // focal: (1-p)^γ·CE (Lin et al., 2017)
	Margin  []float64 // LDAM: subtracted from the true class's logit (Cao et al., 2019) …
	Scale   float64   // … and the factor of all logits then; 0 is 1
}

// Exp is the exponential function by a path that Go has for neither amd64 nor wasm in assembly, so that both have its bits.
func Exp(x float64) float64 { return math.Exp2(x * math.Log2E) }

// Eval returns the loss of logits (classes × batch, the batch innermost) and adds factor times its
// gradient to grad.
func (l *Loss) Eval(logits []float32, labels []int, factor float64, grad []float32) float64 {
	n := len(labels)
	classes := len(logits) / n
	scale := l.Scale
	if scale == 0 {
		scale = 1
	}
	total := float64(n)
	if l.Weights != nil {
		total = 0
		for _, y := range labels {
			total += l.Weights[y]
		}
	}
	var buf [MaxClasses]float64
	z := buf[:classes]
	var sum float64
	for i, y := range labels {
		top := math.Inf(-1)
		for c := range z {
			z[c] = float64(logits[c*n+i])
			if l.Shift != nil {
				z[c] += l.Shift[c]
			}
			if l.Margin != nil && c == y {
				z[c] -= l.Margin[y]
			}
			z[c] *= scale
			top = max(top, z[c])
		}
		var norm float64
		for c := range z {
			norm += Exp(z[c] - top)
		}
		ce := math.Log1p(norm-1) + top - z[y] // not Log: see Exp
		weight := 1.0
		if l.Weights != nil {
			weight = l.Weights[y]
		}
		value, slope := ce, 1.0
		if l.Gamma > 0 {
			p := Exp(-ce)
			value = math.Pow(1-p, l.Gamma) * ce
			slope = math.Pow(1-p, l.Gamma) + l.Gamma*math.Pow(1-p, l.Gamma-1)*p*ce
		}
		sum += weight * value
		slope *= factor * weight * scale / total
		for c := range z {
			d := Exp(z[c]-top) / norm
			if c == y {
				d--
			}
			grad[c*n+i] += float32(slope * d)
		}
	}
	return sum / total
}

// EffectiveWeights are the class weights (1-β)/(1-β^n) of Cui et al. (2019), with sum len(counts).
func EffectiveWeights(counts []int, beta float64) []float64 {
	w := make([]float64, len(counts))
	var sum float64
	for i, n := range counts {
		w[i] = (1 - beta) / (1 - math.Pow(beta, float64(n)))
		sum += w[i]
	}
	for i := range w {
		w[i] *= float64(len(counts)) / sum
	}
	return w
}

// Margins are LDAM's, ½·n^(-1/4) over the largest n^(-1/4): the rarest class gets ½.
func Margins(counts []int) []float64 {
	m := make([]float64, len(counts))
	top := 0.0
	for i, n := range counts {
		m[i] = math.Pow(float64(n), -0.25)
		top = max(top, m[i])
	}
	for i := range m {
		m[i] *= 0.5 / top
	}
	return m
}

// LogPrior is the logarithm of each class's share.
func LogPrior(counts []int) []float64 {
	total := 0
	for _, n := range counts {
		total += n
	}
	p := make([]float64, len(counts))
	for i, n := range counts {
		p[i] = math.Log1p(float64(n)/float64(total) - 1)
	}
	return p
}

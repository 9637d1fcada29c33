package nn

import "math"

// Loss is softmax cross-entropy with what long-tailed learning adds to it. The zero value is the
// plain one. Values are means over the batch, weighted by Weights if there are any: divided by the sum of the images' weights, as
// PyTorch has it, unless PerImage is set or the loss is focal.
type Loss struct {
	Weights  []float64 // of each class: re-weighting
	PerImage bool      // divide by the number of images instead (Cui et al.'s code)
	Shift    []float64 // added to the logits: log prior is balanced softmax (Ren et al., 2020), see LogitAdjustment
	Gamma    float64   // focal: (1-p)^γ·CE with p = exp(-CE) (Lin et al., 2017); a class's weight is CE's factor in both places (LDAM-DRW's code)
	Sigmoid  bool      // focal too, on Σ over classes of each one's own binary cross-entropy, weighted behind γ (Cui et al., 2019)
	Margin   []float64 // LDAM: subtracted from the true class's logit (Cao et al., 2019) …
	Scale    float64   // … and the factor of all logits then; 0 is 1
}

// Exp is the exponential function by a path that Go has for neither amd64 nor wasm in assembly, so that both have its bits.
func Exp(x float64) float64 { return math.Exp2(x * math.Log2E) }

// Log is the logarithm likewise.
func Log(x float64) float64 { return math.Log1p(x - 1) }

// pow is x^y of x ≥ 0 likewise: math.Pow goes another path for the powers that need no exponential.
func pow(x, y float64) float64 {
	if y == math.Trunc(y) || y == 0.5 {
		return math.Pow(x, y)
	}
	return Exp(y * Log(x))
}

// Eval returns the loss of logits (classes × batch, the batch innermost) and adds factor times its
// gradient to grad.
func (l *Loss) Eval(logits []float32, labels []int, factor float64, grad []float32) float64 {
	return l.EvalMixed(logits, Batch{Labels: labels}, factor, grad)
}

// EvalMixed is Eval with the batch's labels, of which an image may have two: its loss is then that with either, by their shares.
func (l *Loss) EvalMixed(logits []float32, b Batch, factor float64, grad []float32) float64 {
	total := l.Total(b)
	var buf [MaxClasses]float64
	z := buf[:len(logits)/len(b.Labels)]
	var sum float64
	for i, y := range b.Labels {
		s := b.share(i)
		sum += s * l.image(z, logits, i, len(b.Labels), y, factor*s, total, grad)
		if s < 1 {
			sum += (1 - s) * l.image(z, logits, i, len(b.Labels), b.Second[i], factor*(1-s), total, grad)
		}
	}
	return sum / total
}

// share is that of an image's first label in its loss.
func (b *Batch) share(i int) float64 {
	if b.Second == nil {
		return 1
	}
	return float64(b.Shares[i])
}

// Total is what the sum over a batch's images is divided by.
func (l *Loss) Total(b Batch) float64 {
	total := float64(len(b.Labels))
	if l.Weights != nil && !l.PerImage && l.Gamma == 0 && !l.Sigmoid {
		total = 0
		for i, y := range b.Labels {
			s := b.share(i)
			total += s * l.Weights[y]
			if s < 1 {
				total += (1 - s) * l.Weights[b.Second[i]]
			}
		}
	}
	return total
}

// image is the weighted loss of image i of n with label y; it adds factor/total times its gradient to grad. z is room.
func (l *Loss) image(z []float64, logits []float32, i, n, y int, factor, total float64, grad []float32) float64 {
	scale := l.Scale
	if scale == 0 {
		scale = 1
	}
	weight := 1.0
	if l.Weights != nil {
		weight = l.Weights[y]
	}
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
	if l.Sigmoid {
		var sum float64
		for c, x := range z {
			sign := 1.0 // of the logit that the class's term wants low
			if c == y {
				sign = -1
			}
			ce := math.Log1p(Exp(-max(x, -x))) + max(sign*x, 0)
			value, slope := l.focal(ce)
			sum += value
			grad[c*n+i] += float32(slope * sign * (1 - Exp(-ce)) * factor * weight * scale / total)
		}
		return weight * sum
	}
	var norm float64
	for c := range z {
		norm += Exp(z[c] - top)
	}
	ce := Log(norm) + top - z[y]
	value, slope := weight*ce, 1.0
	if l.Gamma > 0 {
		value, slope = l.focal(value)
	}
	slope *= factor * weight * scale / total
	for c := range z {
		d := Exp(z[c]-top) / norm
		if c == y {
			d--
		}
		grad[c*n+i] += float32(slope * d)
	}
	return value
}

// focal is (1-e^-ce)^γ·ce and its derivative.
func (l *Loss) focal(ce float64) (value, slope float64) {
	p := Exp(-ce)
	slope = pow(1-p, l.Gamma)
	value = slope * ce
	if p < 1 && l.Gamma > 0 { // at 1 the rest goes to 0, but its first factor is without bounds if γ is below 1
		slope += l.Gamma * pow(1-p, l.Gamma-1) * p * ce
	}
	return value, slope
}

// EffectiveWeights are the class weights (1-β)/(1-β^n) of Cui et al. (2019), with sum len(counts).
func EffectiveWeights(counts []int, beta float64) []float64 {
	return weights(counts, func(n float64) float64 { return (1 - beta) / (1 - math.Pow(beta, n)) })
}

// InverseWeights are the class weights n^-q with sum len(counts): q = 1 is by inverse frequency, ½ by its root.
func InverseWeights(counts []int, q float64) []float64 {
	return weights(counts, func(n float64) float64 { return 1 / pow(n, q) })
}

func weights(counts []int, of func(n float64) float64) []float64 {
	w := make([]float64, len(counts))
	var sum float64
	for i, n := range counts {
		w[i] = of(float64(n))
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
		m[i] = 1 / math.Sqrt(math.Sqrt(float64(n)))
		top = max(top, m[i])
	}
	for i := range m {
		m[i] *= 0.5 / top
	}
	return m
}

// LogPrior is the logarithm of each class's share.
func LogPrior(counts []int) []float64 { return logs(counts, Log) }

// LogitAdjustment is Log(π^τ + 10⁻¹²) of each class's share π (Menon et al., 2021): as a Loss's Shift it is their logit-adjusted loss,
// and balanced softmax with its prior to the power of τ; subtracted from the logits of a network trained without, it is their post-hoc
// adjustment.
func LogitAdjustment(counts []int, tau float64) []float64 {
	return logs(counts, func(share float64) float64 { return Log(pow(share, tau) + 1e-12) })
}

func logs(counts []int, of func(share float64) float64) []float64 {
	total := 0
	for _, n := range counts {
		total += n
	}
	p := make([]float64, len(counts))
	for i, n := range counts {
		p[i] = of(float64(n) / float64(total))
	}
	return p
}

package cpu

import (
	"math"

	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// norm is a BatchNorm, never stored: whoever reads its map x reads scale·x + shift, and its gradient comes back as a·g + b·x + d.
// A Conv without one has a norm that changes nothing.
type norm struct {
	*nn.BatchNorm // nil where there is none
	b             *branch
	x             nn.FeatureMap
	floor         float32 // of what a Conv reads: 0 is a ReLU
	scale, shift  []float32
	mean, inverse []float64
	moments       [][]float32 // of each chunk: mean and Σ(x-mean)² of each channel
	coefficients
	sum, dot [][]float32 // of each chunk and channel: Σg, Σg·x̂ or Σg·x
}

// coefficients are those of the gradient of x.
type coefficients struct{ ga, gb, gd []float32 }

func (b *branch) newNorm(bn *nn.BatchNorm, x nn.FeatureMap) *norm {
	memory := &b.e.p.Params.Memory
	n := &norm{BatchNorm: bn, b: b, x: x}
	n.sum, n.dot = b.chunked(x.C), b.chunked(x.C)
	nn.Reserve(memory, &n.scale, x.C)
	nn.Reserve(memory, &n.shift, x.C)
	if bn == nil {
		n.floor = tensor.NoFloor
		memory.Then(func() {
			for i := range n.scale {
				n.scale[i] = 1
			}
			n.coefficients = coefficients{n.scale, n.shift, n.shift}
		})
		return n
	}
	b.norms[bn] = n
	n.reserve(b)
	nn.Reserve(memory, &n.mean, x.C)
	nn.Reserve(memory, &n.inverse, x.C)
	n.moments = b.chunked(2 * x.C)
	return n
}

func (n *norm) reserve(b *branch) {
	for _, p := range []*[]float32{&n.ga, &n.gb, &n.gd} {
		nn.Reserve(&b.e.p.Params.Memory, p, n.x.C)
	}
}

// reader is n as one more reads it: statistics are shared, the gradient's coefficients are not.
func (n *norm) reader(b *branch) *norm {
	r := &norm{}
	*r = *n
	b.e.p.Params.Memory.Then(func() { *r = *n })
	r.reserve(b)
	return r
}

// affine returns γ and β of channel c.
func (n *norm) affine(c int) (gamma, beta float64) {
	if n.Gamma < 0 {
		return 1, 0
	}
	w := n.b.e.pass.Weights
	return float64(w[n.Gamma+c]), float64(w[n.Beta+c])
}

// reading is how a Conv reads channel c.
func (n *norm) reading(c int) tensor.Reading {
	return tensor.Reading{Scale: n.scale[c], Shift: n.shift[c], Floor: n.floor}
}

// measure takes the moments of channel c of chunk k, in training.
func (n *norm) measure(k, c int) {
	if n.b.e.pass.Train && n.BatchNorm != nil {
		m := n.moments[k]
		m[2*c], m[2*c+1] = tensor.Moments(n.b.values(n.x, k, c))
	}
}

// inputGradient writes x's gradient to dst: that of length values, from col on, of channel c of chunk k, whose upstream gradient
// is in grad.
func (n *norm) inputGradient(grad nn.FeatureMap, k, c, dst, col, length int) {
	pair := [2]tensor.Tap{{Off: int32(n.b.at(grad, k, c)), W: 0}, {Off: int32(n.b.at(n.x, k, c)), W: 1}}
	ab := [2]float32{n.ga[c], n.gb[c]}
	tensor.Sum(n.b.mem, dst, col, length, pair[:], ab[:], n.gd[c], tensor.NoFloor, false)
}

// finish turns the chunks' moments (Chan, Golub, LeVeque 1983) or, out of training, the running
// statistics into scale and shift.
func (n *norm) finish() {
	if n.BatchNorm == nil {
		return
	}
	pass := &n.b.e.pass
	mean, variance := pass.Running[n.Running:], pass.Running[n.Running+n.x.C:]
	total := float64(n.b.count(n.x))
	for c := range n.x.C {
		if pass.Train {
			var count, mu, m2 float64
			for k, m := range n.moments {
				nk := float64(n.b.length(n.x, k))
				delta := float64(m[2*c]) - mu
				count += nk
				mu += delta * nk / count
				m2 += float64(m[2*c+1]) + delta*delta*nk*(count-nk)/count
			}
			v := m2 / total
			if total > 1 {
				m2 /= total - 1
			}
			if pass.Track {
				p := float64(float32(nn.Momentum))
				mean[c] = float32((1-p)*float64(mean[c]) + p*mu)
				variance[c] = float32((1-p)*float64(variance[c]) + p*m2)
			}
			n.mean[c], n.inverse[c] = mu, 1/math.Sqrt(v+nn.Eps)
		} else {
			n.mean[c], n.inverse[c] = float64(mean[c]), 1/math.Sqrt(float64(variance[c])+nn.Eps)
		}
		gamma, beta := n.affine(c)
		n.scale[c] = float32(gamma * n.inverse[c])
		n.shift[c] = float32(beta - gamma*n.mean[c]*n.inverse[c])
	}
}

// back sets channel c's gradient coefficients for upstream gradient weight·g, from sum = Σg and dot =
// Σg·x̂ over the batch, and returns the gradient with respect to weight.
func (n *norm) back(c int, weight, sum, dot float64) (dweight float64) {
	if n.BatchNorm == nil {
		return dot
	}
	gamma, beta := n.affine(c)
	count := float64(n.b.count(n.x))
	a := weight * gamma * n.inverse[c]
	b := -a * n.inverse[c] * dot / count
	n.ga[c], n.gb[c], n.gd[c] = float32(a), float32(b), float32(-a*sum/count-b*n.mean[c])
	if n.Gamma >= 0 && n.b.e.weighting {
		n.b.partial[0][n.Gamma+c] = float32(weight * dot)
		n.b.partial[0][n.Beta+c] = float32(weight * sum)
	}
	return gamma*dot + beta*sum
}

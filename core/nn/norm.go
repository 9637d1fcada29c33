package nn

import (
	"math"

	"hlrslab/core/tensor"
)

// eps is BatchNorm's guard against a zero variance.
const eps = 1e-5

// norm is BatchNorm over the planes of a map x (Ioffe and Szegedy, 2015), never stored: whoever reads x
// reads scale·x + shift, and its gradient comes back as a·g + b·x + d.
type norm struct {
	name          string
	x             Map
	gamma, beta   int     // in the weights; -1 without affine part
	running       int     // means, then variances, in the running statistics
	floor         float32 // of what a Conv reads: 0 is a ReLU
	scale, shift  []float32
	mean, inverse []float64
	moments       [][]float32 // of each chunk: mean and Σ(x-mean)² of each channel
	a, b, d       []float32
	sum, dot      [][]float32 // of each chunk and channel: Σg, Σg·x̂ or Σg·x
}

// newNorm adds a BatchNorm; without a name it is none: what is read is x itself.
func (g *Graph) newNorm(name string, x Map, affine bool) *norm {
	n := &norm{name: name, x: x, gamma: -1, beta: -1}
	if name == "" {
		n.floor = tensor.NoFloor
		g.fill(&n.scale, x.C, 1)
		Reserve(&g.Store.Memory, &n.shift, x.C)
		g.Store.Memory.Then(func() { n.a, n.b, n.d = n.scale, n.shift, n.shift })
		n.sum, n.dot = g.chunked(x.C), g.chunked(x.C)
		return n
	}
	n.running = g.Store.Running.Add(name+".running_mean", 0, x.C)
	if v := g.Store.Running.Add(name+".running_var", 0, x.C); v != n.running+x.C {
		panic("nn: running statistics out of order")
	}
	if affine {
		n.gamma = g.Store.Weights.Add(name+".weight", 0, x.C)
		n.beta = g.Store.Weights.Add(name+".bias", 0, x.C)
	}
	for _, p := range []*[]float32{&n.scale, &n.shift, &n.a, &n.b, &n.d} {
		Reserve(&g.Store.Memory, p, x.C)
	}
	for _, p := range []*[]float64{&n.mean, &n.inverse} {
		Reserve(&g.Store.Memory, p, x.C)
	}
	n.moments, n.sum, n.dot = g.chunked(2*x.C), g.chunked(x.C), g.chunked(x.C)
	return n
}

// reader is n as one more reads it: statistics are shared, the gradient's coefficients are not.
func (n *norm) reader(g *Graph) *norm {
	r := &norm{}
	*r = *n
	g.Store.Memory.Then(func() { *r = *n })
	for _, p := range []*[]float32{&r.a, &r.b, &r.d} {
		Reserve(&g.Store.Memory, p, n.x.C)
	}
	return r
}

// affine returns γ and β of channel c.
func (n *norm) affine(g *Graph, c int) (gamma, beta float64) {
	if n.gamma < 0 {
		return 1, 0
	}
	return float64(g.Weights[n.gamma+c]), float64(g.Weights[n.beta+c])
}

// measure takes the moments of channel c of chunk k, in training.
func (n *norm) measure(g *Graph, k, c int) {
	if g.Training && n.name != "" {
		m := n.moments[k]
		m[2*c], m[2*c+1] = tensor.Moments(g.values(n.x, k, c))
	}
}

// pull writes x's gradient to dst: that of length values, from col on, of channel c of chunk k, whose upstream gradient is
// in grad.
func (n *norm) pull(g *Graph, grad Map, k, c, dst, col, length int) {
	pair := [2]tensor.Tap{{Off: int32(g.at(grad, k, c)), W: 0}, {Off: int32(g.at(n.x, k, c)), W: 1}}
	ab := [2]float32{n.a[c], n.b[c]}
	tensor.Sum(g.mem, dst, col, length, pair[:], ab[:], n.d[c], tensor.NoFloor, false)
}

// finish turns the chunks' moments (Chan, Golub, LeVeque 1983) or, out of training, the running
// statistics into scale and shift.
func (n *norm) finish(g *Graph) {
	if n.name == "" {
		return
	}
	mean, variance := g.Running[n.running:], g.Running[n.running+n.x.C:]
	total := float64(g.count(n.x))
	for c := range n.x.C {
		if g.Training {
			var count, mu, m2 float64
			for k, m := range n.moments {
				nk := float64(g.length(n.x, k))
				delta := float64(m[2*c]) - mu
				count += nk
				mu += delta * nk / count
				m2 += float64(m[2*c+1]) + delta*delta*nk*(count-nk)/count
			}
			v := m2 / total
			if total > 1 {
				m2 /= total - 1
			}
			p := float64(g.Momentum)
			mean[c] = float32((1-p)*float64(mean[c]) + p*mu)
			variance[c] = float32((1-p)*float64(variance[c]) + p*m2)
			n.mean[c], n.inverse[c] = mu, 1/math.Sqrt(v+eps)
		} else {
			n.mean[c], n.inverse[c] = float64(mean[c]), 1/math.Sqrt(float64(variance[c])+eps)
		}
		gamma, beta := n.affine(g, c)
		n.scale[c] = float32(gamma * n.inverse[c])
		n.shift[c] = float32(beta - gamma*n.mean[c]*n.inverse[c])
	}
}

// back sets channel c's gradient coefficients for upstream gradient weight·g, from sum = Σg and dot =
// Σg·x̂ over the batch, and returns the gradient with respect to weight.
func (n *norm) back(g *Graph, c int, weight, sum, dot float64) (dweight float64) {
	if n.name == "" {
		return dot
	}
	gamma, beta := n.affine(g, c)
	count := float64(g.count(n.x))
	a := weight * gamma * n.inverse[c]
	b := -a * n.inverse[c] * dot / count
	n.a[c], n.b[c], n.d[c] = float32(a), float32(b), float32(-a*sum/count-b*n.mean[c])
	if n.gamma >= 0 && g.weighting {
		g.partial[0][n.gamma+c] = float32(weight * dot)
		g.partial[0][n.beta+c] = float32(weight * sum)
	}
	return gamma*dot + beta*sum
}

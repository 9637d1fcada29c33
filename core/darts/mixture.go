package darts

import (
	"slices"

	"hlrslab/core/nn"
)

// Softmax is the mixture of DARTS (equation 2): operation weights are the softmax of alpha, edge by edge.
type Softmax struct{}

// Len implements nn.Mixture.
func (Softmax) Len(alphas int) int { return alphas }

// Forward implements nn.Mixture.
func (Softmax) Forward(ops, alpha []float32) {
	n := len(Primitives)
	for e := 0; e < len(alpha); e += n {
		row, out := alpha[e:e+n], ops[e:e+n]
		top := float64(row[0])
		for _, v := range row {
			top = max(top, float64(v))
		}
		var p [16]float64
		var sum float64
		for k, v := range row {
			p[k] = nn.Exp(float64(v) - top)
			sum += p[k]
		}
		for k := range row {
			out[k] = float32(p[k] / sum)
		}
	}
}

// Backward implements nn.Mixture.
func (Softmax) Backward(dalpha []float64, ops, _ []float32, dops []float64) {
	n := len(Primitives)
	for e := 0; e < len(ops); e += n {
		var mean float64
		for k := range n {
			mean += float64(ops[e+k]) * dops[e+k]
		}
		for k := range n {
			dalpha[e+k] += float64(ops[e+k]) * (dops[e+k] - mean)
		}
	}
}

// Sparsemax is the mixture of ZO-DARTS+: operation weights are the projection of alpha ÷ Temperature onto the simplex, edge by edge
// (Martins and Astudillo, 2016). Operations of weight 0 are not run; the colder it is, the more there are of them.
type Sparsemax struct {
	Temperature float64 // over 0
}

// Len implements nn.Mixture.
func (*Sparsemax) Len(alphas int) int { return alphas }

// Forward implements nn.Mixture.
func (m *Sparsemax) Forward(ops, alpha []float32) {
	n := len(Primitives)
	for e := 0; e < len(alpha); e += n {
		var sorted [16]float64
		z := sorted[:n]
		for k, v := range alpha[e : e+n] {
			z[k] = float64(v) / m.Temperature
		}
		slices.Sort(z)
		// The threshold is that of the largest k whose k-th largest value is in the support still.
		var sum, threshold float64
		for k := 1; k <= n; k++ {
			v := z[n-k]
			if sum += v; 1+float64(k)*v <= sum {
				break
			}
			threshold = (sum - 1) / float64(k)
		}
		for k, v := range alpha[e : e+n] {
			ops[e+k] = float32(max(float64(v)/m.Temperature-threshold, 0))
		}
	}
}

// Backward implements nn.Mixture: within the support, the gradient less its mean.
func (m *Sparsemax) Backward(dalpha []float64, ops, _ []float32, dops []float64) {
	n := len(Primitives)
	for e := 0; e < len(ops); e += n {
		var sum, size float64
		for k := range n {
			if ops[e+k] > 0 {
				sum += dops[e+k]
				size++
			}
		}
		for k := range n {
			if ops[e+k] > 0 {
				dalpha[e+k] += (dops[e+k] - sum/size) / m.Temperature
			}
		}
	}
}

// Perturbed is Softmax, and while it has a Delta the softmax moved by it and brought back to shares, as SDARTS-RS takes the weights'
// step (Chen and Hsieh, 2020). It has no gradient in alpha then.
type Perturbed struct {
	Softmax
	Delta []float32 // of each operation weight, or nil
}

// Forward implements nn.Mixture.
func (m *Perturbed) Forward(ops, alpha []float32) {
	m.Softmax.Forward(ops, alpha)
	for i, d := range m.Delta {
		ops[i] += d
	}
	for e := 0; e < len(m.Delta); e += len(Primitives) {
		clip(ops[e : e+len(Primitives)])
	}
}

// clip brings a row back to shares of 1: what is above 1 or below 0 goes there, and the rest is divided by the sum. Where nothing is
// left, the largest has all.
func clip(row []float32) {
	best, sum := 0, 0.0
	for k, v := range row {
		if v > row[best] {
			best = k
		}
	}
	if row[best] <= 0 {
		row[best] = 1
	}
	for k, v := range row {
		row[k] = min(max(v, 0), 1)
		sum += float64(row[k])
	}
	for k, v := range row {
		row[k] = float32(float64(v) / sum)
	}
}

// Sigmoid is the mixture of FairDARTS: operations do not compete, each has the weight σ(alpha) (Chu et al., 2020, equation 5).
type Sigmoid struct{}

// Len implements nn.Mixture.
func (Sigmoid) Len(alphas int) int { return alphas }

// Forward implements nn.Mixture.
func (Sigmoid) Forward(ops, alpha []float32) {
	for i, v := range alpha {
		ops[i] = float32(sigmoid(v))
	}
}

// Backward implements nn.Mixture.
func (Sigmoid) Backward(dalpha []float64, _, alpha []float32, dops []float64) {
	for i, d := range dops {
		p := sigmoid(alpha[i])
		dalpha[i] += p * (1 - p) * d
	}
}

func sigmoid(v float32) float64 { return 1 / (1 + nn.Exp(-float64(v))) }

// Extra is a mixture beside which every edge has one more skip connection, of weight Beta, which has no alpha.
type Extra struct {
	nn.Mixture
	Beta float64
}

// Len implements nn.Mixture.
func (m *Extra) Len(alphas int) int { return alphas + 1 }

// Forward implements nn.Mixture.
func (m *Extra) Forward(ops, alpha []float32) {
	m.Mixture.Forward(ops[:len(alpha)], alpha)
	ops[len(alpha)] = float32(m.Beta)
}

// Backward implements nn.Mixture.
func (m *Extra) Backward(dalpha []float64, ops, alpha []float32, dops []float64) {
	m.Mixture.Backward(dalpha, ops[:len(alpha)], alpha, dops[:len(alpha)])
}

// Normalised is a mixture whose edges have weights of their own beside their operations' (PC-DARTS' edge normalisation): the softmax of
// one more alpha of each edge over the edges into its node. An operation's weight is multiplied by its edge's, which is an operation
// weight, too. Alphas and operation weights are those of the mixture, and then those of the edges: of the normal cells, then of the reduction cells.
type Normalised struct {
	nn.Mixture
	Nodes int

	own  []float32 // the mixture's operation weights
	dops []float64
}

// Len implements nn.Mixture.
func (m *Normalised) Len(alphas int) int { return alphas }

// rows is how many alphas are the mixture's.
func (m *Normalised) rows() int { return 2 * Edges(m.Nodes) * len(Primitives) }

// Forward implements nn.Mixture.
func (m *Normalised) Forward(ops, alpha []float32) {
	n := m.rows()
	m.Mixture.Forward(ops[:n], alpha[:n])
	m.Weigh(ops[n:], alpha[n:])
	for i := range ops[:n] {
		ops[i] *= ops[n+i/len(Primitives)]
	}
}

// Weigh sets the edges' weights from their alphas.
func (m *Normalised) Weigh(edges, alpha []float32) {
	for from, to := range m.nodes() {
		top := slices.Max(alpha[from:to])
		var sum float64
		for _, v := range alpha[from:to] {
			sum += nn.Exp(float64(v - top))
		}
		for e := from; e < to; e++ {
			edges[e] = float32(nn.Exp(float64(alpha[e]-top)) / sum)
		}
	}
}

// nodes are the ends of the edges into each node of both cells.
func (m *Normalised) nodes() func(yield func(from, to int) bool) {
	return func(yield func(from, to int) bool) {
		for from, node := 0, 0; from < 2*Edges(m.Nodes); node++ {
			to := from + 2 + node%m.Nodes
			if !yield(from, to) {
				return
			}
			from = to
		}
	}
}

// Backward implements nn.Mixture.
func (m *Normalised) Backward(dalpha []float64, ops, alpha []float32, dops []float64) {
	n := m.rows()
	edges := ops[n:]
	m.own, m.dops = slices.Grow(m.own[:0], n)[:n], slices.Grow(m.dops[:0], n+len(edges))[:n+len(edges)]
	m.Mixture.Forward(m.own, alpha[:n])
	copy(m.dops[n:], dops[n:])
	for i, d := range dops[:n] {
		e := i / len(Primitives)
		m.dops[i] = d * float64(edges[e])
		m.dops[n+e] += d * float64(m.own[i])
	}
	m.Mixture.Backward(dalpha[:n], m.own, alpha[:n], m.dops[:n])
	for from, to := range m.nodes() {
		var mean float64
		for e := from; e < to; e++ {
			mean += float64(edges[e]) * m.dops[n+e]
		}
		for e := from; e < to; e++ {
			dalpha[n+e] += float64(edges[e]) * (m.dops[n+e] - mean)
		}
	}
}

// Temperature is that of an epoch, from 0, where it begins at first and is multiplied by factor after each so many epochs; it does
// not fall below a thousandth.
func Temperature(epoch int, first, factor float64, every int) float64 {
	t := first
	for range epoch / every {
		t = max(t*factor, 1e-3)
	}
	return t
}

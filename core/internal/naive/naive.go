// Package naive is a device of plain loops over the values of a program's operations: slow, short, and written from what they mean
// alone. Tests hold the real devices against it.
package naive

import (
	"fmt"
	"math"

	"hlrslab/core/nn"
)

// Device implements nn.Device.
type Device struct{}

// Name implements nn.Device.
func (Device) Name() string { return nn.CPU }

// Compile implements nn.Device.
func (Device) Compile(p *nn.Program) (nn.Executor, error) {
	e := &Executor{p: p, batch: make([]nn.Batch, len(p.Inputs)), stats: map[*nn.BatchNorm][]stat{}}
	for _, m := range p.Maps {
		e.x = append(e.x, make([]float64, m.C*m.H*m.W*p.Batch))
		e.d = append(e.d, make([]float64, m.C*m.H*m.W*p.Batch))
	}
	return e, nil
}

// Executor implements nn.Executor.
type Executor struct {
	p     *nn.Program
	x, d  [][]float64 // of each map, C × H × W × batch, its values and the loss's gradient with respect to them
	batch []nn.Batch
	stats map[*nn.BatchNorm][]stat // of each channel
	pass  nn.Pass
	loss  float64
}

type stat struct{ mean, inverse float64 }

// Load implements nn.Executor.
func (e *Executor) Load(branch int, b nn.Batch) {
	e.Put(e.p.Inputs[branch], b.Images)
	e.batch[branch] = b
}

// Close implements nn.Executor.
func (e *Executor) Close() {}

// Put sets a map's values, PutGradient the gradient with respect to them; Values and Gradient return them.
func (e *Executor) Put(m nn.FeatureMap, v []float32)         { widen(e.x[m.ID], v) }
func (e *Executor) PutGradient(m nn.FeatureMap, v []float32) { widen(e.d[m.ID], v) }
func (e *Executor) Values(m nn.FeatureMap) []float32         { return narrow(e.x[m.ID]) }
func (e *Executor) Gradient(m nn.FeatureMap) []float32       { return narrow(e.d[m.ID]) }

func widen(dst []float64, v []float32) {
	for i, x := range v {
		dst[i] = float64(x)
	}
}

func narrow(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

// Run implements nn.Executor.
func (e *Executor) Run(p nn.Pass) (float64, error) {
	e.pass, e.loss = p, 0
	clear(p.Grad)
	clear(p.OpGrad)
	for _, d := range e.d {
		clear(d)
	}
	e.Forward()
	if math.IsNaN(e.loss) || math.IsInf(e.loss, 0) {
		return e.loss, fmt.Errorf("the classifier")
	}
	if p.Loss != nil && !p.Frozen && (p.Grad != nil || p.OpGrad != nil) {
		e.Backward()
	}
	return e.loss, nil
}

// Forward is the pass's first half, and Backward, with the gradients that are there, its second.
func (e *Executor) Forward() {
	for _, level := range e.p.Forward {
		for _, op := range level {
			switch op := op.(type) {
			case *nn.Stem:
				e.stem(op)
			case *nn.Conv:
				e.conv(op)
			case *nn.Node:
				e.node(op)
			case *nn.Head:
				e.head(op)
			}
		}
	}
}

// Backward is described at Forward.
func (e *Executor) Backward() {
	for _, level := range e.p.Backward {
		for _, op := range level {
			switch op := op.(type) {
			case *nn.Stem:
				e.stemBack(op)
			case *nn.Conv:
				e.convBack(op)
			case *nn.GradientGroup:
				for _, c := range op.Convs {
					e.convBack(c)
				}
			case *nn.Node:
				e.nodeBack(op)
			}
		}
	}
}

// weight is an operation's weight, or 1.
func (e *Executor) weight(at int) float64 {
	if at < 0 {
		return 1
	}
	return float64(e.pass.OpWeights[at])
}

// plane is channel c of values or gradients of a map: H × W × batch.
func (e *Executor) plane(all [][]float64, m nn.FeatureMap, c int) []float64 {
	n := m.H * m.W * e.p.Batch
	return all[m.ID][c*n : (c+1)*n]
}

// grad adds to a weight's gradient.
func (e *Executor) grad(at int, v float64) {
	if e.pass.Grad != nil {
		e.pass.Grad[at] += float32(v)
	}
}

// measure takes a BatchNorm's statistics.
func (e *Executor) measure(n *nn.BatchNorm) {
	if n == nil {
		return
	}
	e.stats[n] = make([]stat, n.X.C)
	for c := range n.X.C {
		mean, variance := &e.pass.Running[n.Running+c], &e.pass.Running[n.Running+n.X.C+c]
		mu, v := float64(*mean), float64(*variance)
		if e.pass.Train {
			x := e.plane(e.x, n.X, c)
			count := float64(len(x))
			mu, v = 0, 0
			for _, x := range x {
				mu += x / count
			}
			for _, x := range x {
				v += (x - mu) * (x - mu) / count
			}
			if e.pass.Track {
				*mean = float32((1-nn.Momentum)*float64(*mean) + nn.Momentum*mu)
				*variance = float32((1-nn.Momentum)*float64(*variance) + nn.Momentum*v*count/max(1, count-1))
			}
		}
		e.stats[n][c] = stat{mu, 1 / math.Sqrt(v+nn.Eps)}
	}
}

// affine returns γ and β.
func (e *Executor) affine(n *nn.BatchNorm, c int) (gamma, beta float64) {
	if n.Gamma < 0 {
		return 1, 0
	}
	return float64(e.pass.Weights[n.Gamma+c]), float64(e.pass.Weights[n.Beta+c])
}

// normal is channel c of a map as it is read: through its BatchNorm, if it has one.
func (e *Executor) normal(m nn.FeatureMap, n *nn.BatchNorm, c int) []float64 {
	out := append([]float64(nil), e.plane(e.x, m, c)...)
	if n != nil {
		gamma, beta := e.affine(n, c)
		for i, x := range out {
			out[i] = gamma*(x-e.stats[n][c].mean)*e.stats[n][c].inverse + beta
		}
	}
	return out
}

// denormal adds to the gradient of channel c of a map that of the normalised channel.
func (e *Executor) denormal(m nn.FeatureMap, n *nn.BatchNorm, c int, g []float64) {
	d := e.plane(e.d, m, c)
	if n == nil {
		for i, g := range g {
			d[i] += g
		}
		return
	}
	x, s, count := e.plane(e.x, m, c), e.stats[n][c], float64(len(g))
	gamma, _ := e.affine(n, c)
	var sum, dot float64
	for i, g := range g {
		sum += g
		dot += g * (x[i] - s.mean) * s.inverse
	}
	if n.Gamma >= 0 {
		e.grad(n.Gamma+c, dot)
		e.grad(n.Beta+c, sum)
	}
	for i, g := range g {
		d[i] += gamma * s.inverse * (g - sum/count - (x[i]-s.mean)*s.inverse*dot/count)
	}
}

func (e *Executor) node(n *nn.Node) {
	for c := range n.Sum.C {
		out := e.plane(e.x, n.Sum, c)
		if len(n.Reads) > 0 {
			clear(out)
		}
		for _, r := range n.Reads {
			if w := e.weight(r.Weight); w != 0 {
				for i, v := range e.term(r, c) {
					out[i] += w * v * e.mask(r.Drop, i)
				}
			}
		}
		if n.ReLU.C > 0 {
			for i, v := range out {
				e.plane(e.x, n.ReLU, c)[i] = max(v, 0)
			}
		}
		for _, p := range n.Pools {
			in := out
			if p.ReLU {
				in = e.plane(e.x, n.ReLU, c)
			}
			for pixel, list := range taps(p.Window(), n.Sum.H, n.Sum.W) {
				for i := range e.p.Batch {
					e.plane(e.x, p.Out, c)[pixel*e.p.Batch+i] = e.pooled(p, in, list, i)
				}
			}
		}
	}
	for _, p := range n.Pools {
		for _, u := range p.Uses {
			if e.weight(u.By.Reads[u.Term].Weight) != 0 {
				e.measure(p.Norm)
				break
			}
		}
	}
}

// term is channel c of what a node reads, or nothing where that has no such channel.
func (e *Executor) term(r nn.Read, c int) []float64 {
	if c = r.From(c); c < 0 {
		return nil
	}
	return e.normal(r.Map, r.Norm, c)
}

// pooled is the pool of image i's reads.
func (e *Executor) pooled(p *nn.Pool, x []float64, list []tap, i int) float64 {
	top, sum := math.Inf(-1), 0.0
	for _, t := range list {
		v := x[t.from*e.p.Batch+i]
		top, sum = max(top, v), sum+v
	}
	if p.Kind.Max() {
		return top
	}
	return sum / float64(len(list))
}

// mask is the factor of drop path for value i of a plane.
func (e *Executor) mask(drop, i int) float64 {
	if drop < 0 || !e.pass.Train || e.pass.Masks == nil {
		return 1
	}
	return float64(e.pass.Masks[drop*e.p.Batch+i%e.p.Batch])
}

func (e *Executor) nodeBack(n *nn.Node) {
	batch := e.p.Batch
	for c := range n.Sum.C {
		x, d := e.plane(e.x, n.Sum, c), e.plane(e.d, n.Sum, c)
		for _, p := range n.Pools {
			g, x, d := e.plane(e.d, p.Out, c), x, d
			if p.ReLU {
				x, d = e.plane(e.x, n.ReLU, c), e.plane(e.d, n.ReLU, c)
			}
			for pixel, list := range taps(p.Window(), n.Sum.H, n.Sum.W) {
				for i := range batch {
					v := g[pixel*batch+i]
					for _, t := range list {
						if !p.Kind.Max() {
							d[t.from*batch+i] += v / float64(len(list))
						} else if x[t.from*batch+i] == e.plane(e.x, p.Out, c)[pixel*batch+i] {
							d[t.from*batch+i] += v
							break
						}
					}
				}
			}
		}
		if n.ReLU.C > 0 {
			for i, v := range e.plane(e.d, n.ReLU, c) {
				if x[i] > 0 {
					d[i] += v
				}
			}
		}
		copy(e.plane(e.d, n.Grad, c), d)
		for _, r := range n.Reads {
			w := e.weight(r.Weight)
			if w == 0 || r.From(c) < 0 {
				continue
			}
			g, dot := make([]float64, len(d)), 0.0
			for i, v := range e.term(r, c) {
				g[i] = w * d[i] * e.mask(r.Drop, i)
				dot += d[i] * e.mask(r.Drop, i) * v
			}
			if r.Weight >= 0 && e.pass.OpGrad != nil {
				e.pass.OpGrad[n.Branch*e.p.OpWeights+r.Weight] += dot
			}
			e.denormal(r.Map, r.Norm, r.From(c), g)
		}
	}
}

func (e *Executor) head(h *nn.Head) {
	p, n := &e.pass, e.p.Batch
	if h.Branch >= 0 && (p.Loss == nil || !p.Train || p.Frozen) {
		return
	}
	type feature struct { // one column of the classifier
		branch int
		x, d   []float64 // the plane that it is the mean of, and its gradient
	}
	var features []feature
	for b, list := range h.Nodes {
		for _, node := range list {
			m := node.Sum
			if h.ReLU {
				m = node.ReLU
			}
			for c := range m.C {
				features = append(features, feature{b, e.plane(e.x, m, c), e.plane(e.d, m, c)})
			}
		}
	}
	factor := func(b int) float64 {
		if len(h.Nodes) == 1 || h.Branch >= 0 {
			return 1
		}
		return float64(p.Factors[b])
	}
	mean := func(f feature, i int) (sum float64) {
		for at := i; at < len(f.x); at += n {
			sum += f.x[at] * float64(n) / float64(len(f.x))
		}
		return sum
	}
	logits, d := make([]float32, h.Classes*n), make([]float32, h.Classes*n)
	norms := make([][2]float64, h.Classes*n) // of a cosine classifier's weights and features
	for o := range h.Classes {
		for i := range n {
			var z, ww, ff float64
			for j, f := range features {
				w, f := float64(p.Weights[h.Weight+o*len(features)+j]), factor(f.branch)*mean(f, i)
				z, ww, ff = z+w*f, ww+w*w, ff+f*f
			}
			switch {
			case h.Cosine:
				for j, square := range []float64{ww, ff} {
					length := math.Sqrt(square)
					if length == 0 {
						length = 1
					}
					norms[o*n+i][j] = length
					z /= length
				}
			case h.Second >= 0:
				z += factor(0)*float64(p.Weights[h.Bias+o]) + factor(1)*float64(p.Weights[h.Second+o])
			default:
				z += float64(p.Weights[h.Bias+o])
			}
			logits[o*n+i] = float32(z)
		}
	}
	if first := e.p.Forward[len(e.p.Forward)-1][0]; first == nn.Op(h) {
		copy(p.Logits, logits)
	}
	if p.Loss == nil {
		return
	}
	for b, share := range p.Shares {
		if share *= h.Share; share != 0 && (h.Branch < 0 || h.Branch == b) {
			e.loss += share * p.Loss.EvalMixed(logits, e.batch[b], share, d)
		}
	}
	for o := range h.Classes {
		for i := range n {
			dz := float64(d[o*n+i])
			switch {
			case h.Second >= 0:
				e.grad(h.Bias+o, factor(0)*dz)
				e.grad(h.Second+o, factor(1)*dz)
			case h.Bias >= 0:
				e.grad(h.Bias+o, dz)
			}
			for j, f := range features {
				at, factor := h.Weight+o*len(features)+j, factor(f.branch)
				w, x := float64(p.Weights[at]), factor*mean(f, i)
				dw, dx := dz*x, dz*w
				if h.Cosine {
					z, length := float64(logits[o*n+i]), norms[o*n+i]
					dw = dz * (x/length[1] - z*w/length[0]) / length[0]
					dx = dz * (w/length[0] - z*x/length[1]) / length[1]
				}
				e.grad(at, dw)
				for pixel := i; pixel < len(f.d); pixel += n {
					f.d[pixel] += factor * dx * float64(n) / float64(len(f.d))
				}
			}
		}
	}
}

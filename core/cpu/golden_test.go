package cpu

import (
	"math/rand/v2"
	"slices"
	"testing"

	"hlrslab/core/internal/naive"
	"hlrslab/core/internal/trial"
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

type onCPU struct {
	*executor
	b *branch
}

func probe(e nn.Executor) trial.Prober {
	if own, ok := e.(*executor); ok {
		return onCPU{own, own.branches[0]}
	}
	return onNaive{e.(*naive.Executor)}
}

// operation is trial.Operation without a multiplier.
func operation(t testing.TB, device nn.Device, name string, stride, batch, c, h, w, out int) (*trial.Bench, []string) {
	return trial.Operation(t, device, probe, nil, name, stride, batch, c, h, w, out)
}

func TestOperationsAgainstReference(t *testing.T) {
	for name, device := range devices {
		t.Run(name, func(t *testing.T) { trial.OperationsAgainstReference(t, device, probe) })
	}
}

func TestCosineClassifierAgainstReference(t *testing.T) {
	for name, device := range devices {
		t.Run(name, func(t *testing.T) { trial.CosineClassifierAgainstReference(t, device, probe) })
	}
}

func (c onCPU) Put(m nn.FeatureMap, v []float32) { c.each(m, func(p *float32, i int) { *p = v[i] }) }

func (c onCPU) Values(m nn.FeatureMap) []float32 {
	v := make([]float32, m.C*m.H*m.W*c.p.Batch)
	c.each(m, func(p *float32, i int) { v[i] = *p })
	return v
}

func (c onCPU) each(m nn.FeatureMap, f func(p *float32, i int)) {
	for n := range c.p.Batch {
		k := n / tensor.Chunk
		for ch := range m.C {
			v := c.b.values(m, k, ch)
			for i := range m.H * m.W {
				f(&v[i*c.b.sizes[k]+n%tensor.Chunk], (ch*m.H*m.W+i)*c.p.Batch+n)
			}
		}
	}
}

func (c onCPU) Forward(p nn.Pass) {
	if _, err := c.Run(p); err != nil {
		panic(err)
	}
}

func (c onCPU) Gradient(n *nn.Node) []float32 { return c.Values(n.Grad) }

func (c onCPU) Backward(b *trial.Bench, dy []float32) []float32 {
	c.Put(b.Y.Grad, dy)
	c.weighting, c.pass.Grad = true, b.Pass.Grad
	clear(c.pass.Grad)
	c.run(c.executor.backward)
	c.addPartials(0, 0)
	return c.Values(b.Leaf.Grad)
}

type onNaive struct{ *naive.Executor }

func (n onNaive) Gradient(node *nn.Node) []float32 { return n.Executor.Gradient(node.Sum) }

func (n onNaive) Forward(p nn.Pass) {
	if _, err := n.Run(p); err != nil {
		panic(err)
	}
}

func (n onNaive) Backward(b *trial.Bench, dy []float32) []float32 {
	n.PutGradient(b.Out.Sum, dy)
	n.Executor.Backward()
	return n.Executor.Gradient(b.Leaf.Sum)
}

var devices = map[string]nn.Device{"cpu": &Device{Threads: 2}, "naive": naive.Device{}}

// TestOperationsByDifferences checks each operation's gradients on even and odd maps, in both
// strides and with a short last chunk, against central differences.
func TestOperationsByDifferences(t *testing.T) {
	for _, name := range []string{"max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5", "relu_conv_bn", "conv_7x1_1x7", "auxiliary", "dropped"} {
		for _, size := range []struct{ h, w, batch int }{{6, 6, 2}, {5, 7, 3}, {4, 4, 18}} {
			for stride := 1; stride <= 2; stride++ {
				if name == "relu_conv_bn" && stride == 2 {
					continue
				}
				b, _ := operation(t, devices["cpu"], name, stride, size.batch, 2, size.h, size.w, 2)
				rng := rand.New(rand.NewPCG(1, 2))
				for i := range b.Pass.Weights {
					b.Pass.Weights[i] = float32(rng.NormFloat64() / 2)
				}
				b.Pass.Masks = make([]float32, b.P.Drops*size.batch)
				nn.DropPath(b.Pass.Masks, 0.4, rng)
				x := make([]float32, size.batch*2*size.h*size.w)
				for i := range x { // distinct and away from the kink at 0
					x[i] = float32(i%7-3) + float32(rng.Float64())*0.8 + 0.1
				}
				dy := make([]float32, len(b.Values(b.Out.Sum)))
				for i := range dy {
					dy[i] = float32(rng.NormFloat64())
				}
				value := func() (sum float64) {
					b.Put(b.Leaf.Sum, x)
					b.Forward(b.Pass)
					for i, v := range b.Values(b.Out.Sum) {
						sum += float64(v) * float64(dy[i])
					}
					return sum
				}
				value()
				dx := b.Backward(b, dy)
				dw := slices.Clone(b.Pass.Grad)
				compare := func(what string, v, grad []float32) {
					var diff, top float64
					for range 12 {
						i := rng.IntN(len(v))
						was, h := v[i], float32(5e-4)
						v[i] = was + h
						up := value()
						v[i] = was - h
						down := value()
						v[i] = was
						d := (up - down) / (2 * float64(h))
						diff, top = max(diff, abs(d-float64(grad[i]))), max(top, abs(d), abs(float64(grad[i])))
					}
					if diff > 0.03*max(top, 0.1) {
						t.Errorf("%s, stride %d, %v: d%s differs by %.3g of %.3g", name, stride, size, what, diff, top)
					}
				}
				compare("x", x, dx)
				if len(dw) > 0 {
					compare("w", b.Pass.Weights, dw)
				}
			}
		}
	}
}

func abs(x float64) float64 { return max(x, -x) }

// TestDropPath drops whole images of a term, scales the others, and leaves evaluation alone.
func TestDropPath(t *testing.T) {
	const batch, p = 18, 0.25
	b, _ := operation(t, devices["cpu"], "dropped", 1, batch, 2, 4, 4, 2)
	rng := rand.New(rand.NewPCG(3, 4))
	x := make([]float32, batch*2*16)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	pass := func() []float32 {
		b.Put(b.Leaf.Sum, x)
		b.Forward(b.Pass)
		return b.Values(b.Out.Sum)
	}
	whole := pass()
	b.Pass.Masks = make([]float32, b.P.Drops*batch)
	dropped := 0
	const rounds = 200
	for range rounds {
		nn.DropPath(b.Pass.Masks, p, rng)
		y := pass()
		for n := range batch {
			want := float32(1 / (1 - p))
			if y[n] == 0 {
				want = 0
				dropped++
			}
			for i := n; i < len(y); i += batch {
				if abs(float64(y[i]-want*whole[i])) > 1e-5 {
					t.Fatalf("image %d: %v, without dropping %v", n, y[i], whole[i])
				}
			}
		}
	}
	if share := float64(dropped) / rounds / batch; share < 0.22 || share > 0.28 {
		t.Errorf("%.3f of the images dropped, not %v", share, p)
	}
	b.Pass.Train = false
	evaluated := pass()
	nn.DropPath(b.Pass.Masks, 0, rng)
	for i, v := range pass() {
		if v != evaluated[i] {
			t.Fatal("evaluation drops")
		}
	}
}

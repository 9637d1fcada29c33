package cpu

import (
	"math/rand/v2"
	"slices"
	"testing"

	"hlrslab/core/approx"
	"hlrslab/core/internal/golden"
	"hlrslab/core/internal/naive"
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// prober is an executor whose maps a test fills and reads, as C × H × W × batch.
type prober interface {
	nn.Executor
	put(m nn.FeatureMap, v []float32)
	values(m nn.FeatureMap) []float32
	forward(p nn.Pass)
	backward(b *bench, dy []float32) (dx []float32)
}

// bench is one operation between a leaf, which a test fills, and a node whose gradient a test gives.
type bench struct {
	prober
	p            *nn.Program
	leaf, out, y *nn.Node
	pass         nn.Pass
}

type onCPU struct {
	*executor
	b *branch
}

func (c onCPU) put(m nn.FeatureMap, v []float32) { c.each(m, func(p *float32, i int) { *p = v[i] }) }

func (c onCPU) values(m nn.FeatureMap) []float32 {
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

func (c onCPU) forward(p nn.Pass) {
	if _, err := c.Run(p); err != nil {
		panic(err)
	}
}

func (c onCPU) backward(b *bench, dy []float32) []float32 {
	c.put(b.y.Grad, dy)
	c.weighting, c.pass.Grad = true, b.pass.Grad
	clear(c.pass.Grad)
	c.run(c.executor.backward)
	c.addPartials(0, 0)
	return c.values(b.leaf.Grad)
}

type onNaive struct{ *naive.Executor }

func (n onNaive) put(m nn.FeatureMap, v []float32) { n.Put(m, v) }
func (n onNaive) values(m nn.FeatureMap) []float32 { return n.Values(m) }

func (n onNaive) forward(p nn.Pass) {
	if _, err := n.Run(p); err != nil {
		panic(err)
	}
}

func (n onNaive) backward(b *bench, dy []float32) []float32 {
	n.PutGradient(b.out.Sum, dy)
	n.Backward()
	return n.Gradient(b.leaf.Sum)
}

var devices = map[string]nn.Device{"cpu": &Device{Threads: 2}, "naive": naive.Device{}}

// operation builds what the reference calls name with the stride, and lists its weights in order of use.
func operation(t testing.TB, device nn.Device, name string, stride, batch, c, h, w, out int) (*bench, []string) {
	return multiplied(t, device, nil, name, stride, batch, c, h, w, out)
}

// multiplied is operation by a multiplier.
func multiplied(t testing.TB, device nn.Device, m *approx.Multiplier, name string, stride, batch, c, h, w, out int) (*bench, []string) {
	store := &nn.Store{}
	g := nn.NewBuilder(store, batch, 4)
	g.Multiplier = m
	b := &bench{leaf: g.Leaf(c, h, w)}
	var term nn.Term
	var weights []string
	window := func(k, dilation int) tensor.Window {
		return tensor.Window{K: k, Stride: stride, Dilation: dilation, Pad: dilation * (k - 1) / 2}
	}
	separable := func(k int) {
		first := g.Separable("w0", "w1", "bn1", b.leaf, window(k, 1), false)
		term.Source = g.Then("w2", "w3", "bn2", first, tensor.Window{K: k, Stride: 1, Dilation: 1, Pad: k / 2}, false)
		weights = []string{"w0", "w1", "w2", "w3"}
	}
	switch name {
	case "max_pool_3x3":
		term = nn.Term{Node: b.leaf, Pool: nn.MaxPool, Stride: stride, Norm: "bn"}
	case "avg_pool_3x3":
		term = nn.Term{Node: b.leaf, Pool: nn.MeanPool, Stride: stride, Norm: "bn"}
	case "sep_conv_3x3":
		separable(3)
	case "sep_conv_5x5":
		separable(5)
	case "dil_conv_3x3", "dil_conv_5x5":
		term.Source = g.Separable("w0", "w1", "bn", b.leaf, window(int(name[9]-'0'), 2), false)
		weights = []string{"w0", "w1"}
	case "relu_conv_bn":
		term.Source = g.Pointwise("w0", "bn", []*nn.Node{b.leaf}, out, false)
		weights = []string{"w0"}
	case "skip_connect", "factorized_reduce":
		if stride == 1 {
			term.Node = b.leaf
			break
		}
		term.Source = g.FactorizedReduce("w0", "w1", "bn", []*nn.Node{b.leaf}, out, false)
		weights = []string{"w0", "w1"}
	case "conv_7x1_1x7":
		first := g.Full("w0", "", b.leaf, out, nn.Kernel{H: 1, W: 7, StrideH: 1, StrideW: stride, PadW: 3})
		term.Source = g.ThenFull("w1", "bn", first, out, nn.Kernel{H: 7, W: 1, StrideH: stride, StrideW: 1, PadH: 3})
	case "bare_sep_conv": // whose window reads what is below 0, too
		first := g.Full("w0", "", b.leaf, out, nn.Kernel{H: 1, W: 1, StrideH: stride, StrideW: stride})
		term.Source = g.Then("w1", "w2", "bn", first, tensor.Window{K: 3, Stride: 1, Dilation: 1, Pad: 1}, false)
	case "auxiliary": // a mean over windows, then a convolution without padding
		first := g.Pooled("w0", "bn1", []*nn.Node{b.leaf}, out, tensor.Window{K: 2, Stride: 1, Dilation: 1})
		term.Source = g.ThenFull("w1", "bn2", first, out, nn.Kernel{H: 2, W: 2, StrideH: stride, StrideW: stride})
	case "dropped":
		term = nn.Term{Node: b.leaf, Pool: nn.MeanPool, Stride: stride, Norm: "bn", Drop: true}
	default:
		t.Fatalf("no operation %q", name)
	}
	term.Weight = -1
	b.out = g.Node(term)
	b.y = g.Node(nn.Term{Node: b.out, Weight: -1})
	g.Given()
	b.p, _ = g.Compile()
	e, err := device.Compile(b.p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	store.Memory.Make()
	if own, ok := e.(*executor); ok {
		b.prober = onCPU{own, own.branches[0]}
	} else {
		b.prober = onNaive{e.(*naive.Executor)}
	}
	b.pass = nn.Pass{
		Weights: make([]float32, store.Weights.Total), Running: make([]float32, store.Running.Total), Grad: make([]float32, store.Weights.Total),
		Train: true, Track: true,
	}
	for i, p := range store.Running.List {
		for j := range p.Len() {
			b.pass.Running[p.Off+j] = float32(i % 2)
		}
	}
	return b, weights
}

// turn takes N × C × H × W to C × H × W × N, and back where it is told.
func turn(v []float32, batch int, back bool) []float32 {
	out, size := make([]float32, len(v)), len(v)/batch
	for n := range batch {
		for i := range size {
			if back {
				out[n*size+i] = v[i*batch+n]
			} else {
				out[i*batch+n] = v[n*size+i]
			}
		}
	}
	return out
}

func TestOperationsAgainstReference(t *testing.T) {
	for name, device := range devices {
		t.Run(name, func(t *testing.T) { againstReference(t, device) })
	}
}

func againstReference(t *testing.T, device nn.Device) {
	f := golden.Open(t, "ops.safetensors")
	for _, name := range []string{
		"none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
		"dil_conv_3x3", "dil_conv_5x5", "factorized_reduce", "relu_conv_bn",
	} {
		for stride := 1; stride <= 2; stride++ {
			at := name + "/s" + string(rune('0'+stride)) + "/"
			if !f.Has(at + "x") {
				continue
			}
			if name == "none" { // contributes no term: zeros both ways
				f.Near(at+"y", make([]float32, len(f.Get(at+"y").Values)), 0)
				f.Near(at+"dx", make([]float32, len(f.Get(at+"dx").Values)), 0)
				continue
			}
			x, y := f.Get(at+"x"), f.Get(at+"y")
			n := x.Shape[0]
			b, weights := operation(t, device, name, stride, x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3], y.Shape[1])
			for _, w := range weights {
				p, _ := b.p.Params.Weights.Find(w)
				copy(b.pass.Weights[p.Off:][:p.Len()], f.Get(at+w).Values)
			}
			b.put(b.leaf.Sum, turn(x.Values, n, false))
			b.forward(b.pass)
			f.Near(at+"y", turn(b.values(b.out.Sum), n, true), 1e-4)
			dx := b.backward(b, turn(f.Get(at+"dy").Values, n, false))
			f.Near(at+"dx", turn(dx, n, true), 1e-3)
			for _, w := range weights {
				p, _ := b.p.Params.Weights.Find(w)
				f.Near(at+"d"+w, b.pass.Grad[p.Off:][:p.Len()], 1e-3)
			}
			for _, kind := range []string{"running_mean", "running_var"} {
				for _, after := range f.Names(at + "after/") {
					norms := map[string]string{"op.7." + kind: "bn2." + kind, "op.3." + kind: "bn." + kind, "1." + kind: "bn." + kind, "bn." + kind: "bn." + kind, "op.2." + kind: "bn." + kind}
					norm, ok := norms[after]
					if !ok {
						continue
					}
					if name[:3] == "sep" && after == "op.3."+kind {
						norm = "bn1." + kind
					}
					p, err := b.p.Params.Running.Find(norm)
					if err != nil {
						t.Fatal(at, after, err)
					}
					f.Near(at+"after/"+after, b.pass.Running[p.Off:][:p.Len()], 1e-4)
				}
			}
			b.pass.Train = false
			b.put(b.leaf.Sum, turn(x.Values, n, false))
			b.forward(b.pass)
			f.Near(at+"y_eval", turn(b.values(b.out.Sum), n, true), 1e-4)
		}
	}
}

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
				for i := range b.pass.Weights {
					b.pass.Weights[i] = float32(rng.NormFloat64() / 2)
				}
				b.pass.Masks = make([]float32, b.p.Drops*size.batch)
				nn.DropPath(b.pass.Masks, 0.4, rng)
				x := make([]float32, size.batch*2*size.h*size.w)
				for i := range x { // distinct and away from the kink at 0
					x[i] = float32(i%7-3) + float32(rng.Float64())*0.8 + 0.1
				}
				dy := make([]float32, len(b.values(b.out.Sum)))
				for i := range dy {
					dy[i] = float32(rng.NormFloat64())
				}
				value := func() (sum float64) {
					b.put(b.leaf.Sum, x)
					b.forward(b.pass)
					for i, v := range b.values(b.out.Sum) {
						sum += float64(v) * float64(dy[i])
					}
					return sum
				}
				value()
				dx := b.backward(b, dy)
				dw := slices.Clone(b.pass.Grad)
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
					compare("w", b.pass.Weights, dw)
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
		b.put(b.leaf.Sum, x)
		b.forward(b.pass)
		return b.values(b.out.Sum)
	}
	whole := pass()
	b.pass.Masks = make([]float32, b.p.Drops*batch)
	dropped := 0
	const rounds = 200
	for range rounds {
		nn.DropPath(b.pass.Masks, p, rng)
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
	b.pass.Train = false
	evaluated := pass()
	nn.DropPath(b.pass.Masks, 0, rng)
	for i, v := range pass() {
		if v != evaluated[i] {
			t.Fatal("evaluation drops")
		}
	}
}

// TestCosineClassifierAgainstReference takes given features through LDAM's classifier and loss.
func TestCosineClassifierAgainstReference(t *testing.T) {
	f := golden.Open(t, "losses2.safetensors")
	x, w, counts := f.Get("f"), f.Get("W"), f.Ints("counts")
	n, in, classes := x.Shape[0], x.Shape[1], w.Shape[0]
	for _, d := range devices {
		store := &nn.Store{}
		g := nn.NewBuilder(store, n, 4)
		leaf := g.Leaf(in, 1, 1)
		g.Head("classifier", nn.Classifier{Classes: classes, Cosine: true}, []*nn.Node{leaf})
		p, err := g.Compile()
		if err != nil {
			t.Fatal(err)
		}
		e, err := d.Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		store.Memory.Make()
		var probe prober
		gradient := func() []float32 { return probe.values(leaf.Grad) }
		if own, ok := e.(*executor); ok {
			probe = onCPU{own, own.branches[0]}
		} else {
			own := onNaive{e.(*naive.Executor)}
			probe, gradient = own, func() []float32 { return own.Gradient(leaf.Sum) }
		}
		e.Load(0, nn.Batch{Images: make([]float32, 3*4*4*n), Labels: f.Ints("y")})
		probe.put(leaf.Sum, turn(x.Values, n, false))
		for name, l := range map[string]nn.Loss{
			"cosine_ce_s30": {Scale: 30}, "ldam": {Scale: 30, Margin: nn.Margins(counts)},
			"ldam_drw": {Scale: 30, Margin: nn.Margins(counts), Weights: nn.EffectiveWeights(counts, 0.9999)},
		} {
			pass := nn.Pass{
				Weights: w.Values, Train: true, Loss: &l, Shares: [2]float64{1},
				Logits: make([]float32, classes*n), Grad: make([]float32, len(w.Values)),
			}
			loss, err := e.Run(pass)
			if err != nil {
				t.Fatal(err)
			}
			f.Near("cosine_ce_s30/cosine", turn(pass.Logits, n, true), 1e-5)
			f.Near(name, []float32{float32(loss)}, 1e-5)
			f.Near(name+"/dW", pass.Grad, 1e-5)
			f.Near(name+"/df", turn(gradient(), n, true), 1e-5)
		}
	}
}

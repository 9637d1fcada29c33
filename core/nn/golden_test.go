package nn

import (
	"math/rand/v2"
	"testing"

	"hlrslab/core/internal/golden"
	"hlrslab/core/tensor"
)

// bench is one operation between a leaf state, which a test fills, and a state whose gradient a test gives.
type bench struct {
	g            *Graph
	leaf, out, y *State
}

// operation builds what the reference calls name with the stride, and lists its weights in order of use.
func operation(t testing.TB, name string, stride, batch, c, h, w, out int) (bench, []string) {
	pool := tensor.NewPool(2)
	t.Cleanup(pool.Close)
	g := NewGraph(&Store{}, pool, batch, 4)
	b := bench{g: g, leaf: &State{}}
	g.enter(b.leaf, c, h, w)
	var term Term
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
		term = Term{State: b.leaf, Pool: MaxPool, Stride: stride, Norm: "bn"}
	case "avg_pool_3x3":
		term = Term{State: b.leaf, Pool: MeanPool, Stride: stride, Norm: "bn"}
	case "sep_conv_3x3":
		separable(3)
	case "sep_conv_5x5":
		separable(5)
	case "dil_conv_3x3", "dil_conv_5x5":
		term.Source = g.Separable("w0", "w1", "bn", b.leaf, window(int(name[9]-'0'), 2), false)
		weights = []string{"w0", "w1"}
	case "relu_conv_bn":
		term.Source = g.Pointwise("w0", "bn", []*State{b.leaf}, out, false)
		weights = []string{"w0"}
	case "skip_connect", "factorized_reduce":
		if stride == 1 {
			term.State = b.leaf
			break
		}
		term.Source = g.FactorizedReduce("w0", "w1", "bn", []*State{b.leaf}, out, false)
		weights = []string{"w0", "w1"}
	case "conv_7x1_1x7":
		first := g.Full("w0", "", b.leaf, out, Kernel{H: 1, W: 7, StrideH: 1, StrideW: stride, PadW: 3})
		term.Source = g.ThenFull("w1", "bn", first, out, Kernel{H: 7, W: 1, StrideH: stride, StrideW: 1, PadH: 3})
	case "auxiliary": // a mean over windows, then a convolution without padding
		first := g.Pooled("w0", "bn1", []*State{b.leaf}, out, tensor.Window{K: 2, Stride: 1, Dilation: 1})
		term.Source = g.ThenFull("w1", "bn2", first, out, Kernel{H: 2, W: 2, StrideH: stride, StrideW: stride})
	case "dropped":
		term = Term{State: b.leaf, Pool: MeanPool, Stride: stride, Norm: "bn", Drop: true}
	default:
		t.Fatalf("no operation %q", name)
	}
	term.Mix = -1
	b.out = g.NewState(term)
	b.y = g.NewState(Term{State: b.out, Mix: -1})
	g.states = g.states[:len(g.states)-1] // y's gradient is the test's
	g.Running = make([]float32, g.Store.Running.Total)
	for i, p := range g.Store.Running.List {
		for j := range p.Len() {
			g.Running[p.Off+j] = float32(i % 2)
		}
	}
	g.Weights = make([]float32, g.Store.Weights.Total)
	if err := g.Build(); err != nil {
		t.Fatal(err)
	}
	g.Store.Memory.Make()
	return b, weights
}

// fill sets, and take reads, a map as N×C×H×W.
func (b bench) fill(m Map, v []float32) { b.each(m, func(p *float32, i int) { *p = v[i] }) }

func (b bench) take(m Map) []float32 {
	v := make([]float32, b.g.batch*m.C*m.H*m.W)
	b.each(m, func(p *float32, i int) { v[i] = *p })
	return v
}

func (b bench) each(m Map, f func(p *float32, i int)) {
	for n := range b.g.batch {
		k := n / tensor.Chunk
		for c := range m.C {
			v := b.g.values(m, k, c)
			for i := range m.H * m.W {
				f(&v[i*b.g.sizes[k]+n%tensor.Chunk], (n*m.C+c)*m.H*m.W+i)
			}
		}
	}
}

func TestOperationsAgainstReference(t *testing.T) {
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
			b, weights := operation(t, name, stride, x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3], y.Shape[1])
			g := b.g
			for _, w := range weights {
				p, _ := g.Store.Weights.Find(w)
				copy(g.Weights[p.Off:][:p.Len()], f.Get(at+w).Values)
			}
			b.fill(b.leaf.sum, x.Values)
			g.Forward()
			f.Near(at+"y", b.take(b.out.sum), 1e-4)
			b.fill(b.y.grad, f.Get(at+"dy").Values)
			g.Backward(nil, true)
			f.Near(at+"dx", b.take(b.leaf.grad), 1e-3)
			grad := make([]float32, g.Store.Weights.Total)
			g.AddGradient(grad)
			for _, w := range weights {
				p, _ := g.Store.Weights.Find(w)
				f.Near(at+"d"+w, grad[p.Off:][:p.Len()], 1e-3)
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
					p, err := g.Store.Running.Find(norm)
					if err != nil {
						t.Fatal(at, after, err)
					}
					f.Near(at+"after/"+after, g.Running[p.Off:][:p.Len()], 1e-4)
				}
			}
			g.Training = false
			b.fill(b.leaf.sum, x.Values)
			g.Forward()
			f.Near(at+"y_eval", b.take(b.out.sum), 1e-4)
		}
	}
}

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

// TestOperationsByDifferences checks each operation's gradients on even and odd maps, in both
// strides and with a short last chunk, against central differences.
func TestOperationsByDifferences(t *testing.T) {
	for _, name := range []string{"max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5", "relu_conv_bn", "conv_7x1_1x7", "auxiliary", "dropped"} {
		for _, size := range []struct{ h, w, batch int }{{6, 6, 2}, {5, 7, 3}, {4, 4, 18}} {
			for stride := 1; stride <= 2; stride++ {
				if name == "relu_conv_bn" && stride == 2 {
					continue
				}
				b, _ := operation(t, name, stride, size.batch, 2, size.h, size.w, 2)
				g, rng := b.g, rand.New(rand.NewPCG(1, 2))
				for i := range g.Weights {
					g.Weights[i] = float32(rng.NormFloat64() / 2)
				}
				g.DropPath(0.4, rng)
				x := make([]float32, size.batch*2*size.h*size.w)
				for i := range x { // distinct and away from the kink at 0
					x[i] = float32(i%7-3) + float32(rng.Float64())*0.8 + 0.1
				}
				dy := make([]float32, len(b.take(b.out.sum)))
				for i := range dy {
					dy[i] = float32(rng.NormFloat64())
				}
				value := func() (sum float64) {
					b.fill(b.leaf.sum, x)
					g.Forward()
					for i, v := range b.take(b.out.sum) {
						sum += float64(v) * float64(dy[i])
					}
					return sum
				}
				value()
				b.fill(b.y.grad, dy)
				g.Backward(nil, true)
				dx := b.take(b.leaf.grad)
				dw := make([]float32, len(g.Weights))
				g.AddGradient(dw)
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
					compare("w", g.Weights, dw)
				}
			}
		}
	}
}

func abs(x float64) float64 { return max(x, -x) }

// TestDropPath drops whole images of a term, scales the others, and leaves evaluation alone.
func TestDropPath(t *testing.T) {
	const batch, p = 18, 0.25
	b, _ := operation(t, "dropped", 1, batch, 2, 4, 4, 2)
	g, rng := b.g, rand.New(rand.NewPCG(3, 4))
	x := make([]float32, batch*2*16)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	pass := func() []float32 {
		b.fill(b.leaf.sum, x)
		g.Forward()
		return b.take(b.out.sum)
	}
	whole := pass()
	dropped := 0
	const rounds = 200
	for range rounds {
		g.DropPath(p, rng)
		y := pass()
		for n := range batch {
			want := float32(1 / (1 - p))
			if y[n*32] == 0 {
				want = 0
				dropped++
			}
			for i := n * 32; i < (n+1)*32; i++ {
				if abs(float64(y[i]-want*whole[i])) > 1e-5 {
					t.Fatalf("image %d: %v, without dropping %v", n, y[i], whole[i])
				}
			}
		}
	}
	if share := float64(dropped) / rounds / batch; share < 0.22 || share > 0.28 {
		t.Errorf("%.3f of the images dropped, not %v", share, p)
	}
	g.Training = false
	evaluated := pass()
	g.DropPath(0, rng)
	for i, v := range pass() {
		if v != evaluated[i] {
			t.Fatal("evaluation drops")
		}
	}
}

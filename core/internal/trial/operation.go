package trial

import (
	"testing"

	"hlrslab/core/approx"
	"hlrslab/core/internal/golden"
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// Prober is an executor whose maps a test fills and reads, as C × H × W × batch.
type Prober interface {
	nn.Executor
	Put(m nn.FeatureMap, v []float32)
	Values(m nn.FeatureMap) []float32
	// Gradient is that of a node after a pass.
	Gradient(n *nn.Node) []float32
	Forward(p nn.Pass)
	// Backward takes the gradient of the operation's output back to its input's.
	Backward(b *Bench, dy []float32) (dx []float32)
}

// Bench is one operation between a leaf, which a test fills, and a node whose gradient a test gives.
type Bench struct {
	Prober
	P            *nn.Program
	Leaf, Out, Y *nn.Node
	Pass         nn.Pass
}

// Operation builds what the reference calls name with the stride, by a multiplier unless that is nil, and lists its weights in order of use.
func Operation(t testing.TB, device nn.Device, probe func(nn.Executor) Prober, m *approx.Multiplier, name string, stride, batch, c, h, w, out int) (*Bench, []string) {
	store := &nn.Store{}
	g := nn.NewBuilder(store, batch, 4)
	g.Multiplier = m
	b := &Bench{Leaf: g.Leaf(c, h, w)}
	var term nn.Term
	var weights []string
	window := func(k, dilation int) tensor.Window {
		return tensor.Window{K: k, Stride: stride, Dilation: dilation, Pad: dilation * (k - 1) / 2}
	}
	separable := func(k int) {
		first := g.Separable("w0", "w1", "bn1", b.Leaf, window(k, 1), false)
		term.Source = g.Then("w2", "w3", "bn2", first, tensor.Window{K: k, Stride: 1, Dilation: 1, Pad: k / 2}, false)
		weights = []string{"w0", "w1", "w2", "w3"}
	}
	switch name {
	case "max_pool_3x3":
		term = nn.Term{Node: b.Leaf, Pool: nn.MaxPool, Stride: stride, Norm: "bn"}
	case "avg_pool_3x3":
		term = nn.Term{Node: b.Leaf, Pool: nn.MeanPool, Stride: stride, Norm: "bn"}
	case "sep_conv_3x3":
		separable(3)
	case "sep_conv_5x5":
		separable(5)
	case "dil_conv_3x3", "dil_conv_5x5":
		term.Source = g.Separable("w0", "w1", "bn", b.Leaf, window(int(name[9]-'0'), 2), false)
		weights = []string{"w0", "w1"}
	case "relu_conv_bn":
		term.Source = g.Pointwise("w0", "bn", []*nn.Node{b.Leaf}, out, false)
		weights = []string{"w0"}
	case "skip_connect", "factorized_reduce":
		if stride == 1 {
			term.Node = b.Leaf
			break
		}
		term.Source = g.FactorizedReduce("w0", "w1", "bn", []*nn.Node{b.Leaf}, out, false)
		weights = []string{"w0", "w1"}
	case "conv_7x1_1x7":
		first := g.Full("w0", "", b.Leaf, out, nn.Kernel{H: 1, W: 7, StrideH: 1, StrideW: stride, PadW: 3})
		term.Source = g.ThenFull("w1", "bn", first, out, nn.Kernel{H: 7, W: 1, StrideH: stride, StrideW: 1, PadH: 3})
	case "bare_sep_conv": // whose window reads what is below 0, too
		first := g.Full("w0", "", b.Leaf, out, nn.Kernel{H: 1, W: 1, StrideH: stride, StrideW: stride})
		term.Source = g.Then("w1", "w2", "bn", first, tensor.Window{K: 3, Stride: 1, Dilation: 1, Pad: 1}, false)
	case "auxiliary": // a mean over windows, then a convolution without padding
		first := g.Pooled("w0", "bn1", []*nn.Node{b.Leaf}, out, tensor.Window{K: 2, Stride: 1, Dilation: 1})
		term.Source = g.ThenFull("w1", "bn2", first, out, nn.Kernel{H: 2, W: 2, StrideH: stride, StrideW: stride})
	case "dropped":
		term = nn.Term{Node: b.Leaf, Pool: nn.MeanPool, Stride: stride, Norm: "bn", Drop: true}
	default:
		t.Fatalf("no operation %q", name)
	}
	term.Weight = -1
	b.Out = g.Node(term)
	b.Y = g.Node(nn.Term{Node: b.Out, Weight: -1})
	g.Given()
	b.P, _ = g.Compile()
	e, err := device.Compile(b.P)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	store.Memory.Make()
	b.Prober = probe(e)
	b.Pass = nn.Pass{
		Weights: make([]float32, store.Weights.Total), Running: make([]float32, store.Running.Total), Grad: make([]float32, store.Weights.Total),
		Train: true, Track: true,
	}
	for i, p := range store.Running.List {
		for j := range p.Len() {
			b.Pass.Running[p.Off+j] = float32(i % 2)
		}
	}
	return b, weights
}

// Turn takes N × C × H × W to C × H × W × N, and back where it is told.
func Turn(v []float32, batch int, back bool) []float32 {
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

// OperationsAgainstReference holds a device's operations, forward and back, against reference numbers.
func OperationsAgainstReference(t *testing.T, device nn.Device, probe func(nn.Executor) Prober) {
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
			b, weights := Operation(t, device, probe, nil, name, stride, x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3], y.Shape[1])
			for _, w := range weights {
				p, _ := b.P.Params.Weights.Find(w)
				copy(b.Pass.Weights[p.Off:][:p.Len()], f.Get(at+w).Values)
			}
			b.Put(b.Leaf.Sum, Turn(x.Values, n, false))
			b.Forward(b.Pass)
			f.Near(at+"y", Turn(b.Values(b.Out.Sum), n, true), 1e-4)
			dx := b.Backward(b, Turn(f.Get(at+"dy").Values, n, false))
			f.Near(at+"dx", Turn(dx, n, true), 1e-3)
			for _, w := range weights {
				p, _ := b.P.Params.Weights.Find(w)
				f.Near(at+"d"+w, b.Pass.Grad[p.Off:][:p.Len()], 1e-3)
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
					p, err := b.P.Params.Running.Find(norm)
					if err != nil {
						t.Fatal(at, after, err)
					}
					f.Near(at+"after/"+after, b.Pass.Running[p.Off:][:p.Len()], 1e-4)
				}
			}
			b.Pass.Train = false
			b.Put(b.Leaf.Sum, Turn(x.Values, n, false))
			b.Forward(b.Pass)
			f.Near(at+"y_eval", Turn(b.Values(b.Out.Sum), n, true), 1e-4)
		}
	}
}

// CosineClassifierAgainstReference takes given features through LDAM's classifier and loss.
func CosineClassifierAgainstReference(t *testing.T, device nn.Device, probe func(nn.Executor) Prober) {
	f := golden.Open(t, "losses2.safetensors")
	x, w, counts := f.Get("f"), f.Get("W"), f.Ints("counts")
	n, in, classes := x.Shape[0], x.Shape[1], w.Shape[0]
	store := &nn.Store{}
	g := nn.NewBuilder(store, n, 4)
	leaf := g.Leaf(in, 1, 1)
	g.Head("classifier", nn.Classifier{Classes: classes, Cosine: true}, []*nn.Node{leaf})
	p, err := g.Compile()
	if err != nil {
		t.Fatal(err)
	}
	e, err := device.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	store.Memory.Make()
	probed := probe(e)
	e.Load(0, nn.Batch{Images: make([]float32, 3*4*4*n), Labels: f.Ints("y")})
	probed.Put(leaf.Sum, Turn(x.Values, n, false))
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
		f.Near("cosine_ce_s30/cosine", Turn(pass.Logits, n, true), 1e-5)
		f.Near(name, []float32{float32(loss)}, 1e-5)
		f.Near(name+"/dW", pass.Grad, 1e-5)
		f.Near(name+"/df", Turn(probed.Gradient(leaf), n, true), 1e-5)
	}
}

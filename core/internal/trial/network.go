// Package trial has networks that devices are held against each other on.
package trial

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hlrslab/core/approx"
	"hlrslab/core/internal/golden"
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// declare adds a network to b that is drawn at random: nodes of all kinds of terms, some weighed, some dropped, read as they are, through
// their ReLU and through pools of either, some with zeros for channels that they lack, or in another order, by one branch or two, by a linear classifier or
// one of cosines, and by an auxiliary one.
func declare(t *rapid.T, b *nn.Builder, size int) {
	flip := rapid.Bool()
	branches, channels := 1+rapid.IntRange(0, 1).Draw(t, "second branch"), 2*rapid.IntRange(1, 2).Draw(t, "half the channels")
	count := rapid.IntRange(1, 5).Draw(t, "nodes")
	type choice struct{ kind, from, stride int }
	var plan [][]choice
	for i := range count {
		var terms []choice
		for range rapid.IntRange(1, 3).Draw(t, "terms") {
			terms = append(terms, choice{rapid.IntRange(0, 13).Draw(t, "kind"), rapid.IntRange(0, i).Draw(t, "from"), 1})
		}
		plan = append(plan, terms)
	}
	through, wide := flip.Draw(t, "head through the ReLU"), flip.Draw(t, "more channels")
	kinds := []nn.Pooling{nn.Subsample, nn.MaxPool, nn.MeanPool}
	if size%2 == 0 {
		kinds = append(kinds, nn.HalvingMaxPool)
	}
	pooling := rapid.SampledFrom(kinds).Draw(t, "pooling")
	gated, normed, dropped := flip.Draw(t, "its ReLU"), flip.Draw(t, "its BatchNorm"), flip.Draw(t, "some dropped")
	window := func(k, dilation int) tensor.Window {
		return tensor.Window{K: k, Stride: 1, Dilation: dilation, Pad: dilation * (k - 1) / 2}
	}
	var heads [2][][]*nn.Node
	for branch := range branches {
		if branch > 0 {
			b.Branch()
		}
		nodes := []*nn.Node{b.Node(nn.Term{Source: b.Stem("stem", "stem.bn", channels, window(3, 1)), Weight: -1})}
		ops := 0
		for i, terms := range plan {
			var all []nn.Term
			for j, c := range terms {
				name := string(rune('a'+i)) + string(rune('0'+j)) + "."
				in, term := nodes[c.from], nn.Term{Weight: ops, Stride: 1, Drop: (i+j)%3 == 0}
				if ops++; (i+j)%4 == 3 {
					term.Weight = -1
				}
				switch c.kind {
				case 0:
					term.Node = in
				case 1:
					term.Node, term.ReLU = in, true
				case 2:
					term.Node, term.Pool, term.Norm = in, nn.MaxPool, name+"bn"
				case 3:
					term.Node, term.Pool = in, nn.MeanPool
				case 4:
					term.Source = b.Separable(name+"dw", name+"pw", name+"bn", in, window(3, 1), true)
				case 5:
					first := b.Separable(name+"dw1", name+"pw1", name+"bn1", in, window(5, 1), false)
					term.Source = b.Then(name+"dw2", name+"pw2", name+"bn2", first, window(3, 2), false)
				case 6:
					term.Source = b.Pointwise(name+"w", name+"bn", []*nn.Node{in, nodes[0]}, channels, false)
				case 7:
					term.Source = b.Full(name+"w", name+"bn", in, channels, nn.Kernel{H: 3, W: 3, StrideH: 1, StrideW: 1, PadH: 1, PadW: 1})
				case 8:
					first := b.Full(name+"w1", "", in, channels, nn.Kernel{H: 1, W: 3, StrideH: 1, StrideW: 1, PadW: 1})
					term.Source = b.ThenFull(name+"w2", name+"bn", first, channels, nn.Kernel{H: 3, W: 1, StrideH: 1, StrideW: 1, PadH: 1})
				case 9:
					first := b.Separable(name+"dw", name+"pw", name+"bn1", in, window(3, 1), true)
					term.Source = b.ThenFull(name+"w", name+"bn2", first, channels, nn.Kernel{H: 1, W: 1, StrideH: 1, StrideW: 1})
				case 10, 11, 12:
					term.Node, term.ReLU, term.Pool = in, true, []nn.Pooling{nn.MaxPool, nn.MeanPool, nn.Subsample}[c.kind-10]
				case 13: // its channels in another order, one of them nowhere
					term.Node, term.Channels = in, slices.Repeat([]int{-1}, channels)
					for ch := 1; ch < channels; ch++ {
						term.Channels[channels-1-ch] = ch
					}
				}
				all = append(all, term)
			}
			nodes = append(nodes, b.Node(all...))
		}
		if last := nodes[len(nodes)-1]; wide { // a smaller map with twice the channels, and one with twice as many again
			pool := nn.Term{Node: last, ReLU: gated, Pool: pooling, Stride: 2, Weight: ops, Drop: dropped}
			if normed {
				pool.Norm = "pool"
			}
			half := b.Node(nn.Term{Source: b.FactorizedReduce("half1", "half2", "half", []*nn.Node{last}, 2*channels, true), Weight: ops + 1}, pool)
			nodes = append(nodes, b.Node(nn.Term{Node: half, ReLU: gated, Weight: ops + 2},
				nn.Term{Source: b.Pointwise("wide", "wide.bn", []*nn.Node{half}, 4*channels, true), Weight: -1, Drop: dropped}))
		}
		heads[0] = append(heads[0], nodes[len(nodes)-1:])
		heads[1] = append(heads[1], []*nn.Node{nodes[len(nodes)/2]})
	}
	main := b.Head("classifier", nn.Classifier{Classes: 3, Cosine: flip.Draw(t, "cosines")}, heads[0]...)
	if branches == 2 && !main.Cosine && flip.Draw(t, "two biases") {
		b.SecondBias(main, "second")
	}
	if flip.Draw(t, "another head") {
		other := b.Auxiliary("other", nn.Classifier{Classes: 3, Cosine: main.Cosine}, 0.4, heads[1][branches-1])
		if through {
			b.ThroughReLU(other)
		}
	}
}

// Network is a network that is drawn at random, and a pass through it.
type Network struct {
	store  *nn.Store
	p      *nn.Program
	inputs []nn.Batch
	pass   nn.Pass
	busy   []float32 // weights under which all operations run
}

// Result is what a pass comes to, in what Pass has of it, and the loss.
type Result struct {
	nn.Pass
	Loss float64
}

// Networks draws networks, with one of the multipliers if there are any, and calls check with each.
func Networks(t *testing.T, multipliers []string, check func(t *rapid.T, n *Network)) {
	// Always the same networks: one in some hundreds has a channel that is constant but for rounding, which its BatchNorm magnifies, or a
	// value so near a ReLU's kink, or a code's border, that rounding decides its gradient.
	seed := flag.Lookup("rapid.seed")
	if given := seed.Value.String(); given == "0" {
		if err := flag.Set("rapid.seed", fmt.Sprint(1+min(1, len(multipliers)))); err != nil {
			t.Fatal(err)
		}
		defer flag.Set("rapid.seed", given)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, draw(t, multipliers)) })
}

func draw(t *rapid.T, multipliers []string) *Network {
	var multiplier *approx.Multiplier
	batches := []int{2, 5, 18}
	if len(multipliers) > 0 {
		multiplier, _ = approx.Parse(rapid.SampledFrom(multipliers).Draw(t, "multiplier"))
		batches = batches[2:] // of few values, a code that rounding decides turns all that follows
	}
	batch := rapid.SampledFrom(batches).Draw(t, "batch")
	size := rapid.IntRange(3, 5).Draw(t, "size")
	seed, mixed := rapid.Uint64().Draw(t, "seed"), rapid.Bool().Draw(t, "two labels")
	n := &Network{store: &nn.Store{}}
	b := nn.NewBuilder(n.store, batch, size)
	b.Multiplier = multiplier
	declare(t, b, size)
	var err error
	if n.p, err = b.Compile(); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	normal := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		return v
	}
	weights, ops, masks := normal(n.store.Weights.Total), normal(n.p.OpWeights), make([]float32, n.p.Drops*batch)
	n.busy = slices.Clone(ops)
	for i := range ops {
		if rng.IntN(4) == 0 { // which is then not run
			ops[i] = 0
		}
	}
	nn.DropPath(masks, 0.3, rng)
	for range n.p.Inputs {
		own := nn.Batch{Images: normal(3 * size * size * batch)}
		for range batch {
			own.Labels = append(own.Labels, rng.IntN(3))
		}
		if mixed {
			for range batch {
				own.Second, own.Shares = append(own.Second, rng.IntN(3)), append(own.Shares, rng.Float32())
			}
		}
		n.inputs = append(n.inputs, own)
	}
	counts := []int{90, 30, 10}
	loss := rapid.SampledFrom([]nn.Loss{
		{Gamma: 1},
		{},
		{Weights: nn.InverseWeights(counts, 0.5)},
		{Scale: 3, Margin: nn.Margins(counts)},
		{Shift: nn.LogitAdjustment(counts, 2)},
		{Gamma: 2, Weights: nn.EffectiveWeights(counts, 0.99)},
		{Gamma: 0.5, Sigmoid: true},
	}).Draw(t, "loss")
	frozen := rapid.IntRange(0, 3).Draw(t, "frozen") == 0
	shares := [2]float64{0.3, 0.7}
	if len(n.inputs) == 1 {
		shares = [2]float64{1}
	}
	n.pass = nn.Pass{
		Weights: weights, OpWeights: ops, Train: !frozen, Track: true, Masks: masks,
		Factors: [2]float32{0.6, 1.4}, Loss: &loss, Frozen: frozen, Shares: shares,
	}
	return n
}

// Run compiles the network for a device and takes a pass through it, after one in which all operations run, and of which nothing may be
// left.
func (n *Network) Run(t *rapid.T, device nn.Device) Result {
	t.Helper()
	e, err := device.Compile(n.p)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	n.store.Memory.Make()
	pass := n.pass
	pass.Running = make([]float32, n.store.Running.Total)
	for i := range pass.Running {
		pass.Running[i] = 1
	}
	for i, own := range n.inputs {
		e.Load(i, own)
	}
	pass.Logits, pass.Grad = make([]float32, 3*n.p.Batch), make([]float32, len(pass.Weights))
	pass.OpGrad = make([]float64, len(n.inputs)*len(pass.OpWeights))
	before := pass
	before.OpWeights, before.Track = n.busy, false
	if _, err := e.Run(before); err != nil {
		t.Fatal(err)
	}
	loss, err := e.Run(pass)
	if err != nil {
		t.Fatal(err)
	}
	return Result{pass, loss}
}

// Near fails where a result is further from the one wanted than rounding explains, or what is not run has a gradient.
func (got Result) Near(t *rapid.T, want Result) {
	t.Helper()
	near := func(what string, got, want []float32) {
		t.Helper()
		top, diff := 1e-2, 0.0 // what is smaller cancels out
		for i, w := range want {
			d := math.Abs(float64(got[i] - w))
			if math.IsNaN(d) {
				d = math.Inf(1)
			}
			top, diff = max(top, math.Abs(float64(w))), max(diff, d)
		}
		if !(diff <= 1e-2*top) {
			t.Fatalf("%s: %.3g apart, of %.3g: %v, not %v", what, diff, top, got, want)
		}
	}
	near("loss", []float32{float32(got.Loss)}, []float32{float32(want.Loss)})
	near("logits", got.Logits, want.Logits)
	near("running statistics", got.Running, want.Running)
	near("gradient", got.Grad, want.Grad)
	near("operations' gradient", golden.Narrow(got.OpGrad), golden.Narrow(want.OpGrad))
	for i, g := range got.OpGrad {
		if at := i % len(got.OpWeights); got.OpWeights[at] == 0 && g != 0 {
			t.Fatalf("operation %d is not run and has gradient %v", at, g)
		}
	}
}

package darts

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"hlrslab/core/internal/golden"
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

func TestEvalNetAgainstReference(t *testing.T) {
	f := golden.Open(t, "evalnet.safetensors")
	num := func(key string) int {
		n, err := strconv.Atoi(f.Meta[key])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	genotype := Genotype{
		Normal: []Edge{
			{"sep_conv_3x3", 0},
			{"sep_conv_3x3", 1},
			{"sep_conv_3x3", 0},
			{"sep_conv_3x3", 1},
			{"sep_conv_3x3", 1},
			{"skip_connect", 0},
			{"skip_connect", 0},
			{"dil_conv_3x3", 2},
		},
		Reduce: []Edge{
			{"max_pool_3x3", 0},
			{"max_pool_3x3", 1},
			{"skip_connect", 2},
			{"max_pool_3x3", 1},
			{"max_pool_3x3", 0},
			{"skip_connect", 2},
			{"skip_connect", 2},
			{"max_pool_3x3", 1},
		},
		NormalConcat: []int{2, 3, 4, 5}, ReduceConcat: []int{2, 3, 4, 5},
	}
	x, labels := f.Get("x"), f.Ints("y")
	n, c, size, classes := x.Shape[0], x.Shape[1], x.Shape[2], num("classes")
	pool := tensor.NewPool(2)
	defer pool.Close()
	var store nn.Store
	g := nn.NewGraph(&store, pool, n, size)
	top := EvalNet(g, genotype, num("C"), num("layers"), false).Top
	channels, _, _ := top[0].Shape()
	head := nn.NewLinear(&store.Weights, "classifier", len(top)*channels, classes)
	g.Weights, g.Running = make([]float32, store.Weights.Total), make([]float32, store.Running.Total)
	if err := g.Build(top...); err != nil {
		t.Fatal(err)
	}
	store.Memory.Make()
	for _, p := range store.Weights.List {
		copy(g.Weights[p.Off:][:p.Len()], f.Get("init/"+p.Name).Values)
	}
	if got, want := len(store.Weights.List), len(f.Names("init/")); got != want {
		t.Fatalf("%d arrays, the reference has %d", got, want)
	}
	for i := range n {
		dst, plane, stride := g.Image(g.Images(), i)
		for ch := range c {
			for p := range size * size {
				dst[ch*plane+p*stride] = x.Values[(i*c+ch)*size*size+p]
			}
		}
	}
	logits, dlogits := make([]float32, classes*n), make([]float32, classes*n)
	features := g.Forward()
	head.Apply(g.Weights, features, logits, n, 0, 1, false)
	byImage := make([]float32, len(logits))
	for i := range logits {
		byImage[i%n*classes+i/n] = logits[i]
	}
	f.Near("logits", byImage, 1e-4)
	var loss nn.Loss
	f.Near("loss", []float32{float32(loss.Eval(logits, labels, 1, dlogits))}, 1e-4)
	grad, dfeatures := make([]float32, len(g.Weights)), make([]float32, len(features))
	head.Back(g.Weights, grad, features, dlogits, dfeatures, n, 0, 1)
	g.Backward(dfeatures, true)
	g.AddGradient(grad)
	for _, p := range store.Weights.List {
		f.Near("grad/"+p.Name, grad[p.Off:][:p.Len()], 1e-3)
	}
}

// TestAuxiliaryHead trains with the auxiliary head and dropped paths: gradients against central differences, and the same
// network without the head at rest.
func TestAuxiliaryHead(t *testing.T) {
	genotype, err := ParseGenotype(Published[len(Published)-1].Text) // it has every kind of operation
	if err != nil {
		t.Fatal(err)
	}
	const batch = 5
	pool := tensor.NewPool(2)
	defer pool.Close()
	var store nn.Store
	g := nn.NewGraph(&store, pool, batch, 32)
	n := EvalNet(g, genotype, 2, 4, true)
	g.Weights, g.Running = make([]float32, store.Weights.Total), make([]float32, store.Running.Total)
	if err := g.Build(append(n.Top, n.Auxiliary)...); err != nil {
		t.Fatal(err)
	}
	store.Memory.Make()
	if c, h, w := n.Auxiliary.Shape(); c != 768 || h != 1 || w != 1 {
		t.Fatalf("the auxiliary features are %d × %d × %d", c, h, w)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range g.Weights {
		g.Weights[i] = float32(rng.NormFloat64())
	}
	for i, v := range g.Images() {
		g.Images()[i] = v + float32(rng.NormFloat64())
	}
	g.DropPath(0.2, rng)
	r := make([]float32, len(g.Forward()))
	for i := range r {
		r[i] = float32(rng.NormFloat64())
	}
	value := func() (sum float64) {
		for i, v := range g.Forward() {
			sum += float64(v) * float64(r[i])
		}
		return sum
	}
	value()
	g.Backward(r, true)
	grad := make([]float32, len(g.Weights))
	g.AddGradient(grad)
	for _, name := range []string{"auxiliary_head.features.2.weight", "auxiliary_head.features.5.weight", "auxiliary_head.features.6.bias", "cells.3.preprocess1.op.2.bias"} {
		p, err := store.Weights.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		var diff, top float64
		for range 8 {
			i := p.Off + rng.IntN(p.Len())
			was, h := g.Weights[i], float32(1e-3)
			g.Weights[i] = was + h
			up := value()
			g.Weights[i] = was - h
			down := value()
			g.Weights[i] = was
			d := (up - down) / (2 * float64(h))
			diff, top = max(diff, math.Abs(d-float64(grad[i]))), max(top, math.Abs(d))
		}
		if top == 0 || diff > 0.03*top {
			t.Errorf("%s: the gradient differs by %.3g of %.3g", name, diff, top)
		}
	}
}

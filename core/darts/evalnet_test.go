package darts

import (
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
	top := EvalNet(g, genotype, num("C"), num("layers"))
	channels, _, _ := top[0].Shape()
	head := nn.NewLinear(&store.Weights, "classifier", len(top)*channels, classes)
	g.Weights, g.Running = make([]float32, store.Weights.Total), make([]float32, store.Running.Total)
	g.Build(top...)
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

package darts

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"hlrslab/core/cpu"
	"hlrslab/core/internal/golden"
	"hlrslab/core/nn"
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
	n, size, classes := x.Shape[0], x.Shape[2], num("classes")
	m := network(t, &cpu.Device{Threads: 2}, n, size, classes, EvalNet{Genotype: genotype, Channels: num("C"), Layers: num("layers")})
	for _, p := range m.store.Weights.List {
		copy(m.pass.Weights[p.Off:][:p.Len()], f.Get("init/"+p.Name).Values)
	}
	if got, want := len(m.store.Weights.List), len(f.Names("init/")); got != want {
		t.Fatalf("%d arrays, the reference has %d", got, want)
	}
	m.Load(0, nn.Batch{Images: turn(x.Values, n), Labels: labels})
	m.pass.Logits = make([]float32, classes*n)
	loss, err := m.Run(m.pass)
	if err != nil {
		t.Fatal(err)
	}
	f.Near("logits", turn(m.pass.Logits, classes), 1e-4)
	f.Near("loss", []float32{float32(loss)}, 1e-4)
	for _, p := range m.store.Weights.List {
		f.Near("grad/"+p.Name, m.pass.Grad[p.Off:][:p.Len()], 1e-3)
	}
}

// turn takes rows × columns to columns × rows: images to the layout with the batch innermost, logits out of it.
func turn(v []float32, rows int) []float32 {
	out, columns := make([]float32, len(v)), len(v)/rows
	for i, x := range v {
		out[i%columns*rows+i/columns] = x
	}
	return out
}

// compiled is a network ready for a training pass of cross-entropy.
type compiled struct {
	nn.Executor
	program *nn.Program
	store   *nn.Store
	pass    nn.Pass
}

func network(t *testing.T, device nn.Device, batch, size, classes int, net EvalNet) *compiled {
	m := &compiled{store: &nn.Store{}}
	b := nn.NewBuilder(m.store, batch, size)
	b.Head("classifier", nn.Classifier{Classes: classes}, net.Backbone(b, ""))
	var err error
	if m.program, err = b.Compile(); err == nil {
		m.Executor, err = device.Compile(m.program)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	m.store.Memory.Make()
	m.pass = nn.Pass{
		Weights: make([]float32, m.store.Weights.Total), Running: make([]float32, m.store.Running.Total), Grad: make([]float32, m.store.Weights.Total),
		Train: true, Loss: &nn.Loss{}, Shares: [2]float64{1},
	}
	return m
}

// TestAuxiliaryHead trains with the auxiliary head and dropped paths: gradients of the loss, of which the head has its share,
// against central differences.
func TestAuxiliaryHead(t *testing.T) {
	genotype, err := ParseGenotype(Published[len(Published)-1].Text) // it has every kind of operation
	if err != nil {
		t.Fatal(err)
	}
	const batch = 5
	m := network(t, &cpu.Device{Threads: 2}, batch, 32, 3, EvalNet{genotype, 2, 4, nn.Classifier{Classes: 3}})
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range m.pass.Weights {
		m.pass.Weights[i] = float32(rng.NormFloat64())
	}
	images := make([]float32, 3*32*32*batch)
	for i := range images {
		images[i] = float32(rng.NormFloat64())
	}
	m.Load(0, nn.Batch{Images: images, Labels: []int{0, 1, 2, 1, 0}})
	m.pass.Masks = make([]float32, m.program.Drops*batch)
	nn.DropPath(m.pass.Masks, 0.2, rng)
	value := func() float64 {
		v, err := m.Run(m.pass)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	value()
	grad := slices.Clone(m.pass.Grad)
	for _, name := range []string{"auxiliary_head.features.2.weight", "auxiliary_head.features.5.weight", "auxiliary_head.features.6.bias", "auxiliary_head.classifier.weight", "cells.3.preprocess1.op.2.bias", "classifier.weight"} {
		p, err := m.store.Weights.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		var diff, top float64
		for range 8 {
			i := p.Off + rng.IntN(p.Len())
			was, h := m.pass.Weights[i], float32(1e-2)
			m.pass.Weights[i] = was + h
			up := value()
			m.pass.Weights[i] = was - h
			down := value()
			m.pass.Weights[i] = was
			d := (up - down) / (2 * float64(h))
			diff, top = max(diff, math.Abs(d-float64(grad[i]))), max(top, math.Abs(d))
		}
		if top == 0 || diff > 0.03*top {
			t.Errorf("%s: the gradient differs by %.3g of %.3g", name, diff, top)
		}
	}
}

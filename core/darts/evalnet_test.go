package darts

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"hlrslab/core/cpu"
	"hlrslab/core/internal/devices"
	"hlrslab/core/internal/golden"
	"hlrslab/core/nn"
)

func TestEvalNetAgainstReference(t *testing.T) {
	devices.Each(t, evalNetAgainstReference)
}

func evalNetAgainstReference(t *testing.T, device nn.Device) {
	f := golden.Open(t, "evalnet.safetensors")
	num := func(key string) int {
		n, err := strconv.Atoi(f.Meta[key])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	genotype := published(t, "DARTS_V2")
	x, labels := f.Get("x"), f.Ints("y")
	n, size, classes := x.Shape[0], x.Shape[2], num("classes")
	m := network(t, device, n, size, classes, EvalNet{Genotype: genotype, Channels: num("C"), Layers: num("layers")})
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
	f.Near("logits", turn(m.pass.Logits, classes), 1e-5)
	f.Near("loss", []float32{float32(loss)}, 1e-5)
	for _, p := range m.store.Weights.List {
		f.Near("grad/"+p.Name, m.pass.Grad[p.Off:][:p.Len()], 5e-5)
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

func published(t *testing.T, name string) Genotype {
	for _, p := range Published {
		if p.Name == name {
			g, err := ParseGenotype(p.Text)
			if err != nil {
				t.Fatal(err)
			}
			return g
		}
	}
	t.Fatalf("no genotype %q", name)
	return Genotype{}
}

// TestTrainingAgainstReference takes steps of training with the auxiliary head and dropped paths.
func TestTrainingAgainstReference(t *testing.T) {
	devices.Each(t, trainingAgainstReference)
}

func trainingAgainstReference(t *testing.T, device nn.Device) {
	f := golden.Open(t, "train.safetensors")
	num := func(key string) float64 {
		v, err := strconv.ParseFloat(f.Meta[key], 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	var epochs []int
	if err := json.Unmarshal([]byte(f.Meta["epoch_of_step"]), &epochs); err != nil {
		t.Fatal(err)
	}
	genotype, hashed, stride := published(t, f.Meta["genotype"]), f.Meta["hashed_name"], int(num("sample_stride"))
	n, classes, layers := int(num("batch")), int(num("classes")), int(num("layers"))
	m := network(t, device, n, int(num("size")), classes, EvalNet{genotype, int(num("C")), layers, nn.Classifier{Classes: classes}, true})
	if got, want := len(m.store.Weights.List), len(f.Names("init/"))+1; got != want {
		t.Fatalf("%d arrays, the reference has %d", got, want)
	}
	at := func(name string, v []float32) []float32 { // what the reference has of an array
		p, err := m.store.Weights.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		v = v[p.Off:][:p.Len()]
		if name != hashed {
			return v
		}
		var sample []float32
		for i := 0; i < len(v); i += stride {
			sample = append(sample, v[i])
		}
		return sample
	}
	for _, p := range m.store.Weights.List {
		w := m.pass.Weights[p.Off:][:p.Len()]
		if p.Name != hashed {
			copy(w, f.Get("init/"+p.Name).Values)
			continue
		}
		for i := range w {
			h := uint32(i) + uint32(num("hashed_salt"))
			h ^= h >> 16
			h *= 0x85ebca6b
			h ^= h >> 13
			h *= 0xc2b2ae35
			h ^= h >> 16
			w[i] = float32(num("hashed_scale") * (2*float64(h)/(1<<32) - 1))
		}
	}
	for i, p := range m.store.Running.List {
		for j := range p.Len() {
			m.pass.Running[p.Off+j] = float32(i % 2)
		}
	}
	m.pass.Track, m.pass.Logits = true, make([]float32, classes*n)
	sgd := nn.SGD{Momentum: num("momentum"), Decay: num("weight_decay"), Clip: num("clip"), Buffer: make([]float32, len(m.pass.Weights))}
	first, second := Reductions(layers)
	const tolerance = 5e-5 // the reference's own in single precision
	for i, epoch := range epochs {
		step := fmt.Sprintf("step%d/", i)
		p := num("drop_path_prob") * float64(epoch) / num("epochs")
		f.Near(step+"keep", []float32{float32(1 - p)}, 1e-6)
		if m.pass.Masks = nil; p > 0 {
			mask := f.Get(step + "mask").Values // cells × operations × batch
			for cell := range layers {
				reduce, edges := cell == first || cell == second, genotype.Normal
				if reduce {
					edges = genotype.Reduce
				}
				for k, e := range edges {
					if e.Op == "skip_connect" && !(reduce && e.From < 2) {
						continue
					}
					for _, keep := range mask[(cell*len(edges)+k)*n:][:n] {
						m.pass.Masks = append(m.pass.Masks, keep/float32(1-p))
					}
				}
			}
			if len(m.pass.Masks) != m.program.Drops*n {
				t.Fatalf("%d masks, want %d", len(m.pass.Masks), m.program.Drops*n)
			}
		}
		labels := f.Ints(step + "y")
		m.Load(0, nn.Batch{Images: turn(f.Get(step+"x").Values, n), Labels: labels})
		loss, err := m.Run(m.pass)
		if err != nil {
			t.Fatal(err)
		}
		main := m.pass.Loss.Eval(m.pass.Logits, labels, 0, make([]float32, len(m.pass.Logits)))
		f.Near(step+"logits", turn(m.pass.Logits, classes), tolerance)
		f.Near(step+"loss_main", []float32{float32(main)}, tolerance)
		f.Near(step+"loss_aux", []float32{float32((loss - main) / AuxiliaryShare)}, tolerance)
		f.Near(step+"loss", []float32{float32(loss)}, tolerance)
		for _, name := range f.Names(step + "grad/") {
			f.Near(step+"grad/"+name, at(name, m.pass.Grad), tolerance)
		}
		conv, _ := m.store.Weights.Find(hashed)
		f.Near(step+"grad_norm_aux_conv2", []float32{float32(nn.Norm(m.pass.Grad[conv.Off:][:conv.Len()]))}, tolerance)
		rate := num("eta_max") * (1 + math.Cos(math.Pi*float64(epoch)/num("epochs"))) / 2
		f.Near(step+"eta", []float32{float32(rate)}, 1e-6)
		f.Near(step+"grad_norm", []float32{float32(sgd.Step(m.pass.Weights, m.pass.Grad, rate))}, tolerance)
	}
	for _, name := range f.Names("final/") {
		if p, err := m.store.Running.Find(name); err == nil {
			f.Near("final/"+name, m.pass.Running[p.Off:][:p.Len()], tolerance)
		} else {
			f.Near("final/"+name, at(name, m.pass.Weights), tolerance)
		}
	}
	f.Near("weight_norm", []float32{float32(nn.Norm(m.pass.Weights))}, tolerance)
	m.Load(0, nn.Batch{Images: turn(f.Get("step0/x").Values, n)})
	_, err := m.Run(nn.Pass{Weights: m.pass.Weights, Running: m.pass.Running, Logits: m.pass.Logits})
	if err != nil {
		t.Fatal(err)
	}
	f.Near("logits_eval", turn(m.pass.Logits, classes), tolerance)
}

// TestSmallImages: the auxiliary head's windows do not fit the 4 × 4 pixels that are left of 16 × 16.
func TestSmallImages(t *testing.T) {
	for size, fits := range map[int]bool{16: false, 32: true} {
		b := nn.NewBuilder(&nn.Store{}, 1, size)
		b.Head("classifier", nn.Classifier{Classes: 3}, EvalNet{published(t, "DARTS_V1"), 2, 3, nn.Classifier{Classes: 3}, true}.Backbone(b, ""))
		if _, err := b.Compile(); (err == nil) != fits {
			t.Errorf("%d pixels: %v", size, err)
		}
	}
}

// TestAuxiliaryHead trains with the auxiliary head and dropped paths: gradients of the loss, of which the head has its share,
// against central differences.
func TestAuxiliaryHead(t *testing.T) {
	genotype := published(t, "AmoebaNet") // it has every kind of operation
	const batch = 5
	m := network(t, &cpu.Device{Threads: 2}, batch, 32, 3, EvalNet{genotype, 2, 4, nn.Classifier{Classes: 3}, true})
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

package bbn

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"hlrslab/core/cpu"
	"hlrslab/core/darts"
	"hlrslab/core/internal/devices"
	"hlrslab/core/internal/golden"
	"hlrslab/core/internal/naive"
	"hlrslab/core/nn"
	"hlrslab/core/resnet"
)

// trainees are networks that are trained from scratch, with all that their training may have.
var trainees = map[string]struct {
	shape    Shape
	backbone Backbone
	loss     nn.Loss
}{
	"genotype": {
		Shape{Classes: 3, Batch: 18, Size: 32, Branches: Cell},
		evalNet(nn.Classifier{Classes: 3}),
		nn.Loss{Weights: nn.InverseWeights([]int{9, 3, 1}, 1), Shift: nn.LogitAdjustment([]int{9, 3, 1}, 1.5)},
	},
	"genotype, cosines": {
		Shape{Classes: 3, Batch: 5, Size: 32, Branches: Alone, Cosine: true},
		evalNet(nn.Classifier{Classes: 3, Cosine: true}),
		nn.Loss{Scale: 10, Margin: nn.Margins([]int{9, 3, 1})},
	},
	"residual":          {Shape{Classes: 3, Batch: 18, Size: 9, Branches: Cell}, resnet.Net{Width: 4, Blocks: []int{2, 2, 2}}.Backbone, nn.Loss{Gamma: 1}},
	"residual, cosines": {Shape{Classes: 3, Batch: 18, Size: 8, Branches: Concat, Cosine: true}, resnet.Net{Width: 4, Blocks: []int{1, 2}}.Backbone, nn.Loss{Scale: 5}},
	// Where a ReLU's input is next to nothing, rounding decides on a gradient: in one batch of three, some 1e-4 of it. Not in these.
	"residual, by more tiles": {Shape{Classes: 3, Batch: 16, Size: 24, Branches: Alone}, resnet.Net{Width: 16, Blocks: []int{1, 1}}.Backbone, nn.Loss{}},
	"residual, by tiles":      {Shape{Classes: 3, Batch: 20, Size: 16, Branches: Alone}, resnet.Net{Width: 16, Blocks: []int{2, 2, 1}}.Backbone, nn.Loss{}},
}

func evalNet(auxiliary nn.Classifier) Backbone {
	last := darts.Published[len(darts.Published)-1] // it has every kind of operation
	g, err := darts.ParseGenotype(last.Text)
	if err != nil {
		panic(err)
	}
	return darts.EvalNet{Genotype: g, Channels: 2, Layers: 4, Auxiliary: auxiliary, Drops: true}.Backbone
}

// trainee is a network and an objective on random images, mixed of two.
func trainee(t testing.TB, name string, device nn.Device) (*Model, *Objective) {
	of := trainees[name]
	m, err := New(of.shape, of.backbone, darts.Softmax{}, 0, device)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	m.Store.Memory.Make()
	rng := rand.New(rand.NewPCG(7, 8))
	m.InitNormal(rng)
	o := random(&network{Model: m}, 0.7)
	o.Loss = of.loss
	for b := range m.Branches() {
		for range of.shape.Batch {
			o.Batches[b].Second = append(o.Batches[b].Second, rng.IntN(of.shape.Classes))
			o.Batches[b].Shares = append(o.Batches[b].Shares, rng.Float32())
		}
	}
	if o.Masks = make([]float32, m.Masks()); len(o.Masks) > 0 {
		nn.DropPath(o.Masks, 0.2, rng)
	}
	return m, o
}

// TestTrainingGradients holds gradients against plain loops' and against differences.
func TestTrainingGradients(t *testing.T) {
	for name := range trainees {
		m, o := trainee(t, name, devices.CPU())
		_, plain := trainee(t, name, naive.Device{})
		for _, o.Frozen = range []bool{false, true} {
			dw, start := make([]float32, len(m.Weights)), slices.Clone(m.Weights)
			loss := o.Gradient(m.Weights, nil, dw, nil, false)
			plain.Frozen = o.Frozen
			want := make([]float32, len(dw))
			if l := plain.Gradient(m.Weights, nil, want, nil, false); !(math.Abs(loss-l) <= 1e-5*l) || !(golden.Distance(dw, want) <= 1e-5) {
				t.Errorf("%s, frozen: %v: loss %v, of plain loops %v; gradients differ by %.2g", name, o.Frozen, loss, l, golden.Distance(dw, want))
			}
			norm := nn.Norm(dw) // the slope along the gradient, if and only if that is right there
			const h = 2e-4
			value := func(sign float64) float64 {
				for i, g := range dw {
					m.Weights[i] = start[i] + float32(sign*h/norm)*g
				}
				return o.Gradient(m.Weights, nil, nil, nil, false)
			}
			got := (value(1) - value(-1)) / (2 * h)
			copy(m.Weights, start)
			if !(math.Abs(got-norm) <= 0.01*norm) {
				t.Errorf("%s, frozen: %v: slope %.4g by differences, %.4g by the gradient", name, o.Frozen, got, norm)
			}
		}
	}
}

// trainedBits are hashes of weights and running statistics after two steps: a browser's are the processor's.
var trainedBits = map[string]uint64{
	"genotype": 0x3a8f6c813ca9db00, "genotype, cosines": 0x2ba3fa292eb3f6d8,
	"residual": 0x6c8f0dd9c8827ffe, "residual, cosines": 0x1ef944116b04a69d, "residual, by more tiles": 0xf95a8d8dd786fb40, "residual, by tiles": 0x543d6aab943de438,
}

// TestTrainingBitsAndAllocations: steps have the recorded bits on any number of threads, and allocate nothing.
func TestTrainingBitsAndAllocations(t *testing.T) {
	for name := range trainees {
		var want []float32
		for _, threads := range []int{1, 2, runtime.GOMAXPROCS(0) + 3} {
			m, o := trainee(t, name, &cpu.Device{Threads: threads})
			sgd, dw := &nn.SGD{Momentum: 0.9, Decay: 3e-4, Nesterov: true, Clip: 5, Buffer: make([]float32, len(m.Weights))}, make([]float32, len(m.Weights))
			rng := rand.New(rand.NewPCG(9, 10))
			step := func() {
				nn.DropPath(o.Masks, 0.2, rng)
				o.Gradient(m.Weights, nil, dw, nil, true)
				sgd.Step(m.Weights, dw, 0.025)
			}
			step()
			step()
			got := slices.Concat(m.Weights, m.Running)
			if want == nil {
				want = got
				hash := fnv.New64()
				if err := binary.Write(hash, binary.LittleEndian, got); err != nil {
					t.Fatal(err)
				}
				if fused := runtime.GOARCH != "amd64" && runtime.GOARCH != "wasm"; !fused && hash.Sum64() != trainedBits[name] {
					t.Errorf("%s: %#x, and recorded is %#x", name, hash.Sum64(), trainedBits[name])
				}
			} else if !slices.Equal(got, want) {
				t.Errorf("%s: %d threads give other bits than one", name, threads)
			}
			if n := testing.AllocsPerRun(1, step); n > 0 {
				t.Errorf("%s, %d threads: %v allocations a step", name, threads, n)
			}
		}
	}
}

// TestClassifierRetraining: with all else at rest the classifier is drawn anew and trained, its loss falls, and nothing else moves.
func TestClassifierRetraining(t *testing.T) {
	for name := range trainees {
		m, o := trainee(t, name, devices.CPU())
		for range 30 { // its running statistics begin far off
			o.Gradient(m.Weights, nil, nil, nil, true)
		}
		trained, running, dw := slices.Clone(m.Weights), slices.Clone(m.Running), make([]float32, len(m.Weights))
		m.InitHead(rand.New(rand.NewPCG(11, 12)))
		o.Frozen = true
		sgd := &nn.SGD{Momentum: 0.9, Decay: 0.1, Groups: m.Head.Alone(len(m.Weights)), Buffer: make([]float32, len(m.Weights))}
		var losses []float64
		for range 20 {
			losses = append(losses, o.Gradient(m.Weights, nil, dw, nil, true))
			sgd.Step(m.Weights, dw, 0.01)
		}
		if first, last := losses[0], losses[len(losses)-1]; !(last < first) {
			t.Errorf("%s: the loss went from %.4g to %.4g", name, first, last)
		}
		if !slices.Equal(running, m.Running) {
			t.Errorf("%s: running statistics moved", name)
		}
		own := map[int]bool{m.Head.Weight: true, m.Head.Bias: true, m.Head.Second: true}
		for _, p := range m.Store.Weights.List {
			moved := !slices.Equal(m.Weights[p.Off:][:p.Len()], trained[p.Off:][:p.Len()])
			if moved != own[p.Off] || own[p.Off] != (nn.Norm(dw[p.Off:][:p.Len()]) > 0) {
				t.Errorf("%s: %s moved: %v, and its gradient is %v", name, p.Name, moved, nn.Norm(dw[p.Off:][:p.Len()]))
			}
		}
	}
}

// TestNormalStart: weights have variance 2/fan, and what begins elsewhere is left alone.
func TestNormalStart(t *testing.T) {
	m, err := New(Shape{Classes: 10, Batch: 1, Size: 8, Branches: Alone}, resnet.ResNet32.Backbone, darts.Softmax{}, 0, &cpu.Device{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	m.Store.Memory.Make()
	m.InitNormal(rand.New(rand.NewPCG(1, 2)))
	for _, p := range m.Store.Weights.List {
		w := m.Weights[p.Off:][:p.Len()]
		square := nn.Norm(w) * nn.Norm(w) / float64(p.Len())
		switch {
		case p.Fan == 0:
			want := 0.0
			if strings.HasSuffix(p.Name, ".weight") {
				want = 1
			}
			if math.Abs(square-want) > 1e-12 {
				t.Errorf("%s begins at mean square %v, want %v", p.Name, square, want)
			}
		case len(p.Shape) > 1:
			if want := 2 / float64(p.Fan); math.Abs(square/want-1) > 6*math.Sqrt(2/float64(p.Len())) {
				t.Errorf("%s: variance %.4g, want %.4g", p.Name, square, want)
			}
		}
	}
}

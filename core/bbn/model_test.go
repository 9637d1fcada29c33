package bbn

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"hlrslab/core/cpu"
	"hlrslab/core/darts"
	"hlrslab/core/internal/golden"
	"hlrslab/core/nn"
)

// made is a model with its memory.
func made(t testing.TB, s size, device nn.Device) *network {
	t.Helper()
	return withMixture(t, s, darts.Softmax{}, device)
}

// withMixture is one whose operations are mixed so.
func withMixture(t testing.TB, s size, mixture nn.Mixture, device nn.Device) *network {
	t.Helper()
	net := darts.Supernet{Channels: s.channels, Layers: s.layers, Nodes: s.nodes, Extra: s.extra, Part: s.part}
	n := &network{alpha: make([]float32, net.Alphas())}
	m, err := New(s.Shape, net.Backbone, mixture, len(n.alpha), device)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	m.Store.Memory.Make()
	n.Model = m
	return n
}

// network is a model of the search network, and its architecture.
type network struct {
	*Model
	alpha []float32
}

type size struct {
	Shape
	channels, layers, nodes int
	extra                   bool // one more skip connection
	part                    int  // of the channels
}

func model(t testing.TB, s size, threads int) *network {
	m, rng := made(t, s, &cpu.Device{Threads: threads}), rand.New(rand.NewPCG(3, 4))
	m.Init(rng)
	for i := range m.alpha {
		m.alpha[i] = float32(1e-3 * rng.NormFloat64())
	}
	return m
}

func (m *network) bilevel(order int, sgd *nn.SGD, decay float64) *darts.Bilevel {
	b := darts.NewBilevel(order, &m.Store.Memory, sgd, decay, len(m.Weights), len(m.alpha))
	m.Store.Memory.Make()
	return b
}

// random is an objective on random images.
func random(m *network, a float64) *Objective {
	rng := rand.New(rand.NewPCG(5, 6))
	o := &Objective{Model: m.Model, A: a}
	for b := range m.Branches() {
		batch := &o.Batches[b]
		for range 3 * m.Shape.Size * m.Shape.Size * m.Shape.Batch {
			batch.Images = append(batch.Images, float32(rng.NormFloat64()))
		}
		for range m.Shape.Batch {
			batch.Labels = append(batch.Labels, rng.IntN(m.Shape.Classes))
		}
	}
	return o
}

var small = size{Shape: Shape{Classes: 3, Batch: 18, Size: 8, Branches: Alone}, channels: 2, layers: 3, nodes: 2}

func TestWeightCounts(t *testing.T) {
	for branches, want := range map[Parting]int{"none": 1930618, "cell": 2401402, "head": 1933188, "concat": 1933178} {
		m := made(t, size{Shape{Classes: 10, Batch: 1, Size: 32, Branches: branches}, 16, 8, 4, false, 1}, &cpu.Device{})
		if got := m.Store.Weights.Total; got != want {
			t.Errorf("%s: %d weights, want %d", branches, got, want)
		}
	}
}

// TestGradientsByDifferences checks the mixed loss's gradients through both branches.
func TestGradientsByDifferences(t *testing.T) {
	for _, branches := range []Parting{Alone, Cell, Head, Concat} {
		s := small
		s.Branches = branches
		m := model(t, s, 2)
		for i := range m.alpha { // away from uniform
			m.alpha[i] *= 500
		}
		o := random(m, 0.7)
		dw, dalpha := make([]float32, len(m.Weights)), make([]float64, len(m.alpha))
		o.Gradient(m.Weights, m.alpha, dw, dalpha, false)
		// Along the gradient the slope is its norm, if and only if the gradient is right there.
		check := func(what string, v, grad []float32) {
			norm, start := nn.Norm(grad), slices.Clone(v)
			const h = 2e-3
			value := func(sign float64) float64 {
				for i := range v {
					v[i] = start[i] + float32(sign*h/norm)*grad[i]
				}
				return o.Gradient(m.Weights, m.alpha, nil, nil, false)
			}
			got := (value(1) - value(-1)) / (2 * h)
			copy(v, start)
			if math.Abs(got-norm) > 0.01*norm {
				t.Errorf("%s, %s: slope %.4g by differences, %.4g by the gradient", branches, what, got, norm)
			}
		}
		check("alpha", m.alpha, golden.Narrow(dalpha))
		check("weights", m.Weights, dw)
	}
}

// TestBranchWithoutWeight: at a = 1 the re-balancing branch's own weights get no gradient, at a = 0 the other's.
func TestBranchWithoutWeight(t *testing.T) {
	s := small
	s.Branches = "cell"
	m := model(t, s, 1)
	for a, cell := range map[float64]string{1: "cell2.rb.", 0: "cell2."} {
		dw := make([]float32, len(m.Weights))
		random(m, a).Gradient(m.Weights, m.alpha, dw, nil, false)
		for _, p := range m.Store.Weights.List {
			own := len(p.Name) > len(cell) && p.Name[:len(cell)] == cell && (a == 1 || p.Name[:len("cell2.rb")] != "cell2.rb")
			if zero := nn.Norm(dw[p.Off:][:p.Len()]) == 0; zero != own {
				t.Errorf("a = %v: gradient of %s is zero: %v", a, p.Name, zero)
			}
		}
	}
}

// TestThreadsDoNotChangeBits takes second-order steps with one thread, two, and more than there are cores.
func TestThreadsDoNotChangeBits(t *testing.T) {
	var want []float32
	for _, threads := range []int{1, 2, runtime.GOMAXPROCS(0) + 3} {
		s := small
		s.Branches = "cell"
		m := model(t, s, threads)
		step := stepper(m)
		for range 2 {
			step()
		}
		got := append(slices.Clone(m.Weights), m.alpha...)
		if want == nil {
			want = got
		} else if !slices.Equal(got, want) {
			t.Errorf("%d threads give other bits than one", threads)
		}
	}
}

// stepper returns a second-order search step.
func stepper(m *network) func() {
	o := random(m, 0.7)
	sgd := &nn.SGD{Momentum: 0.9, Decay: 3e-4, Clip: 5, Buffer: make([]float32, len(m.Weights))}
	method, dw := m.bilevel(2, sgd, 1e-3), make([]float32, len(m.Weights))
	return func() {
		method.Step(o, o, m.Weights, m.alpha, 0.025, 3e-3)
		o.Gradient(m.Weights, m.alpha, dw, nil, true)
		sgd.Step(m.Weights, dw, 0.025)
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	for _, threads := range []int{1, 2} {
		s := small
		s.Branches = "cell"
		step := stepper(model(t, s, threads))
		step()
		if n := testing.AllocsPerRun(3, step); n > 0 {
			t.Errorf("%d threads: %v allocations a step", threads, n)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	for _, c := range []struct {
		name string
		s    size
	}{{"C4L5", size{Shape{10, 16, 16, Alone, false}, 4, 5, 4, false, 1}}, {"C8L5", size{Shape{10, 32, 32, Alone, false}, 8, 5, 4, false, 1}}} {
		b.Run(c.name, func(b *testing.B) {
			m := model(b, c.s, 1)
			o := random(m, 1)
			dw, dalpha := make([]float32, len(m.Weights)), make([]float64, len(m.alpha))
			for b.Loop() {
				o.Gradient(m.Weights, m.alpha, nil, dalpha, true)
				o.Gradient(m.Weights, m.alpha, dw, nil, true)
			}
		})
	}
}

package bbn

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"hlrslab/core/darts"
	"hlrslab/core/internal/golden"
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// made is a model with its memory.
func made(t testing.TB, s Shape, threads int) *Model {
	pool := tensor.NewPool(threads)
	t.Cleanup(pool.Close)
	m, err := New(s, pool)
	if err != nil {
		t.Fatal(err)
	}
	m.Store.Memory.Make()
	return m
}

func model(t testing.TB, s Shape, threads int) *Model {
	m := made(t, s, threads)
	m.Init(rand.New(rand.NewPCG(3, 4)))
	return m
}

func architect(m *Model, sgd *nn.SGD) *darts.Architect {
	a := darts.NewArchitect(&m.Store.Memory, sgd, len(m.Weights), len(m.Alpha))
	m.Store.Memory.Make()
	return a
}

// random is an objective on random images.
func random(m *Model, a float64) *Objective {
	rng := rand.New(rand.NewPCG(5, 6))
	o := &Objective{Model: m, A: a}
	for b := range m.Branches() {
		o.Images[b] = make([]float32, len(m.Images(0)))
		for n := range m.Shape.Batch {
			dst, plane, stride := m.Image(o.Images[b], n)
			for c := range 3 {
				for i := range m.Shape.Size * m.Shape.Size {
					dst[c*plane+i*stride] = float32(rng.NormFloat64())
				}
			}
			o.Labels[b] = append(o.Labels[b], rng.IntN(m.Shape.Classes))
		}
	}
	return o
}

var small = Shape{Channels: 2, Layers: 3, Nodes: 2, Classes: 3, Batch: 18, Size: 8}

func TestWeightCounts(t *testing.T) {
	for branches, want := range map[string]int{"none": 1930618, "cell": 2401402, "head": 1933188, "concat": 1933178} {
		m, err := New(Shape{Channels: 16, Layers: 8, Nodes: 4, Classes: 10, Batch: 1, Size: 32, Branches: branches}, tensor.NewPool(1))
		if got := m.Store.Weights.Total; err != nil || got != want {
			t.Errorf("%s: %d weights, want %d", branches, got, want)
		}
	}
}

// TestGradientsByDifferences checks the mixed loss's gradients through both branches.
func TestGradientsByDifferences(t *testing.T) {
	for _, branches := range []string{"none", "cell", "head", "concat"} {
		s := small
		s.Branches = branches
		m := model(t, s, 2)
		for i := range m.Alpha { // away from uniform
			m.Alpha[i] *= 500
		}
		o := random(m, 0.7)
		dw, dalpha := make([]float32, len(m.Weights)), make([]float64, len(m.Alpha))
		o.Gradient(m.Weights, dw, dalpha, false)
		// Along the gradient the slope is its norm, if and only if the gradient is right there.
		check := func(what string, v, grad []float32) {
			norm, start := nn.Norm(grad), slices.Clone(v)
			const h = 2e-3
			value := func(sign float64) float64 {
				for i := range v {
					v[i] = start[i] + float32(sign*h/norm)*grad[i]
				}
				return o.Gradient(m.Weights, nil, nil, false)
			}
			got := (value(1) - value(-1)) / (2 * h)
			copy(v, start)
			if math.Abs(got-norm) > 0.01*norm {
				t.Errorf("%s, %s: slope %.4g by differences, %.4g by the gradient", branches, what, got, norm)
			}
		}
		check("alpha", m.Alpha, golden.Narrow(dalpha))
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
		random(m, a).Gradient(m.Weights, dw, nil, false)
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
		got := append(slices.Clone(m.Weights), m.Alpha...)
		if want == nil {
			want = got
		} else if !slices.Equal(got, want) {
			t.Errorf("%d threads give other bits than one", threads)
		}
	}
}

// stepper returns a second-order search step.
func stepper(m *Model) func() {
	o := random(m, 0.7)
	sgd := &nn.SGD{Momentum: 0.9, Decay: 3e-4, Clip: 5, Buffer: make([]float32, len(m.Weights))}
	adam := &nn.Adam{Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8, Decay: 1e-3, M: make([]float64, len(m.Alpha)), V: make([]float64, len(m.Alpha))}
	arch := architect(m, sgd)
	dw, dalpha := make([]float32, len(m.Weights)), make([]float64, len(m.Alpha))
	return func() {
		arch.Second(o, o, m.Weights, 0.025, dalpha)
		adam.Step(m.Alpha, dalpha, 3e-3)
		o.Gradient(m.Weights, dw, nil, true)
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
		s    Shape
	}{{"C4L5", Shape{4, 5, 4, 10, 16, 16, "none"}}, {"C8L5", Shape{8, 5, 4, 10, 32, 32, "none"}}} {
		b.Run(c.name, func(b *testing.B) {
			m := model(b, c.s, 1)
			o := random(m, 1)
			dw, dalpha := make([]float32, len(m.Weights)), make([]float64, len(m.Alpha))
			for b.Loop() {
				o.Gradient(m.Weights, nil, dalpha, true)
				o.Gradient(m.Weights, dw, nil, true)
			}
		})
	}
}

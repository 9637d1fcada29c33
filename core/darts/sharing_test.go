package darts

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hlrslab/core/nn"
)

// under is a loss that knows which operations run: the less, the more of them are of one kind.
type under struct {
	m  *Single
	op int
}

func (u under) Gradient(_, _, _ []float32, _ []float64, _ bool) (loss float64) {
	for i, v := range u.m.Ops {
		if i%len(Primitives) == u.op {
			loss -= float64(v)
		}
	}
	return loss
}

// TestSharing: the best of the candidates is chosen, a step trains the cell that is its own, and no number is no choice.
func TestSharing(t *testing.T) {
	const nodes = 3
	cell := func(stream uint64, i int) []float32 {
		return RandomGenotype(nodes, nil, rand.New(rand.NewPCG(stream, uint64(i)))).OneHot(nodes)
	}
	var memory nn.Memory
	m := NewSharing(&memory, 30, &Single{})
	memory.Make()
	m.Trained, m.Candidate = func(i int) []float32 { return cell(1, i) }, func(i int) []float32 { return cell(2, i) }
	val := under{m.Mixture, 4}
	if !m.Due() {
		t.Error("the first step takes no batch, and so has no loss")
	}
	m.Step(nil, val, nil, nil, 0, 0)
	if m.Due() || !slices.Equal(m.Mixture.Ops, cell(1, 0)) {
		t.Error("the first step does not train the first cell")
	}
	m.Choosing = true
	got := m.Step(nil, val, nil, nil, 0, 0)
	if !slices.Equal(m.Mixture.Ops, cell(1, 1)) {
		t.Error("the second step does not train the second cell")
	}
	best := math.Inf(1)
	for i := range 30 {
		best = min(best, under{&Single{cell(2, i)}, 4}.Gradient(nil, nil, nil, nil, false))
	}
	if chosen := (under{&Single{m.Chosen()}, 4}).Gradient(nil, nil, nil, nil, false); got != best || chosen != best {
		t.Errorf("the chosen cell has the loss %v, reported is %v, and the least is %v", chosen, got, best)
	}
}

// TestRandomGenotype: random cells are valid, and have nothing that is forbidden.
func TestRandomGenotype(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := rapid.IntRange(1, 4).Draw(t, "nodes")
		forbidden := make([]bool, 2*Edges(nodes)*len(Primitives))
		for i := range forbidden {
			forbidden[i] = i%len(Primitives) != 3 && rapid.Bool().Draw(t, "forbidden") // skip connections are free
		}
		g := RandomGenotype(nodes, forbidden, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
		if err := g.Validate(); err != nil {
			t.Fatal(err)
		}
		for i, v := range g.OneHot(nodes) {
			if v > 0 && forbidden[i] {
				t.Fatalf("%v has operation %d, which is forbidden", g, i)
			}
		}
	})
}

// TestNormalised: the edges into a node share one weight, and the gradient is that of finite differences.
func TestNormalised(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := rapid.IntRange(1, 3).Draw(t, "nodes")
		alpha := make([]float32, Supernet{Nodes: nodes, Part: 2}.Alphas())
		dops := make([]float64, len(alpha))
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for i := range alpha {
			alpha[i], dops[i] = float32(2*rng.NormFloat64()), rng.NormFloat64()
		}
		m := &Normalised{Mixture: Softmax{}, Nodes: nodes}
		ops := make([]float32, len(alpha))
		m.Forward(ops, alpha)
		var sum float64
		for _, e := range ops[m.rows():] {
			sum += float64(e)
		}
		if math.Abs(sum-float64(2*nodes)) > 1e-5 {
			t.Fatalf("the edges of %d nodes weigh %v", 2*nodes, sum)
		}
		d := make([]float64, len(alpha))
		m.Backward(d, ops, alpha, dops)
		for _, i := range []int{rng.IntN(m.rows()), m.rows() + rng.IntN(len(alpha)-m.rows())} {
			const h = 1.0 / 256
			at := func(v float32) (sum float64) {
				moved, out := slices.Clone(alpha), make([]float32, len(ops))
				moved[i] = v
				m.Forward(out, moved)
				for k, p := range out {
					sum += dops[k] * float64(p)
				}
				return sum
			}
			if want := (at(alpha[i]+h) - at(alpha[i]-h)) / (2 * h); math.Abs(d[i]-want) > 2e-3 {
				t.Fatalf("gradient %v of alpha %d, by differences %v", d[i], i, want)
			}
		}
	})
}

package darts

import (
	"math"
	"slices"
	"testing"

	"hlrslab/core/nn"
)

// quadratic is ½‖w − Aα − b‖² + c·α: its mixed derivative is −A at every w, so that all is known by hand.
type quadratic struct {
	a       [][]float64 // weights × alphas
	b, c    []float64
	alpha   []float64
	at      [][]float32 // the weights of each evaluation
	tracked []bool
}

func (q *quadratic) Gradient(w, _, dw []float32, dalpha []float64, track bool) float64 {
	q.at, q.tracked = append(q.at, slices.Clone(w)), append(q.tracked, track)
	residual := make([]float64, len(w))
	for i := range w {
		residual[i] = float64(w[i]) - q.b[i] - dot(q.a[i], q.alpha)
	}
	for i := range dw {
		dw[i] = float32(residual[i])
	}
	for j := range dalpha {
		dalpha[j] = q.c[j]
		for i, r := range residual {
			dalpha[j] -= q.a[i][j] * r
		}
	}
	return dot(residual, residual)/2 + dot(q.c, q.alpha)
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// toy is a bilevel problem of three weights and two alphas; only through the weights' step does its
// validation loss feel the matrix.
func toy() (train, val *quadratic, sgd *nn.SGD, w []float32) {
	alpha, zero := []float64{0.3, -0.7}, make([]float64, 2)
	train = &quadratic{a: [][]float64{{1, 2}, {-1, 0.5}, {0.25, -3}}, b: make([]float64, 3), c: zero, alpha: alpha}
	val = &quadratic{a: [][]float64{zero, zero, zero}, b: []float64{1, -2, 0.5}, c: []float64{0.125, -0.5}, alpha: alpha}
	sgd = &nn.SGD{Momentum: 0.9, Decay: 3e-4, Clip: 1e-3, Buffer: []float32{0.5, -0.25, 1}}
	return train, val, sgd, []float32{0.2, 0.4, -0.6}
}

// within is the accuracy that is asked of the second order's finite differences.
func within(got, want []float64) bool {
	return slices.EqualFunc(got, want, func(g, w float64) bool { return math.Abs(g-w) <= 1e-4*math.Abs(w) })
}

// bilevel is DARTS for the toy.
func bilevel(order int, sgd *nn.SGD) *Bilevel {
	var memory nn.Memory
	m := NewBilevel(order, &memory, sgd, 0, 3, 2)
	memory.Make()
	return m
}

// TestUnrolledStep: with w′ = w − ξ(µ·buffer + (w − Aα) + λw) and v = w′ − b, the gradient of the
// validation loss through the step is c − ξ·(−Aᵀ)v.
func TestUnrolledStep(t *testing.T) {
	const rate = 0.1
	train, val, sgd, w := toy()
	start, buffer := slices.Clone(w), slices.Clone(sgd.Buffer)
	m := bilevel(2, sgd)
	loss := m.Step(train, val, w, make([]float32, 2), rate, 0)

	v, want, unscaled := make([]float64, 3), slices.Clone(val.c), slices.Clone(val.c)
	for i, x := range w {
		x := float64(x)
		v[i] = x - rate*(0.9*float64(buffer[i])+x-dot(train.a[i], train.alpha)+3e-4*x) - val.b[i]
	}
	eps := 0.01 / math.Sqrt(dot(v, v))
	for j := range want {
		for i := range v {
			want[j] += rate * train.a[i][j] * v[i]
			unscaled[j] += rate * train.a[i][j] * v[i] * eps * eps
		}
	}
	if !within(m.dalpha, want) {
		t.Errorf("gradient %v, want %v", m.dalpha, want)
	}
	// pt.darts has (p−n)/2·ε for (p−n)/(2ε): this toy must tell them apart, in each component.
	for j := range want {
		if within(unscaled[j:j+1], want[j:j+1]) {
			t.Errorf("component %d: the wrong scaling passes", j)
		}
	}
	if wantLoss := dot(v, v)/2 + dot(val.c, val.alpha); math.Abs(loss-wantLoss) > 1e-6 {
		t.Errorf("loss %v, want that at w′, %v", loss, wantLoss)
	}
	if !slices.Equal(w, start) || !slices.Equal(sgd.Buffer, buffer) {
		t.Error("the weights or the momentum moved")
	}
	// The differences are taken over ±0.01 along v, whatever its length.
	for i := range w {
		if d := float64(train.at[1][i] - train.at[2][i]); math.Abs(d-2*eps*v[i]) > 1e-6 {
			t.Errorf("weight %d differs by %v, want %v", i, d, 2*eps*v[i])
		}
	}
	// DARTS evaluates w′ on a copy of the model, all else on the model itself.
	if !slices.Equal(train.tracked, []bool{true, true, true}) || !slices.Equal(val.tracked, []bool{false}) {
		t.Errorf("running statistics follow train %v, val %v", train.tracked, val.tracked)
	}
}

// At rate 0 the step goes nowhere: both orders are one. Adam's moments start at nought, so that after one step they are (1 − β₁)·g and
// (1 − β₂)·g²: a half and a thousandth, with DARTS' β = (0.5, 0.999).
func TestFirstOrder(t *testing.T) {
	train, val, sgd, w := toy()
	first, second := bilevel(1, sgd), bilevel(2, sgd)
	alpha, moved := make([]float32, 2), make([]float32, 2)
	loss := first.Step(train, val, w, alpha, 0, 0)
	if again := second.Step(train, val, w, moved, 0, 0.01); loss != again || !slices.Equal(first.dalpha, second.dalpha) || !slices.Equal(first.dalpha, val.c) {
		t.Errorf("first order %v, %v; second at rate 0 %v, %v; want %v", loss, first.dalpha, again, second.dalpha, val.c)
	}
	for i, g := range val.c {
		if m, v := first.Adam.M[i], first.Adam.V[i]; !within([]float64{m, v}, []float64{g / 2, g * g / 1000}) {
			t.Errorf("alpha %d: moments %v and %v of a gradient of %v", i, m, v, g)
		}
		if alpha[i] != 0 || math.Abs(float64(moved[i])+math.Copysign(0.01, g)) > 1e-6 { // Adam's first step is the rate, whatever the gradient
			t.Errorf("alpha %d is %v at rate 0, and %v at 0.01", i, alpha[i], moved[i])
		}
	}
	steps := *first.State(nil, func(name string, v []float64) {
		if len(v) != 2 {
			t.Errorf("%s has %d values", name, len(v))
		}
	})
	if steps != 1 {
		t.Errorf("%d steps", steps)
	}
	val.b[0] = math.NaN()
	if first.Step(train, val, w, alpha, 0, 0.01); !slices.Equal(alpha, []float32{0, 0}) || first.Adam.Steps != 1 {
		t.Error("a loss that is no number moves alpha")
	}
}

// TestStill: the unrolled step leaves some weights where they are, and takes the others as it would.
func TestStill(t *testing.T) {
	train, val, sgd, w := toy()
	bilevel(2, sgd).Step(train, val, w, make([]float32, 2), 0.1, 0)
	all := val.at[0]
	train, val, sgd, w = toy()
	m := bilevel(2, sgd)
	m.Still = nn.Groups{{From: 1, To: 2, Rate: 3}}
	m.Step(train, val, w, make([]float32, 2), 0.1, 0)
	if got := val.at[0]; got[1] != w[1] || got[0] != all[0] || got[2] != all[2] || all[1] == w[1] {
		t.Errorf("unrolled to %v; without, to %v from %v", got, all, w)
	}
}

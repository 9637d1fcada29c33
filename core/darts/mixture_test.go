package darts

import (
	"math"
	"slices"
	"testing"

	"hlrslab/core/internal/golden"
	"hlrslab/core/nn"

	"pgregory.net/rapid"
)

// mixtures are all there are.
func mixtures() map[string]nn.Mixture {
	return map[string]nn.Mixture{"softmax": Softmax{}, "sparsemax": &Sparsemax{Temperature: 0.7}, "sigmoid": Sigmoid{}, "perturbed": &Perturbed{}}
}

// TestSparsemaxAgainstReference: projections, gradients and the temperatures of the epochs.
func TestSparsemaxAgainstReference(t *testing.T) {
	f := golden.Open(t, "sparse.safetensors")
	want := f.Get("temperature").Values
	got := make([]float32, len(want))
	for e := range got {
		got[e] = float32(Temperature(e, 1.5, 0.75, 5))
	}
	f.Near("temperature", got, 1e-6)

	z, v, taus := f.Get("n8/z"), f.Get("n8/v"), f.Get("taus").Values
	var p, dz, support []float32
	for _, tau := range taus {
		m := &Sparsemax{Temperature: float64(tau)}
		ops, d := make([]float32, len(z.Values)), make([]float64, len(z.Values))
		m.Forward(ops, z.Values)
		dops := make([]float64, len(d))
		for i, x := range v.Values {
			dops[i] = float64(x)
		}
		m.Backward(d, ops, z.Values, dops)
		p = append(p, ops...)
		for i, x := range d {
			dz = append(dz, float32(x))
			if i%8 == 0 {
				support = append(support, 0)
			}
			if ops[i] > 0 {
				support[len(support)-1]++
			}
		}
	}
	f.Near("n8/p", p, 1e-6)
	f.Near("n8/support", support, 0)
	f.Near("n8/dz", dz, 1e-5)

	alpha := f.Get("anneal/alpha").Values
	var steps []float32
	for i := range f.Get("anneal/p").Shape[0] {
		ops := make([]float32, len(alpha))
		(&Sparsemax{Temperature: Temperature(5*i, 1.5, 0.75, 5)}).Forward(ops, alpha)
		steps = append(steps, ops...)
	}
	f.Near("anneal/p", steps, 1e-6)
}

// TestMixtures: of each mixture, weights are shares where they compete, and the gradient is that of finite differences.
func TestMixtures(t *testing.T) {
	n := len(Primitives)
	rapid.Check(t, func(t *rapid.T) {
		alpha := make([]float32, 2*n)
		dops := make([]float64, 2*n)
		for i := range alpha {
			alpha[i] = float32(rapid.Float64Range(-3, 3).Draw(t, "alpha"))
			dops[i] = rapid.Float64Range(-1, 1).Draw(t, "gradient")
		}
		for name, m := range mixtures() {
			ops := make([]float32, m.Len(len(alpha)))
			m.Forward(ops, alpha)
			for e := 0; e < len(ops); e += n {
				var sum float64
				for _, p := range ops[e : e+n] {
					if sum += float64(p); p < 0 || p > 1 {
						t.Fatalf("%s: weight %v", name, p)
					}
				}
				if name != "sigmoid" && math.Abs(sum-1) > 1e-5 {
					t.Fatalf("%s: weights of an edge add up to %v", name, sum)
				}
			}
			d := make([]float64, len(alpha))
			m.Backward(d, ops, alpha, dops)
			for i := range alpha {
				const h = 1.0 / 256
				at := func(v float32) (sum float64, kink bool) {
					moved, out := slices.Clone(alpha), make([]float32, len(ops))
					moved[i] = v
					m.Forward(out, moved)
					for k, p := range out {
						sum += dops[k] * float64(p)
						kink = kink || (p > 0) != (ops[k] > 0)
					}
					return sum, kink
				}
				up, one := at(alpha[i] + h)
				down, other := at(alpha[i] - h)
				if want := (up - down) / (2 * h); !one && !other && math.Abs(d[i]-want) > 2e-3 {
					t.Fatalf("%s: gradient %v of alpha %d, by differences %v", name, d[i], i, want)
				}
			}
		}
	})
}

// TestSparsemax is that of a few rows by hand.
func TestSparsemax(t *testing.T) {
	pad := func(v ...float32) []float32 {
		row := slices.Repeat([]float32{-9}, len(Primitives))
		copy(row, v)
		return row
	}
	for _, c := range []struct{ z, p []float32 }{
		{pad(.5, .2, -.1), []float32{.6333, .3333, .0333, 0, 0, 0, 0, 0}},
		{pad(2, 0, 0), []float32{1, 0, 0, 0, 0, 0, 0, 0}},
		{pad(1, 0, 0), []float32{1, 0, 0, 0, 0, 0, 0, 0}}, // at the threshold is outside
		{make([]float32, 8), slices.Repeat([]float32{.125}, 8)},
	} {
		ops := make([]float32, len(c.z))
		(&Sparsemax{Temperature: 1}).Forward(ops, c.z)
		if !slices.EqualFunc(ops, c.p, func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-4 && (a > 0) == (b > 0) }) {
			t.Errorf("%v: %v, want %v", c.z, ops, c.p)
		}
	}
}

// TestPenaltiesAgainstReference: β-DARTS' and FairDARTS' own.
func TestPenaltiesAgainstReference(t *testing.T) {
	f := golden.Open(t, "robust.safetensors")
	alpha := append(slices.Clone(f.Get("init/alpha.normal").Values), f.Get("init/alpha.reduce").Values...)
	half := len(alpha) / 2
	d := make([]float64, len(alpha))
	f.Near("beta/reg", []float32{float32(Beta(alpha, 1, d))}, 1e-5)
	f.Near("beta/reg_of_normal", []float32{float32(Beta(alpha[:half], 1, make([]float64, half)))}, 1e-5)
	f.Near("beta/grad_reg/alpha.normal", single(d[:half]), 1e-5)
	f.Near("beta/grad_reg/alpha.reduce", single(d[half:]), 1e-5)
	d = make([]float64, len(alpha))
	f.Near("fair/l01_7", []float32{float32(Fair(alpha, 10, d))}, 1e-5)
	for _, part := range []struct {
		name string
		d    []float64
	}{{"normal", d[:half]}, {"reduce", d[half:]}} {
		want := slices.Clone(f.Get("fair/grad_total_7/alpha." + part.name).Values)
		for i, v := range f.Get("fair/grad_ce/alpha." + part.name).Values {
			want[i] -= v
		}
		for i, v := range part.d {
			if math.Abs(v-float64(want[i])) > 1e-6 {
				t.Errorf("fair, %s %d: %v, want %v", part.name, i, v, want[i])
			}
		}
	}
}

// TestPerturbedAgainstReference: SDARTS-RS' shares.
func TestPerturbedAgainstReference(t *testing.T) {
	f := golden.Open(t, "robust.safetensors")
	in := f.Get("rs/clip_in")
	rows, n := slices.Clone(in.Values), in.Shape[1]
	for e := 0; e < len(rows); e += n {
		clip(rows[e : e+n])
	}
	f.Near("rs/clip_out", rows, 1e-6)
	for _, part := range []string{"normal", "reduce"} {
		alpha := f.Get("init/alpha." + part).Values
		ops := make([]float32, len(alpha))
		m := &Perturbed{Delta: f.Get("rs/delta." + part).Values}
		m.Forward(ops, alpha)
		f.Near("rs/p."+part, ops, 1e-5)
	}
}

func single(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

// TestPenaltiesByDifferences: each gradient, times the weight.
func TestPenaltiesByDifferences(t *testing.T) {
	alpha := []float32{.3, -.2, .9, 0, -1.1, .4, .05, -.6, 1.3, .2, -.4, .7, -.3, .6, -.9, .1}
	for name, p := range Penalties {
		d := make([]float64, len(alpha))
		p(alpha, -3, d)
		for i := range alpha {
			at := func(h float32) float64 {
				moved := slices.Clone(alpha)
				moved[i] += h
				return p(moved, 0, make([]float64, len(alpha)))
			}
			if want := -3 * (at(1.0/256) - at(-1.0/256)) * 128; math.Abs(d[i]-want) > 1e-4 {
				t.Errorf("%s: gradient %v of alpha %d, by differences %v", name, d[i], i, want)
			}
		}
	}
}

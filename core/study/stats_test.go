package study

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats/scalar"
	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"

	"hlrslab/core/darts"
)

// near fails where a number is not what was worked out by hand, or stands in tables.
func near(t interface {
	Helper()
	Errorf(format string, args ...any)
}, what string, got, want, within float64,
) {
	t.Helper()
	if !scalar.EqualWithinAbs(got, want, within) && !(math.IsNaN(got) && math.IsNaN(want)) {
		t.Errorf("%s is %v, not %v", what, got, want)
	}
}

func TestByHand(t *testing.T) {
	d := Paired([]float64{5, 7, 6, 8}, []float64{4, 7, 3, 6})
	near(t, "mean of 1, 0, 3, 2", d.Mean, 1.5, 1e-12)
	near(t, "their sd", d.SD, math.Sqrt(5.0/3), 1e-12)
	if d.Above != 3 || d.Below != 0 {
		t.Errorf("%d above and %d below", d.Above, d.Below)
	}
	half := 3.182446 * math.Sqrt(5.0/3) / 2 // the table's t of 3 degrees of freedom
	near(t, "low", d.Interval(0.95).Low, 1.5-half, 1e-5)
	near(t, "high", d.Interval(0.95).High, 1.5+half, 1e-5)
	for n, quantile := range map[int]float64{2: 12.706205, 3: 4.302653, 5: 2.776445, 10: 2.262157} {
		near(t, "t's quantile", HalfWidth(n, math.Sqrt(float64(n)), 0.95), quantile, 1e-5)
	}
	near(t, "99 % of 10", HalfWidth(10, math.Sqrt(10), 0.99), 3.249836, 1e-5)
	if one := Paired([]float64{2}, []float64{1}).Interval(0.95); !math.IsInf(one.High, 1) || !math.IsInf(one.Low, -1) {
		t.Errorf("one pair's interval is %v", one)
	}
	// 2.447/√7 is under 1, and 2.571/√6 is not.
	if n := Needed(1, 1, 0.95, 99); n != 7 || Needed(1, 0.001, 0.95, 99) != 99 {
		t.Errorf("%d are needed", n)
	}
	near(t, "p of 3", LeastP(3), 0.125, 0)
	near(t, "p of 5", LeastP(5), 0.03125, 0)

	near(t, "IQM of 8", IQM([][]float64{{9, 1, 2}, {3, 4, 5, 6, 100}}), (3+4+5+6)/4.0, 1e-12)
	near(t, "IQM of 3", IQM([][]float64{{1, 2, 6}}), 3, 1e-12)
	near(t, "IQM of 5", IQM([][]float64{{1, 2, 3, 4, 50}}), 3, 1e-12)
	near(t, "P", Improvement([][]float64{{3, 1}}, [][]float64{{2, 1, 0}}), (3+1.5)/6, 1e-12)
	near(t, "P over two tasks", Improvement([][]float64{{3}, {1}}, [][]float64{{2}, {1}}), (1+0.5)/2, 1e-12)
	got := Profile([][]float64{{1, 2}, {3, 3, 3, 0}}, []float64{0, 1, 2.5, 3})
	for i, want := range []float64{(1 + 0.75) / 2, (0.5 + 0.75) / 2, 0.75 / 2, 0} {
		near(t, "profile", got[i], want, 1e-12)
	}

	near(t, "τ", Kendall([]float64{1, 2, 3, 4}, []float64{1, 3, 2, 4}), 4.0/6, 1e-12)
	near(t, "τ-b with ties", Kendall([]float64{1, 2, 2, 3}, []float64{1, 1, 2, 3}), 4.0/5, 1e-12) // 4 in order, 5 not tied in either
	near(t, "τ where all are tied", Kendall([]float64{1, 1}, []float64{1, 2}), math.NaN(), 0)
	// Of the 24 orders of four, 2 have |τ| = 1.
	near(t, "p of four in order", Shuffled([]float64{1, 2, 3, 4}, []float64{1, 2, 3, 4}, 20000, 1), 2.0/24, 0.01)
}

// TestBootstrap: a bootstrap of one stratum's mean comes near the interval of the normal distribution, its strata keep to themselves,
// and the same seed brings the same.
func TestBootstrap(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 0))
	values := make([]float64, 60)
	for i := range values {
		values[i] = rng.NormFloat64()
	}
	mean := func(s [][]float64) []float64 { return []float64{stat.Mean(s[0], nil)} }
	got := Bootstrap([][]float64{values}, 0.95, 3, mean)[0]
	m, sd := stat.MeanStdDev(values, nil)
	near(t, "low", got.Low, m-1.96*sd/math.Sqrt(60), 0.03)
	near(t, "high", got.High, m+1.96*sd/math.Sqrt(60), 0.03)
	if again := Bootstrap([][]float64{values}, 0.95, 3, mean)[0]; again != got {
		t.Errorf("%v after %v", again, got)
	}
	if other := Bootstrap([][]float64{values}, 0.95, 4, mean)[0]; other == got {
		t.Errorf("another seed brings %v, too", other)
	}
	Bootstrap([][]float64{{1, 2}, {10, 20, 30}}, 0.95, 1, func(s [][]float64) []float64 {
		if len(s[0]) != 2 || len(s[1]) != 3 || slices.Max(s[0]) > 2 || slices.Min(s[1]) < 10 {
			t.Fatalf("drawn: %v", s)
		}
		return nil
	})
	// Of two values, half of the means are the middle, and a quarter each of the ends.
	ends := Bootstrap([][]float64{{0, 1}}, 0.4, 1, mean)[0]
	if ends != (Interval{0.5, 0.5}) {
		t.Errorf("the middle 40 %% of the means of two are %v", ends)
	}
}

// TestProperties: what all statistics keep to, whatever the numbers.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(-40, 40).Draw(t, "v")) / 8 }) // with ties
		tasks := rapid.IntRange(1, 3).Draw(t, "tasks")
		strata := func(name string) (s [][]float64) {
			for range tasks {
				s = append(s, rapid.SliceOfN(number, 1, 9).Draw(t, name))
			}
			return s
		}
		x, y := strata("x"), strata("y")
		shift, scale := number.Draw(t, "shift"), float64(rapid.IntRange(1, 9).Draw(t, "scale"))
		moved := func(s [][]float64) (out [][]float64) {
			for _, values := range s {
				var m []float64
				for _, v := range values {
					m = append(m, scale*v+shift)
				}
				out = append(out, m)
			}
			return out
		}
		near(t, "P(X>Y)+P(Y>X)", Improvement(x, y)+Improvement(y, x), 1, 1e-12)
		near(t, "P(X>X)", Improvement(x, x), 0.5, 1e-12)
		near(t, "P of the moved", Improvement(moved(x), moved(y)), Improvement(x, y), 1e-12)
		near(t, "IQM of the moved", IQM(moved(x)), scale*IQM(x)+shift, 1e-9)
		all := slices.Concat(x...)
		if iqm := IQM(x); iqm < slices.Min(all)-1e-9 || iqm > slices.Max(all)+1e-9 {
			t.Errorf("IQM %v of %v", iqm, all)
		}
		var thresholds []float64
		for v := -6.0; v <= 6; v += 0.25 {
			thresholds = append(thresholds, v)
		}
		shares := Profile(x, thresholds)
		falls := true
		for i, share := range shares[1:] {
			falls = falls && share <= shares[i]
		}
		if !falls || math.Abs(shares[0]-1) > 1e-12 || shares[len(shares)-1] != 0 {
			t.Errorf("profile %v", shares)
		}

		n := rapid.IntRange(2, 9).Draw(t, "pairs")
		a, b := rapid.SliceOfN(number, n, n).Draw(t, "a"), rapid.SliceOfN(number, n, n).Draw(t, "b")
		d, back := Paired(a, b), Paired(b, a)
		near(t, "back", back.Mean, -d.Mean, 1e-12)
		i, j, wide := d.Interval(0.95), back.Interval(0.95), d.Interval(0.99)
		near(t, "back's high", j.High, -i.Low, 1e-9)
		if !i.Holds(d.Mean) || wide.Low > i.Low || wide.High < i.High || back.Above != d.Below {
			t.Errorf("%v within %v, %v", d, i, wide)
		}
		both := moved([][]float64{a, b})
		near(t, "moved", Paired(both[0], both[1]).Interval(0.95).Low, scale*i.Low, 1e-9)

		tau := Kendall(a, b)
		near(t, "τ back", Kendall(b, a), tau, 1e-12)
		near(t, "τ moved", Kendall(both[0], b), tau, 1e-12)
		if !(tau >= -1-1e-12 && tau <= 1+1e-12 || math.IsNaN(tau)) {
			t.Errorf("τ %v", tau)
		}
		distinct := rapid.SliceOfNDistinct(rapid.IntRange(0, 99), 2, 9, rapid.ID[int]).Draw(t, "distinct")
		var p, q []float64
		for i, v := range distinct {
			p, q = append(p, float64(i)), append(q, float64(v))
		}
		near(t, "τ without ties", Kendall(p, q), stat.Kendall(p, q, nil), 1e-12)
	})
}

// TestAgree: by hand, alike in all, in nothing, and as random cells are.
func TestAgree(t *testing.T) {
	cell := func(normal ...darts.Edge) darts.Genotype {
		return darts.Genotype{Normal: normal, Reduce: []darts.Edge{{Op: "skip_connect", From: 0}, {Op: "skip_connect", From: 1}}}
	}
	sep, dil := darts.Edge{Op: "sep_conv_3x3", From: 0}, darts.Edge{Op: "dil_conv_3x3", From: 1}
	a, b := cell(sep, dil), cell(dil, darts.Edge{Op: "max_pool_3x3", From: 0})
	got := Agree([]darts.Genotype{a, b}) // the one from 1, and both of the reduction cell, of four; all four sources
	near(t, "edges", got.Edges, 3.0/4, 1e-12)
	near(t, "sources", got.Sources, 1, 1e-12)
	near(t, "operations", got.Operations, 3.0/4, 1e-12)
	near(t, "the same", Agree([]darts.Genotype{a, a, a}).Edges, 1, 1e-12)

	// Of a node's two edges of s sources each is another cell's with a probability of 2/s, and its operation with 1/7.
	mean, most := AgreeByChance(5, 4, 1)
	want := 0.0
	for _, s := range []float64{2, 3, 4, 5} {
		want += 2 / s / 7 / 4
	}
	near(t, "chance", mean.Edges, want, 0.003)
	near(t, "chance of sources", mean.Sources, 7*want, 0.01)
	near(t, "chance of operations", mean.Operations, 1.0/7, 0.01)
	if most.Low >= want || most.High <= want || most.Low < 0 || most.High > 0.25 {
		t.Errorf("by chance %v", most)
	}
	if again, _ := AgreeByChance(5, 4, 1); again != mean {
		t.Errorf("%v after %v", again, mean)
	}
}

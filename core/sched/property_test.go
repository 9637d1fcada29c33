package sched

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func genPoints() *rapid.Generator[[]Point] {
	return rapid.Custom(func(t *rapid.T) []Point {
		ticks := rapid.SliceOfNDistinct(rapid.IntRange(0, 1000), 2, 9, rapid.ID[int]).Draw(t, "ticks")
		seen := make([]bool, 1001)
		for _, k := range ticks {
			seen[k] = true
		}
		var points []Point
		for k, ok := range seen {
			if ok {
				points = append(points, Point{float64(k) / 1000, rapid.Float64Range(0, 1).Draw(t, "v")})
			}
		}
		return points
	})
}

func genParam(t *rapid.T, f Family) float64 {
	if f.Param.Name == "" || rapid.Bool().Draw(t, "default") {
		return 0
	}
	return rapid.Float64Range(f.Param.Min, f.Param.Max).Draw(t, "param")
}

func genMix(epochs int) *rapid.Generator[Mix] {
	return rapid.Custom(func(t *rapid.T) Mix {
		f := rapid.SampledFrom(Mixes).Draw(t, "mix")
		return Mix{Family: f.ID, Param: genParam(t, f), Points: genPoints().Draw(t, "points"), Epochs: epochs}
	})
}

func genArch(families []Family) *rapid.Generator[Arch] {
	return rapid.Custom(func(t *rapid.T) Arch {
		f := rapid.SampledFrom(families).Draw(t, "family")
		a := Arch{
			Family: f.ID, Param: genParam(t, f), Epochs: rapid.IntRange(1, 80).Draw(t, "epochs"),
			Points: genPoints().Draw(t, "points"), PerStep: rapid.Bool().Draw(t, "per step"), Ramp: rapid.Bool().Draw(t, "ramp"),
		}
		if f.ID == "freeze-after" {
			a.Param = min(a.Param, float64(a.Epochs))
		}
		if f.ID == "step" && a.Epochs > 2 && rapid.Bool().Draw(t, "milestones") {
			m := rapid.IntRange(1, a.Epochs-2).Draw(t, "first")
			a.Milestones = []float64{float64(m), float64(m) + 0.5}
		}
		if rapid.Bool().Draw(t, "floored") {
			a.Floor = rapid.Float64Range(0, 1).Draw(t, "floor")
		}
		if rapid.Bool().Draw(t, "warmed") {
			a.Warmup = rapid.Float64Range(0, 0.9*float64(a.Epochs)).Draw(t, "warm-up")
		}
		return a
	})
}

const steps = 4

// each visits every step of a run.
func each(a Arch, ties Ties, visit func(e int, m float64)) {
	for e := range a.Epochs {
		for s := range steps {
			visit(e, a.Factor(e, s, steps, ties.Context(e)))
		}
	}
}

func TestFactorIsAShareAboveItsFloor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genArch(Families).Draw(t, "arch")
		ties := Ties{Mix: genMix(a.Epochs).Draw(t, "mix"), Weights: darts(a.Epochs)}
		if err := a.Validate(); err != nil {
			t.Fatal(err)
		}
		if err := ties.Mix.Validate(); err != nil {
			t.Fatal(err)
		}
		each(a, ties, func(e int, m float64) {
			if !(m >= 0 && m <= 1) {
				t.Fatalf("m = %v in epoch %d", m, e)
			}
			if float64(e) >= a.Warmup && m < a.Floor {
				t.Fatalf("m = %v in epoch %d, below its floor", m, e)
			}
			if float64(e)+1 < a.Warmup && !a.Ramp && m != 0 {
				t.Fatalf("m = %v in epoch %d of the warm-up", m, e)
			}
		})
		src := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for e := range a.Epochs {
			if v := ties.Mix.At(e, src); !(v >= 0 && v <= 1) {
				t.Fatalf("a = %v in epoch %d", v, e)
			}
		}
	})
}

func TestDecaysNeverRise(t *testing.T) {
	var decays []Family
	for _, id := range []string{
		"const", "parabolic", "power", "linear", "polynomial", "cosine", "quarter-cosine",
		"exponential", "step", "freeze-after", "w-tied", "mixing-tied",
	} {
		f, _ := Find(Families, id)
		decays = append(decays, f)
	}
	rapid.Check(t, func(t *rapid.T) {
		a := genArch(decays).Draw(t, "arch")
		last, epoch := 1., -1
		each(a, Ties{Mix: Mix{Family: "parabolic", Epochs: a.Epochs}, Weights: darts(a.Epochs)}, func(e int, m float64) {
			if float64(e) < a.Warmup {
				return
			}
			if m > last+1e-15 {
				t.Fatalf("m rises from %v to %v in epoch %d", last, m, e)
			}
			if !a.PerStep && e == epoch && m != last {
				t.Fatalf("m moves within epoch %d", e)
			}
			last, epoch = m, e
		})
	})
}

// fine is the run's mean of the factor, were its epochs many times shorter.
func fine(a Arch, ties Ties) (mean float64) {
	const n = 20000
	f, _ := Find(Families, a.Family)
	s, follow := a.shape(f), ties.follow(f)
	for i := range n {
		u := (float64(i) + 0.5) / n
		mean += a.modify(s, u*float64(a.Epochs), follow(u)) / n
	}
	return mean
}

func TestEqualAreaIsThatOfConst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genArch(Families).Draw(t, "arch")
		ties := Ties{Mix: genMix(a.Epochs).Draw(t, "mix"), Weights: darts(a.Epochs)}
		area, want := a.Integral(ties), fine(a, ties)
		if math.Abs(area-want) > 1e-3 {
			t.Fatalf("integral %v, by a fine grid %v", area, want)
		}
		if area < 0.01 { // a handful of rates out of which no area is to be had
			return
		}
		peak, b := a.Sample(ties), a
		b.EqualArea = true
		for e, m := range b.Sample(ties) {
			if math.Abs(m*area-peak[e]) > 1e-12 {
				t.Fatalf("epoch %d: %v at equal area %v, %v at equal peak", e, m, area, peak[e])
			}
			if ties.Mix.Family == beta {
				continue
			}
			c := ties.Context(e)
			c.Area = area
			if got := b.Factor(e, 0, steps, c); math.Abs(got-m) > 1e-12 {
				t.Fatalf("epoch %d: Factor %v, Sample %v", e, got, m)
			}
		}
	})
}

func TestFactorFindsItsOwnArea(t *testing.T) {
	for _, f := range Families {
		a := Arch{Family: f.ID, Epochs: 5000, EqualArea: true, Points: []Point{{0.1, 0.9}, {0.4, 0.2}, {0.7, 0.4}}}
		ties := Ties{Mix: Mix{Family: "parabolic", Epochs: a.Epochs}, Weights: darts(a.Epochs)}
		var mean float64
		for e := range a.Epochs {
			c := ties.Context(e)
			if f.tie != nil {
				c.Area = a.Integral(ties)
			}
			mean += a.Factor(e, 0, 1, c) / float64(a.Epochs)
		}
		near(t, f.ID+" at equal area", mean, 1, 1e-3)
	}
}

func TestPointsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := genPoints().Draw(t, "points")
		text := FormatPoints(points)
		back, err := ParsePoints(text)
		if err != nil || len(back) != len(points) {
			t.Fatalf("%s: %v, %v", text, back, err)
		}
		for i, p := range points {
			if back[i] != p {
				t.Fatalf("%s: %v", text, back)
			}
		}
		line := join(points)
		for i, p := range points {
			if math.Abs(line(p.U)-p.V) > 1e-12 {
				t.Fatalf("the curve misses %v", p)
			}
			for k := 0; i > 0 && k <= 20; k++ { // no overshoot
				q := points[i-1]
				v := line(q.U + (p.U-q.U)*float64(k)/20)
				if v < min(p.V, q.V)-1e-12 || v > max(p.V, q.V)+1e-12 {
					t.Fatalf("%v lies outside %v..%v", v, q, p)
				}
			}
		}
	})
}

// TestFreeze: up to a freeze a schedule is what it is without one, and after it 0; the integral is that of what is left.
func TestFreeze(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genArch(Families).Draw(t, "arch")
		ties := Ties{Mix: genMix(a.Epochs).Draw(t, "mix"), Weights: darts(a.Epochs)}
		frozen := a
		frozen.Freeze = rapid.IntRange(1, a.Epochs).Draw(t, "freeze")
		var free []float64
		each(a, ties, func(_ int, m float64) { free = append(free, m) })
		i := 0
		each(frozen, ties, func(e int, m float64) {
			if want := free[i]; e < frozen.Freeze && m != want || e >= frozen.Freeze && m != 0 {
				t.Fatalf("m = %v in epoch %d, and without a freeze %v", m, e, want)
			}
			i++
		})
		if area, all := frozen.Integral(ties), a.Integral(ties); !(area >= 0 && area <= all+1e-3) {
			t.Fatalf("an area of %v, and without a freeze %v", area, all)
		}
	})
	half := Arch{Family: "linear", Epochs: 10, Freeze: 5}
	if got := half.Integral(Ties{}); math.Abs(got-0.375) > 1e-3 {
		t.Errorf("the first half of a line from 1 to 0 has an area of %v", got)
	}
}

package atlas

import (
	"bytes"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"pgregory.net/rapid"

	"hlrslab/core/darts"
	"hlrslab/core/run"
)

// TestLegendre: a polynomial's coefficients are those it is made of.
func TestLegendre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Float64Range(-2, 2), 4, 4).Draw(t, "coefficients")
		curve := make([]float64, 400)
		for i := range curve {
			x := (2*float64(i)+1)/400 - 1
			curve[i] = want[0] + want[1]*x + want[2]*(3*x*x-1)/2 + want[3]*(5*x*x*x-3*x)/2
		}
		for k, got := range legendre(curve, 4) {
			if math.Abs(got-want[k]) > 1e-3 {
				t.Fatalf("%v of %v", legendre(curve, 4), want)
			}
		}
	})
}

// TestCoefficients: equal curves lie at one point, however they are written, and a rate of 0 throughout at 0.
func TestCoefficients(t *testing.T) {
	of := func(fields string) []float64 {
		c, err := run.Preset("small")
		if err == nil {
			err = c.Decode(strings.NewReader(fields))
		}
		curves, err2 := CurvesOf(c)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		return curves.coefficients()
	}
	a, b := of(`{"arch-schedule": "parabolic", "mix": "linear"}`), of(`{"arch-schedule": "power", "arch-param": 2, "mix": "drawn", "mix-points": "0:1,1:0"}`)
	for i := range a {
		if math.Abs(a[i]-b[i]) > 1e-12 {
			t.Fatalf("%v and %v", a, b)
		}
	}
	for i, v := range of(`{"arch-rate": 0}`)[:rateOrders] {
		if v != 0 {
			t.Errorf("coefficient %d of no rate is %v", i, v)
		}
	}
}

// scattered are points, and values that depend on the first two coordinates.
func scattered(n int, noise float64) (points [][]float64, values []float64) {
	rng := rand.New(rand.NewPCG(7, 0))
	for range n {
		x := make([]float64, 3)
		for d := range x {
			x[d] = rng.Float64()*4 - 2
		}
		points, values = append(points, x), append(values, 5+2*math.Sin(x[0])+x[1]+noise*rng.NormFloat64())
	}
	return points, values
}

// TestLoss: the gradient is that of finite differences.
func TestLoss(t *testing.T) {
	points, values := scattered(25, 0.3)
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-1, 1), 5, 5).Draw(t, "logarithms")
		of := func(x []float64) Kernel {
			return Kernel{5, math.Exp(x[3]), math.Exp(x[4]), []float64{math.Exp(x[0]), math.Exp(x[1]), math.Exp(x[2])}}
		}
		got := make([]float64, 5)
		loss(of(x), points, values, got)
		want := fd.Gradient(nil, func(x []float64) float64 { return loss(of(x), points, values, nil) }, x, &fd.Settings{Formula: fd.Central})
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-4*(1+math.Abs(want[i])) {
				t.Fatalf("%v, by differences %v", got, want)
			}
		}
	})
}

// TestFit: what curves change is found, what is chance alone is not, and intervals hold as many values as they say.
func TestFit(t *testing.T) {
	points, values := scattered(80, 0.3)
	f, err := fitted(points, values)
	if err != nil {
		t.Fatal(err)
	}
	if f.Error > 0.5 || !f.Tells() || math.Abs(f.Kernel.Noise-0.3) > 0.1 || f.Kernel.Lengths[2] < 2*f.Kernel.Lengths[0] || f.Width < 0.9 || f.Width > 1.8 {
		t.Errorf("%+v", f)
	}
	p, _ := f.Kernel.see(points, values)
	others, of := scattered(400, 0.3) // of which the first are those that were seen
	within := 0
	for i := len(points); i < len(others); i++ {
		g := p.predict(others[i])
		if g.width = f.Width; g.Interval().Holds(of[i]) {
			within++
		}
	}
	if share := float64(within) / float64(len(others)-len(points)); share < 0.7 || share > 0.9 {
		t.Errorf("intervals of four of five hold %.2f of others", share)
	}
	if g := p.predict([]float64{0, 0, 0}); math.Abs(g.Mean-5) > 0.4 || g.Known < 0.8 {
		t.Errorf("in the middle: %+v", g)
	}
	if g := p.predict([]float64{90, 90, 90}); math.Abs(g.Mean-f.Kernel.Mean) > 1e-9 || g.Known > 1e-9 || g.SD < f.Kernel.Signal {
		t.Errorf("far away: %+v", g)
	}
	rng := rand.New(rand.NewPCG(8, 0))
	for i := range values {
		values[i] = rng.NormFloat64()
	}
	if f, err := fitted(points, values); err != nil || f.Tells() {
		t.Errorf("of chance alone: %+v, %v", f, err)
	}
	clear(values)
	if f, err := fitted(points, values); err != nil || f.Error > 1e-6 || f.Tells() {
		t.Errorf("of one value: %+v, %v", f, err)
	}
}

// made is a map of runs that were not run: their accuracy is a function of their rate.
func made(t testing.TB) Map {
	base, err := run.Preset("small")
	if err != nil {
		t.Fatal(err)
	}
	m := Map{Study: "made", Base: base}
	var points [][]float64
	var values []float64
	check := &Atlas{Map: m}
	genotype, err := darts.ReadGenotype("DARTS_V2")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 24 {
		rate := 0.002 * math.Pow(50, float64(i)/23)
		r := Run{
			Variant: "constant", Genotype: genotype.String(), Epochs: []float64{12, 20}, Values: []float64{30 - 200*rate},
			Set: map[string]jsontext.Value{"arch-rate": jsontext.Value(fmt.Sprint(rate)), "seed": jsontext.Value(fmt.Sprint(i + 1)), "arch-schedule": jsontext.Value(`"const"`)},
		}
		check.Fits = make([]Fit, 1)
		if err := check.add(r); err != nil {
			t.Fatal(err)
		}
		m.Runs, points, values = append(m.Runs, r), check.points, append(values, r.Values[0])
	}
	f, err := fitted(points, values)
	if err != nil {
		t.Fatal(err)
	}
	f.ID = "search"
	m.Fits = []Fit{f}
	return m
}

// TestMap: a map that is written and read predicts what its runs came to, finds the nearest, and says which configurations it is not of.
func TestMap(t *testing.T) {
	var b bytes.Buffer
	if err := made(t).Encode(&b); err != nil {
		t.Fatal(err)
	}
	a, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	c := a.Config(11)
	curves, err := CurvesOf(c)
	if err != nil {
		t.Fatal(err)
	}
	e := a.At(curves)
	if len(e.Outcomes) != 1 || e.Near[0] != 11 || math.Abs(e.Outcomes[0].Mean-a.Runs[11].Values[0]) > 0.5 || e.Outcomes[0].Known < 0.9 || !e.Known {
		t.Fatalf("%+v", e)
	}
	if i := e.Near[1]; i != 10 && i != 12 {
		t.Errorf("the nearest are %v", e.Near[:3])
	}
	for rate, want := range map[float64]bool{0.003: true, 0.09: true, 0.5: false, 0: false} {
		c.ArchRate = rate
		if curves, err := CurvesOf(c); err != nil || a.At(curves).Known != want {
			t.Errorf("at a rate of %v: %+v, %v", rate, a.At(curves).Known, err)
		}
	}
	if fields := a.Differs(c); fields != nil {
		t.Errorf("%v", fields)
	}
	c.Layers, c.Mix, c.Candidates = 8, "linear", 3 // of which the last counts only for random cells
	if fields := a.Differs(c); len(fields) != 1 || fields[0].Name != "layers" {
		t.Errorf("%v", fields)
	}
	c.Epochs = 0
	if _, err := CurvesOf(c); err == nil {
		t.Error("a run of no epochs has curves")
	}
}

// TestBadFiles: what is wrong with a file is named.
func TestBadFiles(t *testing.T) {
	for want, spoil := range map[string]func(*Map){
		"layers is another":    func(m *Map) { m.Runs[3].Set["layers"] = jsontext.Value("8") },
		"arch-rate":            func(m *Map) { m.Runs[3].Set["arch-rate"] = jsontext.Value("-1") },
		"2 outcomes of 1":      func(m *Map) { m.Runs[3].Values = []float64{1, 2} },
		"how they are trained": func(m *Map) { m.Fits[0].ID = "trained" },
		"no outcome":           func(m *Map) { m.Fits = nil; spoilValues(m) },
		`outcome "x" is none`:  func(m *Map) { m.Fits[0].ID = "x" },
		"its kernel is none":   func(m *Map) { m.Fits[0].Kernel.Lengths = []float64{1} },
		"1 runs":               func(m *Map) { m.Runs = m.Runs[:1] },
		"genotype":             func(m *Map) { m.Runs[3].Genotype = "x" },
		"fits no runs":         func(m *Map) { m.Fits[0].Kernel.Noise, m.Fits[0].Kernel.Signal = 0, 0 },
	} {
		m := made(t)
		spoil(&m)
		var b bytes.Buffer
		if err := m.Encode(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(&b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestJoin: a map of others' runs has the runs of both, those of both once, whatever their bases are; what they differ in is named.
func TestJoin(t *testing.T) {
	m := made(t)
	few, rest := m, m
	few.Runs, rest.Runs = m.Runs[:15], slices.Clone(m.Runs[10:])
	rest.Base.ArchRate, rest.Base.Mix = 0.07, "linear"
	for i, r := range rest.Runs {
		rest.Runs[i].Set = maps.Clone(r.Set)
		rest.Runs[i].Set["mix"] = jsontext.Value(`"` + m.Base.Mix + `"`)
	}
	both, err := few.Join(rest)
	if err != nil {
		t.Fatal(err)
	}
	if err := both.Fit(func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	var got, want bytes.Buffer
	if err := errors.Join(both.Encode(&got), m.Encode(&want)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Errorf("%s\nnot\n%s", got.Bytes(), want.Bytes())
	}
	train, err := run.Preset("small")
	if err != nil {
		t.Fatal(err)
	}
	for says, spoil := range map[string]func(*Map){
		"layers is 8, and in others 5": func(m *Map) { m.Base.Layers = 8 },
		"its cells are trained":        func(m *Map) { m.Train = &train },
	} {
		other := rest
		spoil(&other)
		if _, err := few.Join(other); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, not %q", err, says)
		}
	}
}

func spoilValues(m *Map) {
	for i := range m.Runs {
		m.Runs[i].Values = nil
	}
}

func FuzzRead(f *testing.F) {
	m := made(f)
	m.Runs = m.Runs[:3]
	var b bytes.Buffer
	if err := m.Encode(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := Read(bytes.NewReader(raw))
		if err != nil {
			return
		}
		curves, err := CurvesOf(a.Config(0))
		if err != nil {
			t.Fatalf("a run of the map has no curves: %v", err)
		}
		a.At(curves)
	})
}

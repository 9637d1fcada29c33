package sched

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s = %v, want %v within %v", what, got, want, within)
	}
}

func valid(t *testing.T, v interface{ Validate() error }) {
	t.Helper()
	if err := v.Validate(); err != nil {
		t.Fatalf("%+v: %v", v, err)
	}
}

var bbn = Ties{Mix: Mix{Family: "parabolic", Epochs: 100}, Weights: darts(100)}

// trapezoid integrates m as a reader would by hand, from Factor alone: each epoch's steps are
// the grid, apart from Integral's own way.
func trapezoid(a Arch, ties Ties) (sum float64) {
	const epochs, steps = 100, 100
	a.Epochs, a.PerStep, a.EqualArea = epochs, true, false
	at := func(i int) float64 {
		u := float64(i) / (epochs * steps)
		c := Context{Mix: ties.Mix.line()(u), WeightRatio: ties.Weights.Ratio(u)}
		return a.Factor(i/steps, i%steps, steps, c)
	}
	for i := range epochs * steps {
		sum += (at(i) + at(i+1)) / 2 / (epochs * steps)
	}
	return sum
}

func TestFamilies(t *testing.T) {
	for _, c := range []struct {
		family   string
		param    float64
		integral float64
		m        [5]float64 // at u = 0, .25, .5, .75, .98
	}{
		{"const", 0, 1, [5]float64{1, 1, 1, 1, 1}},
		{"parabolic", 0, 2. / 3, [5]float64{1, .9375, .75, .4375, .0396}},
		{"power", 0, 2. / 3, [5]float64{1, .9375, .75, .4375, .0396}},
		{"power", 3, 3. / 4, [5]float64{1, .984, .875, .578, .0588}},
		{"linear", 0, .5, [5]float64{1, .75, .5, .25, .02}},
		{"polynomial", 0, 1. / 3, [5]float64{1, .5625, .25, .0625, .0004}},
		{"polynomial", 3, 1. / 4, [5]float64{1, .421875, .125, .015625, .000008}},
		{"cosine", 0, .5, [5]float64{1, .8536, .5, .1464, .00099}},
		{"quarter-cosine", 0, .6366, [5]float64{1, .9239, .7071, .3827, .0314}},
		{"exponential", 0, (1 - math.Exp(-5)) / 5, [5]float64{1, .2865, .0821, .0235, .0074}},
		{"step", 0, .5 + .03 + .002, [5]float64{1, 1, .1, .1, .01}},
		{"freeze-after", 0, .6, [5]float64{1, 1, 1, 0, 0}},
		{"freeze-after", 30, .3, [5]float64{1, 1, 0, 0, 0}},
		{"increasing", 0, .5, [5]float64{0, .25, .5, .75, .98}},
		{"mixing-tied", 0, 2. / 3, [5]float64{1, .9375, .75, .4375, .0396}},
		{"mixing-tied-product", 0, 8. / 15, [5]float64{0, .234375, .75, .984375, .15212736}},
		{"mixing-tied-max", 0, .80474, [5]float64{1, .9375, .75, .5625, .9604}},
		{"w-tied", 0, .52, [5]float64{1, .8594, .52, .1806, .04095}},
		{"reverse-tied", 0, 1. / 3, [5]float64{0, .0625, .25, .5625, .9604}},
		{"drawn", 0, .5, [5]float64{1, .75, .5, .25, .02}},
	} {
		a := Arch{Family: c.family, Param: c.param, Epochs: 100, Points: []Point{{0, 1}, {1, 0}}}
		valid(t, a)
		for i, e := range []int{0, 25, 50, 75, 98} {
			within := 5e-5
			switch {
			case c.family == "power" && c.param == 3:
				within = 5e-4 // given to three places
			case c.family == "cosine" && e == 98:
				within = 5e-6
			}
			near(t, c.family, a.Factor(e, 0, 1, bbn.Context(e)), c.m[i], within)
		}
		got := a.Integral(bbn)
		near(t, c.family+" integral by trapezoid", got, trapezoid(a, bbn), 1e-3)
		near(t, c.family+" integral", got, c.integral, 1e-4)
	}
	if len(Families) != 17 || len(Mixes) != 12 {
		t.Errorf("%d families and %d mixes", len(Families), len(Mixes))
	}
}

func TestStepDefaultsAtFiftyEpochs(t *testing.T) {
	step, freeze := Arch{Family: "step", Epochs: 50}, Arch{Family: "freeze-after", Epochs: 50}
	for e, want := range map[int]float64{24: 1, 25: .1, 39: .1, 40: .01, 49: .01} {
		near(t, "step", step.Factor(e, 0, 1, Context{}), want, 1e-15)
	}
	for e, want := range map[int]float64{0: 1, 29: 1, 30: 0, 49: 0} {
		near(t, "freeze-after", freeze.Factor(e, 0, 1, Context{}), want, 0)
	}
	step.Milestones, step.Param = []float64{10}, .5
	for e, want := range map[int]float64{9: 1, 10: .5, 40: .5} {
		near(t, "step", step.Factor(e, 0, 1, Context{}), want, 0)
	}
}

// darts is the weights' rate of DARTS.
func darts(epochs int) Weights {
	return Weights{Family: "cosine", Peak: 0.025, Floor: 0.001, Epochs: epochs}
}

// TestWeights: LDAM's recipe (cifar_train.py): five epochs of warm-up, and a hundredth from epochs 160 and 180 on, of 200.
func TestWeights(t *testing.T) {
	w := Weights{Family: "step", Param: 0.01, Milestones: []float64{160, 180}, Peak: 0.1, Warmup: 5, Epochs: 200}
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	for e, want := range map[int]float64{0: 0.02, 1: 0.04, 4: 0.1, 5: 0.1, 159: 0.1, 160: 1e-3, 179: 1e-3, 180: 1e-5, 199: 1e-5} {
		near(t, "rate", w.At(e), want, 1e-12)
	}
	cosine := Weights{Family: "cosine", Peak: 0.1, Warmup: 10, Epochs: 110}
	for e, want := range map[int]float64{0: 0.01, 9: 0.1, 10: 0.1, 60: 0.05} {
		near(t, "rate", cosine.At(e), want, 1e-12)
		near(t, "ratio", cosine.Ratio(float64(e)/110), want/0.1, 1e-12)
	}
	for field, w := range map[string]Weights{
		"rate-min": {Family: "cosine", Peak: 0.1, Floor: 0.2, Epochs: 9}, "rate-schedule": {Family: "w-tied", Epochs: 9},
		"rate-warmup": {Family: "const", Warmup: 9, Epochs: 9}, "rate-milestones": {Family: "step", Milestones: []float64{5, 4}, Epochs: 9},
		"rate-param": {Family: "step", Param: 2, Epochs: 9}, "epochs": {Family: "const"},
	} {
		if at, ok := errors.AsType[FieldError](w.Validate()); !ok || at.Field != field {
			t.Errorf("%s: %v", field, at)
		}
	}
}

func TestCosine(t *testing.T) {
	for e, want := range map[int]float64{0: .025, 25: .013, 49: .00102368} {
		near(t, "η_w", darts(50).At(e), want, 5e-9)
	}
}

// BBN counts epochs from 1.
func TestMixingOfBBN(t *testing.T) {
	for _, c := range []struct {
		epoch, epochs int
		want          float64
	}{{1, 50, 1}, {26, 50, .75}, {50, 50, .0396}, {200, 200, .009975}} {
		near(t, "a", Mix{Family: "parabolic", Epochs: c.epochs}.At(c.epoch-1, nil), c.want, 1e-12)
	}
}

func TestMixes(t *testing.T) {
	for _, c := range []struct {
		family string
		param  float64
		a      [5]float64 // at u = 0, .25, .5, .75, .98
	}{
		{"equal", 0, [5]float64{.5, .5, .5, .5, .5}},
		{"parabolic", 0, [5]float64{1, .9375, .75, .4375, .0396}},
		{"linear", 0, [5]float64{1, .75, .5, .25, .02}},
		{"half-cosine", 0, [5]float64{1, .8536, .5, .1464, .00099}},
		{"smooth-step", 0, [5]float64{1, .84375, .5, .15625, .001184}},
		{"quarter-cosine", 0, [5]float64{1, .9239, .7071, .3827, .0314}},
		{"increment", 0, [5]float64{0, .0625, .25, .5625, .9604}},
		{"mirror", 0, [5]float64{1, .625, .5, .625, .9608}},
		{"mirror", 1, [5]float64{1, .25, 0, .25, .9216}},
		{"beta", 0, [5]float64{.5, .5, .5, .5, .5}},
		{"stages", 0, [5]float64{1, 1, 1, 0, 0}},
		{"clipped", 0, [5]float64{1, .9375, .75, .4375, .1}},
		{"drawn", 0, [5]float64{1, .75, .5, .25, .02}},
	} {
		m := Mix{Family: c.family, Param: c.param, Epochs: 100, Points: []Point{{0, 1}, {1, 0}}}
		valid(t, m)
		for i, e := range []int{0, 25, 50, 75, 98} {
			near(t, c.family, m.At(e, nil), c.a[i], 5e-5)
			near(t, c.family+" sampled", m.Sample()[e], m.At(e, nil), 0)
		}
	}
	stages := Mix{Family: "stages", Epochs: 200}
	if stages.At(120, nil) != 1 || stages.At(121, nil) != 0 {
		t.Error("stages does not part at u = 0.6")
	}
}

// Each family is symmetric in just the senses its table claims.
func TestSymmetries(t *testing.T) {
	const n = 100
	holds := func(id string, f func(a, mirrored float64) float64) bool {
		m := Mix{Family: id, Epochs: n, Points: []Point{{0, 1}, {.3, .2}, {1, 0}}}
		for e := range n + 1 {
			if math.Abs(f(m.At(e, nil), m.At(n-e, nil))) > 1e-12 {
				return false
			}
		}
		return true
	}
	point := map[string]bool{"equal": true, "linear": true, "half-cosine": true, "smooth-step": true, "beta": true}
	time := map[string]bool{"equal": true, "mirror": true, "beta": true}
	heads := map[string]bool{"equal": true, "beta": true} // beta by its mean
	for _, f := range Mixes {
		if got := holds(f.ID, func(a, b float64) float64 { return a + b - 1 }); got != point[f.ID] {
			t.Errorf("%s: a(1−u) = 1−a(u) is %v", f.ID, got)
		}
		if got := holds(f.ID, func(a, b float64) float64 { return a - b }); got != time[f.ID] {
			t.Errorf("%s: a(u) = a(1−u) is %v", f.ID, got)
		}
		if got := holds(f.ID, func(a, _ float64) float64 { return a - 0.5 }); got != heads[f.ID] {
			t.Errorf("%s: a = 1/2 is %v", f.ID, got)
		}
	}
	for e := range n + 1 { // the increment is a decay, run backwards
		near(t, "increment", Mix{Family: "increment", Epochs: n}.At(n-e, nil),
			Arch{Family: "polynomial", Epochs: n}.Factor(e, 0, 1, Context{}), 1e-12)
	}
}

func TestBeta(t *testing.T) {
	const n = 200000
	for _, b := range []float64{0.05, 0.2, 1} {
		m := Mix{Family: "beta", Param: b, Epochs: 50}
		src, again := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(1, 2))
		var mean, square, product, largest float64
		low, high := 0, 0
		for range n {
			a := m.At(3, src)
			if a != m.At(3, again) {
				t.Fatal("the same source gives other draws")
			}
			if !(a >= 0 && a <= 1) {
				t.Fatalf("a = %v", a)
			}
			mean, square = mean+a/n, square+(a-.5)*(a-.5)/n
			product, largest = product+4*a*(1-a)/n, largest+max(a, 1-a)/n
			if a < .1 {
				low++
			} else if a > .9 {
				high++
			}
		}
		near(t, "mean", mean, .5, .005)
		near(t, "variance", square, 1/(4*(2*b+1)), .003)
		near(t, "tails", float64(low-high)/n, 0, .006)

		// Tied families spend the expectation.
		ties := Ties{Mix: m, Weights: Weights{Family: "cosine", Peak: 1, Epochs: m.Epochs}}
		got := Arch{Family: "mixing-tied-product", Epochs: 50}.Integral(ties)
		near(t, "E 4a(1−a)", got, 2*b/(2*b+1), 1e-6)
		near(t, "E 4a(1−a) by draws", got, product, .005)
		near(t, "E max(a, 1−a)", Arch{Family: "mixing-tied-max", Epochs: 50}.Integral(ties), largest, .003)
	}
}

package sched

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestErrorsNameTheFlag(t *testing.T) {
	nan := math.NaN()
	zero := []Point{{0, 0}, {1, 0}}
	for _, c := range []struct {
		v    interface{ Validate() error }
		want []string // in the error; none if there is none
	}{
		{Arch{Family: "cosine", Epochs: 50, Param: 99, Points: zero}, nil}, // ignores what it does not use
		{Arch{Family: "drawn", Epochs: 50, Points: zero}, nil},
		{Arch{Family: "cosin", Epochs: 50}, []string{"arch-schedule: ", `"cosin"`, "const, parabolic", "drawn"}},
		{Arch{Family: "cosine"}, []string{"epochs: ", "1 or more"}},
		{Arch{Family: "power", Epochs: 50, Param: 99}, []string{"arch-param: 99", "power", "a p from 0.1 to 10"}},
		{Arch{Family: "power", Epochs: 50, Param: nan}, []string{"arch-param: "}},
		{Arch{Family: "freeze-after", Epochs: 50, Param: 51}, []string{"arch-param: ", "50 or fewer"}},
		{Arch{Family: "linear", Epochs: 50, Floor: 2}, []string{"arch-floor: ", "0 to 1"}},
		{Arch{Family: "linear", Epochs: 50, Floor: nan}, []string{"arch-floor: "}},
		{Arch{Family: "linear", Epochs: 50, Warmup: 50}, []string{"arch-warmup: ", "fewer than 50"}},
		{Arch{Family: "linear", Epochs: 50, Warmup: nan}, []string{"arch-warmup: "}},
		{Arch{Family: "step", Epochs: 50, Milestones: []float64{30, 20}}, []string{"arch-milestones: 20", "rise"}},
		{Arch{Family: "step", Epochs: 50, Milestones: []float64{50}}, []string{"arch-milestones: 50", "below 50"}},
		{Arch{Family: "drawn", Epochs: 50}, []string{"arch-points: ", "at least 2"}},
		{Arch{Family: "drawn", Epochs: 50, Points: zero, EqualArea: true}, []string{"arch-equal: ", "arch-points"}},
		{Arch{Family: "freeze-after", Epochs: 50, Param: 9, Warmup: 9, EqualArea: true}, []string{"arch-equal: ", "arch-warmup"}},
		{Mix{Family: "parabolic", Epochs: 50}, nil},
		{Mix{Family: "bbn", Epochs: 50}, []string{"mix: ", `"bbn"`, "equal, parabolic"}},
		{Mix{Family: "equal"}, []string{"epochs: "}},
		{Mix{Family: "mirror", Epochs: 50, Param: 1.5}, []string{"mix-param: 1.5", "a κ from 0.01 to 1"}},
		{Mix{Family: "drawn", Epochs: 50, Points: []Point{{0, 1}, {0, 0}}}, []string{"mix-points: 0:0 does not come after 0:1"}},
	} {
		err := c.v.Validate()
		if (err == nil) != (c.want == nil) {
			t.Errorf("%+v: %v", c.v, err)
			continue
		}
		for i, part := range c.want {
			if at := strings.Index(err.Error(), part); at < 0 || i == 0 && at > 0 {
				t.Errorf("%+v: %q lacks %q", c.v, err, part)
			}
		}
	}
}

func TestParsePoints(t *testing.T) {
	got, err := ParsePoints(" 0:1, 0.5 : 0.8,1:0")
	if want := []Point{{0, 1}, {0.5, 0.8}, {1, 0}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if text := FormatPoints(got); text != "0:1,0.5:0.8,1:0" {
		t.Error(text)
	}
	for text, want := range map[string]string{
		"":            "no points",
		"0:1":         "at least 2",
		"0:1,1":       `"1" is not u:value`,
		"0:1,a:0":     `"a:0" is not u:value`,
		"0:1,":        `"" is not u:value`,
		"0:1,2:0":     "outside the run",
		"0:1,NaN:0":   "outside the run",
		"0:1,1:1.5":   "out of range",
		"0:1,1:NaN":   "out of range",
		"0:1,0:0":     "rising",
		"0.5:1,0.2:0": "rising",
	} {
		if points, err := ParsePoints(text); points != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v", text, points, err)
		}
	}
}

func TestModifiers(t *testing.T) {
	linear := Arch{Family: "linear", Epochs: 50, Warmup: 10}
	for e, want := range map[int]float64{0: 0, 9: 0, 10: 1, 30: .5, 49: .025} {
		near(t, "after a wait", linear.Factor(e, 0, 1, Context{}), want, 1e-12)
	}
	linear.Ramp, linear.Floor = true, .2
	for e, want := range map[int]float64{0: 0, 5: .5, 10: 1, 30: .6, 49: .22} {
		near(t, "after a ramp", linear.Factor(e, 0, 1, Context{}), want, 1e-12)
	}
	near(t, "integral", linear.Integral(Ties{}), .1+.8*.6, 1e-12)

	// Epochs of step and freeze-after are the run's, also behind a warm-up.
	freeze := Arch{Family: "freeze-after", Param: 30, Epochs: 50, Warmup: 10}
	near(t, "integral", freeze.Integral(Ties{}), .4, 1e-12)

	tied := Arch{Family: "mixing-tied", Epochs: 50, Warmup: 10}
	near(t, "tied in a wait", tied.Factor(9, 0, 1, Context{Mix: .7}), 0, 0)
	near(t, "tied", tied.Factor(10, 0, 1, Context{Mix: .7}), .7, 0)

	moving := Arch{Family: "linear", Epochs: 50, PerStep: true}
	near(t, "per step", moving.Factor(10, 50, 100, Context{}), 1-10.5/50, 1e-12)
}

func TestTiedEqualAreaNeedsArea(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a tied schedule invented its area")
		}
	}()
	Arch{Family: "mixing-tied", Epochs: 50, EqualArea: true}.Factor(1, 0, 1, Context{Mix: .7})
}

func TestFewAllocations(t *testing.T) {
	for _, id := range []string{"parabolic", "cosine", "mixing-tied", "step"} {
		a := Arch{Family: id, Epochs: 50, Milestones: []float64{25}}
		if n := testing.AllocsPerRun(100, func() { a.Factor(7, 3, 10, Context{Mix: .5}) }); n > 4 {
			t.Errorf("%s allocates %v times", id, n)
		}
	}
}

package sched

import (
	"fmt"
	"math"
	"strings"
)

// Family is a curve to choose by its ID.
type Family struct {
	ID      string
	Formula string // in plain text
	Note    string
	Param   Param // with an empty name where the family has none

	// Exactly one of these says how the family moves; none of them means it is drawn.
	curve func(p, u float64) float64                                // by the share u of its time
	falls func(a Arch, p float64) (epochs []float64, gamma float64) // by the factor gamma at each epoch
	tie   func(Context) float64                                     // as another schedule does

	area func(p float64) float64 // the integral of curve over u
}

// Param is the one parameter of a family.
type Param struct {
	Name              string
	Default, Min, Max float64
	Unit              string
}

// Find looks a family up in Families or Mixes.
func Find(families []Family, id string) (Family, bool) {
	for _, f := range families {
		if f.ID == id {
			return f, true
		}
	}
	return Family{}, false
}

// mustFind serves configurations that Validate has passed.
func mustFind(families []Family, id string) Family {
	f, ok := Find(families, id)
	if !ok {
		panic(fmt.Sprintf("sched: no family %q; call Validate first", id))
	}
	return f
}

// or is the parameter's value, or its default for 0.
func (p Param) or(value float64) float64 {
	if value == 0 {
		return p.Default
	}
	return value
}

// line is the family's curve over u, kept within 0..1 against rounding.
func (f Family) line(p float64, points []Point) func(u float64) float64 {
	if f.curve == nil {
		return join(points)
	}
	return func(u float64) float64 { return unit(f.curve(p, unit(u))) }
}

// FieldError is what is wrong with one field of a configuration, known by its flag's name.
type FieldError struct {
	Field string
	Err   error
}

func (e FieldError) Error() string { return e.Field + ": " + e.Err.Error() }
func (e FieldError) Unwrap() error { return e.Err }

func fault(field, format string, args ...any) error {
	return FieldError{field, fmt.Errorf(format, args...)}
}

// check names the flag at fault: flag itself or flag's own parameter or points.
func check(families []Family, flag, prefix, id string, param float64, points []Point) (Family, error) {
	f, ok := Find(families, id)
	if !ok {
		ids := make([]string, len(families))
		for i, known := range families {
			ids[i] = known.ID
		}
		return f, fault(flag, "%q is not a family; choose one of %s", id, strings.Join(ids, ", "))
	}
	// Written so that NaN fails too.
	if p := f.Param; p.Name != "" && param != 0 && !(param >= p.Min && param <= p.Max) {
		return f, fault(prefix+"-param", "%v is out of range for %s; give a %s from %v to %v, or 0 for its default",
			param, id, p.Name, p.Min, p.Max)
	}
	if id == drawn {
		if err := checkPoints(points); err != nil {
			return f, FieldError{prefix + "-points", err}
		}
	}
	return f, nil
}

func checkEpochs(epochs int) error {
	if epochs < 1 {
		return fault("epochs", "%d is too few; give 1 or more", epochs)
	}
	return nil
}

const (
	drawn = "drawn"
	wTied = "w-tied"
)

// Families are the schedules of the architecture rate; each is 0..1 at every u in 0..1.
var Families = []Family{
	{
		ID: "const", Formula: "m = 1", Note: "DARTS's own rate: the baseline.",
		curve: func(_, _ float64) float64 { return 1 },
		area:  func(float64) float64 { return 1 },
	},
	{
		ID: "parabolic", Formula: "m = 1 − u²",
		Note:  "BBN's curve for its mixing factor, lent to the architecture rate: the default here, an inference.",
		curve: func(_, u float64) float64 { return 1 - u*u },
		area:  func(float64) float64 { return 2. / 3 },
	},
	{
		ID: "power", Formula: "m = 1 − u^p", Note: "Stays near the peak longer as p grows.",
		Param: Param{Name: "p", Default: 2, Min: 0.1, Max: 10},
		curve: func(p, u float64) float64 { return 1 - math.Pow(u, p) },
		area:  func(p float64) float64 { return p / (p + 1) },
	},
	{
		ID: "linear", Formula: "m = 1 − u", Note: "Falls evenly.",
		curve: func(_, u float64) float64 { return 1 - u },
		area:  func(float64) float64 { return 1. / 2 },
	},
	{
		ID: "polynomial", Formula: "m = (1 − u)^p", Note: "Falls early, then flattens as p grows.",
		Param: Param{Name: "p", Default: 2, Min: 0.1, Max: 10},
		curve: func(p, u float64) float64 { return math.Pow(1-u, p) },
		area:  func(p float64) float64 { return 1 / (p + 1) },
	},
	{
		ID: "cosine", Formula: "m = (1 + cos πu)/2", Note: "The shape of the weight rate, down to 0.",
		curve: func(_, u float64) float64 { return halfCosine(u) },
		area:  func(float64) float64 { return 1. / 2 },
	},
	{
		ID: "quarter-cosine", Formula: "m = cos(πu/2)", Note: "What BBN's code calls cosine decay.",
		curve: func(_, u float64) float64 { return quarterCosine(u) },
		area:  func(float64) float64 { return 2 / math.Pi },
	},
	{
		ID: "exponential", Formula: "m = exp(−k·u)", Note: "Falls by the same ratio each epoch; never quite 0.",
		Param: Param{Name: "k", Default: 5, Min: 0.1, Max: 20},
		curve: func(k, u float64) float64 { return math.Exp2(-k * u * math.Log2E) },
		area:  func(k float64) float64 { return -math.Expm1(-k) / k },
	},
	{
		ID: "step", Formula: "m = γ^(milestones passed)",
		Note:  "Falls at the milestones, which are epochs of the run; at 1/2 and 4/5 of it if none are given.",
		Param: Param{Name: "γ", Default: 0.1, Min: 0.001, Max: 1},
		falls: func(a Arch, gamma float64) ([]float64, float64) {
			if len(a.Milestones) > 0 {
				return a.Milestones, gamma
			}
			t := float64(a.Epochs)
			return []float64{t / 2, t * 4 / 5}, gamma
		},
	},
	{
		ID: "freeze-after", Formula: "m = 1 if e < E_f, else 0",
		Note:  "Leaves the architecture as it is from epoch E_f of the run; after 3/5 of it by default, 30 of 50.",
		Param: Param{Name: "E_f", Default: 30, Min: 1, Max: 1000, Unit: "epochs"},
		falls: func(a Arch, _ float64) ([]float64, float64) {
			if a.Param == 0 { // 30 epochs would never come in a shorter run
				return []float64{float64(a.Epochs) * 3 / 5}, 0
			}
			return []float64{a.Param}, 0
		},
	},
	{
		ID: "increasing", Formula: "m = u^β", Note: "A control: grows with the epoch, against the purpose of a decay.",
		Param: Param{Name: "β", Default: 1, Min: 0.1, Max: 10},
		curve: func(b, u float64) float64 { return math.Pow(u, b) },
		area:  func(b float64) float64 { return 1 / (b + 1) },
	},
	{
		ID: "mixing-tied", Formula: "m = a", Note: "Follows the mixing factor: slows as the re-balancing branch takes over.",
		tie: func(c Context) float64 { return c.Mix },
	},
	{
		ID: "mixing-tied-product", Formula: "m = 4a(1 − a)", Note: "Fastest while both branches count alike.",
		tie: func(c Context) float64 { return 4 * c.Mix * (1 - c.Mix) },
	},
	{
		ID: "mixing-tied-max", Formula: "m = max(a, 1 − a)", Note: "Slowest while both branches count alike.",
		tie: func(c Context) float64 { return max(c.Mix, 1-c.Mix) },
	},
	{
		ID: wTied, Formula: "m = η_w(e)/η_w(0)", Note: "Follows the weight rate: homogeneous, for comparison.",
		tie: func(c Context) float64 { return c.WeightRatio },
	},
	{
		ID: "reverse-tied", Formula: "m = 1 − a", Note: "A control: the architecture moves as the re-balancing branch takes over.",
		tie: func(c Context) float64 { return 1 - c.Mix },
	},
	{ID: drawn, Formula: "m through points u:m", Note: "Control points joined by monotone cubics; held level outside them."},
}

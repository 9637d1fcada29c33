package atlas

import (
	"math"
	"slices"

	"hlrslab/core/run"
)

// The orders of Legendre polynomials by which a curve is described, and the rate under which differences of rates hardly count.
const (
	rateOrders = 3
	mixOrders  = 2
	smallRate  = 0.01
)

// fields are those that make the two curves.
var fields = []string{
	"arch-schedule", "arch-param", "arch-milestones", "arch-points", "arch-rate", "arch-floor", "arch-warmup", "arch-ramp", "arch-per-step",
	"arch-equal", "mix", "mix-param", "mix-points",
}

// own says whether a field is one that a map's runs may differ in: the curves', and seeds, by which a run is one of many alike.
func own(f run.Field) bool { return seed(f) || slices.Contains(fields, f.Name) }

func seed(f run.Field) bool { return f.Group == "seeds" }

// Curves are the architecture's rate and the mixing factor, a value of each for each epoch.
type Curves struct{ Rate, Mix []float64 }

// CurvesOf are those of a configuration.
func CurvesOf(c run.Config) (curves Curves, err error) {
	s, err := c.Schedules()
	if err == nil {
		err = s.Validate()
	}
	if err != nil {
		return curves, err
	}
	curves = Curves{s.Arch.Sample(s.Ties()), s.Mix.Sample()}
	for e := range curves.Rate {
		curves.Rate[e] *= c.ArchRate
	}
	return curves, nil
}

// coefficients describe the curves: those of Legendre polynomials over the epochs, first of ln(1 + rate/0.01), then of the mixing factor.
func (c Curves) coefficients() []float64 {
	rate := make([]float64, len(c.Rate))
	for e, r := range c.Rate {
		rate[e] = math.Log1p(r / smallRate)
	}
	return append(legendre(rate, rateOrders), legendre(c.Mix, mixOrders)...)
}

// legendre are the first coefficients of a curve in Legendre polynomials, orthogonal over its values' middles.
func legendre(curve []float64, orders int) []float64 {
	out := make([]float64, orders)
	for e, v := range curve {
		x := (2*float64(e)+1)/float64(len(curve)) - 1
		before, p := 0.0, 1.0
		for k := range out {
			out[k] += float64(2*k+1) / float64(len(curve)) * v * p
			before, p = p, (float64(2*k+1)*x*p-float64(k)*before)/float64(k+1) // Bonnet's recursion
		}
	}
	return out
}

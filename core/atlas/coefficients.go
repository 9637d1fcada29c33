package atlas

import (
	"math"
	"slices"

	"hlrslab/core/run"
)

// The orders of Legendre polynomials by which a curve is described, and the rate under which differences of rates hardly count.
const (
	rateOrders = 4
	mixOrders  = 3
	smallRate  = 0.003
)

// curves are the fields that make the two curves.
var curves = []string{
	"arch-schedule", "arch-param", "arch-milestones", "arch-points", "arch-rate", "arch-floor", "arch-warmup", "arch-ramp", "arch-per-step",
	"arch-equal", "mix", "mix-param", "mix-points",
}

// own says whether a field is one that a map's runs may differ in: the curves', and seeds, by which a run is one of many alike.
func own(f run.Field) bool { return f.Group == "seeds" || slices.Contains(curves, f.Name) }

// coefficients describe the curves of a configuration: those of Legendre polynomials over the epochs, first of ln(1 + rate/0.003) of the
// architecture rate, then of the mixing factor.
func coefficients(c run.Config) ([]float64, error) {
	s, err := c.Schedules()
	if err == nil {
		err = s.Validate()
	}
	if err != nil {
		return nil, err
	}
	rate := s.Arch.Sample(s.Ties())
	for e, m := range rate {
		rate[e] = math.Log1p(m * c.ArchRate / smallRate)
	}
	return append(legendre(rate, rateOrders), legendre(s.Mix.Sample(), mixOrders)...), nil
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

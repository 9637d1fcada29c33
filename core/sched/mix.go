package sched

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/integrate"
)

// Mix is a schedule of the mixing factor a, the weight of BBN's conventional branch; the
// re-balancing branch has 1−a.
type Mix struct {
	Family string
	Param  float64 // the family's parameter; 0 takes its default
	Points []Point // of drawn
	Epochs int     // T
}

const beta = "beta"

// Mixes are the families of the mixing factor.
var Mixes = []Family{
	{
		ID: "equal", Formula: "a = 1/2", Note: "The branches count alike throughout.",
		curve: func(_, _ float64) float64 { return 0.5 },
	},
	{
		ID: "parabolic", Formula: "a = 1 − u²", Note: "BBN's cumulative learning.",
		curve: func(_, u float64) float64 { return 1 - u*u },
	},
	{
		ID: "linear", Formula: "a = 1 − u", Note: "Symmetric about the middle: a(1−u) = 1−a(u).",
		curve: func(_, u float64) float64 { return 1 - u },
	},
	{
		ID: "half-cosine", Formula: "a = (1 + cos πu)/2", Note: "Symmetric about the middle, with level ends.",
		curve: func(_, u float64) float64 { return halfCosine(u) },
	},
	{
		ID: "smooth-step", Formula: "a = 1 − (3u² − 2u³)", Note: "Symmetric about the middle, with level ends.",
		curve: func(_, u float64) float64 { return 1 - u*u*(3-2*u) },
	},
	{
		ID: "quarter-cosine", Formula: "a = cos(πu/2)", Note: "What BBN's code calls cosine decay.",
		curve: func(_, u float64) float64 { return quarterCosine(u) },
	},
	{
		ID: "increment", Formula: "a = u²", Note: "From the re-balancing branch to the conventional one.",
		curve: func(_, u float64) float64 { return u * u },
	},
	{
		ID: "mirror", Formula: "a = 1 − 4κu(1 − u)", Note: "There and back, symmetric in time: dips by κ at the middle.",
		Param: Param{Name: "κ", Default: 0.5, Min: 0.01, Max: 1},
		curve: func(k, u float64) float64 { return 1 - 4*k*u*(1-u) },
	},
	{
		ID: beta, Formula: "a ~ Beta(b, b)", Note: "Random for each batch, 1/2 on average; most often near 0 or 1 for a small b.",
		Param: Param{Name: "b", Default: 0.2, Min: 0.05, Max: 1},
		curve: func(_, _ float64) float64 { return 0.5 },
	},
	{
		ID: "stages", Formula: "a = 1 if u ≤ s, else 0", Note: "One branch, then the other.",
		Param: Param{Name: "s", Default: 0.6, Min: 0.01, Max: 1},
		curve: func(s, u float64) float64 {
			if u <= s {
				return 1
			}
			return 0
		},
	},
	{
		ID: "clipped", Formula: "a = max(a_min, 1 − u²)", Note: "BBN's curve, but both branches stay alive.",
		Param: Param{Name: "a_min", Default: 0.1, Min: 0.01, Max: 1},
		curve: func(least, u float64) float64 { return max(least, 1-u*u) },
	},
	{ID: drawn, Formula: "a through points u:a", Note: "Control points joined by monotone cubics; held level outside them."},
}

// Validate returns nil if the schedule can be run; otherwise a FieldError names the flag at fault.
func (m Mix) Validate() error {
	if err := checkEpochs(m.Epochs); err != nil {
		return err
	}
	_, err := check(Mixes, "mix", "mix", m.Family, m.Param, m.Points)
	return err
}

// At is a at an epoch (from 0), in 0..1. Only beta draws from src, anew at each call; without src
// it gives the mean.
func (m Mix) At(epoch int, src *rand.Rand) float64 {
	if m.Family == beta && src != nil {
		return Beta(mustFind(Mixes, beta).Param.or(m.Param), src)
	}
	return m.line()(float64(epoch) / float64(m.Epochs))
}

// Sample is a at each epoch, for drawing; the mean where it is random.
func (m Mix) Sample() []float64 {
	out, line := make([]float64, m.Epochs), m.line()
	for e := range out {
		out[e] = line(float64(e) / float64(m.Epochs))
	}
	return out
}

func (m Mix) line() func(u float64) float64 {
	f := mustFind(Mixes, m.Family)
	return f.line(f.Param.or(m.Param), m.Points)
}

// Beta draws from Beta(b, b) by Jöhnk's method, which suits b ≤ 1.
func Beta(b float64, src *rand.Rand) float64 {
	for {
		x, y := math.Pow(src.Float64(), 1/b), math.Pow(src.Float64(), 1/b)
		if sum := x + y; sum > 0 && sum <= 1 {
			return x / sum
		}
	}
}

// expect is the mean of f over Beta(b, b). With a = s^(1/b)/2 in the lower half the density's pole
// at 0 is gone; the upper half is its mirror image.
func expect(b float64, f func(a float64) float64) float64 {
	const n = 512
	s, weight, value := make([]float64, n+1), make([]float64, n+1), make([]float64, n+1)
	for i := range s {
		s[i] = float64(i) / n
		a := math.Pow(s[i], 1/b) / 2
		weight[i] = math.Pow(1-a, b-1)
		value[i] = weight[i] * (f(a) + f(1-a)) / 2
	}
	return integrate.Simpsons(s, value) / integrate.Simpsons(s, weight)
}

package study

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is made so that it holds the true value with a probability that is given beside it.
type Interval struct{ Low, High float64 }

// Holds says whether v lies within.
func (i Interval) Holds(v float64) bool { return i.Low <= v && v <= i.High }

// Difference is by how much values differ from others of the same seeds.
type Difference struct {
	Each         []float64 // of the pairs, in their order
	Mean, SD     float64   // SD is not a number for one pair
	Above, Below int       // pairs whose difference is over 0, and under 0
}

// Paired is the difference of a from b, which have a value for each of the same seeds, one at least.
func Paired(a, b []float64) (d Difference) {
	d.Each = floats.SubTo(make([]float64, len(a)), a, b)
	d.Mean, d.SD = stat.MeanStdDev(d.Each, nil)
	for _, v := range d.Each {
		if v > 0 {
			d.Above++
		} else if v < 0 {
			d.Below++
		}
	}
	return d
}

// Interval is that of the mean by Student's t, with a confidence such as 0.95, which takes the differences for normal ones. Of one pair
// it is without end.
func (d Difference) Interval(confidence float64) Interval {
	half := HalfWidth(len(d.Each), d.SD, confidence)
	return Interval{d.Mean - half, d.Mean + half}
}

// HalfWidth is that of the t-interval of a mean of n values whose standard deviation is sd.
func HalfWidth(n int, sd, confidence float64) float64 {
	if n < 2 {
		return math.Inf(1)
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(0.5 + confidence/2)
	return t * sd / math.Sqrt(float64(n))
}

// Needed is how many values it takes for a t-interval no wider than half to either side, where their standard deviation is sd; it is
// most where so many are not enough.
func Needed(sd, half, confidence float64, most int) int {
	for n := 2; n < most; n++ {
		if HalfWidth(n, sd, confidence) <= half {
			return n
		}
	}
	return most
}

// LeastP is the least probability that an exact test of n pairs can come to: that all differences have the sign that is expected of
// them by chance alone, each being as likely to have the other. Where no sign is expected, it is twice that.
func LeastP(n int) float64 { return math.Ldexp(1, -n) }

// IQM is the interquartile mean: of all values of all strata but a quarter, rounded down, at each end (Agarwal et al., 2021).
func IQM(strata [][]float64) float64 {
	all := slices.Sorted(slices.Values(slices.Concat(strata...)))
	cut := len(all) / 4
	return stat.Mean(all[cut:len(all)-cut], nil)
}

// Improvement is the probability that a run of x is better than one of y on the same task, ties being half: the mean over the tasks of
// Mann and Whitney's U, divided by the number of pairs. It is not a number where a task has no run of either.
func Improvement(x, y [][]float64) (p float64) {
	for task := range x {
		var u float64
		for _, a := range x[task] {
			for _, b := range y[task] {
				if a > b {
					u++
				} else if a == b {
					u += 0.5
				}
			}
		}
		p += u / float64(len(x[task])*len(y[task])) / float64(len(x))
	}
	return p
}

// Profile is the performance profile: of each threshold the share of runs with more than that, as a mean over the tasks.
func Profile(strata [][]float64, thresholds []float64) []float64 {
	shares := make([]float64, len(thresholds))
	for _, values := range strata {
		for i, threshold := range thresholds {
			over := 0
			for _, v := range values {
				if v > threshold {
					over++
				}
			}
			shares[i] += float64(over) / float64(len(values)) / float64(len(strata))
		}
	}
	return shares
}

// Resamples is how many a bootstrap takes.
const Resamples = 20000

// Bootstrap is the percentile interval of each of a statistic's numbers, with a confidence such as 0.95: values are drawn with
// replacement within each stratum, whose values are the runs of one task, from a stream of the seed.
func Bootstrap(strata [][]float64, confidence float64, seed uint64, statistic func([][]float64) []float64) []Interval {
	rng := rand.New(rand.NewPCG(seed, 0))
	drawn := make([][]float64, len(strata))
	for i, values := range strata {
		drawn[i] = make([]float64, len(values))
	}
	var seen [][]float64
	for range Resamples {
		for i, values := range strata {
			for j := range drawn[i] {
				drawn[i][j] = values[rng.IntN(len(values))]
			}
		}
		for k, v := range statistic(drawn) {
			if k == len(seen) {
				seen = append(seen, make([]float64, 0, Resamples))
			}
			seen[k] = append(seen[k], v)
		}
	}
	out := make([]Interval, len(seen))
	for k, values := range seen {
		slices.Sort(values)
		out[k] = Interval{stat.Quantile(0.5-confidence/2, stat.Empirical, values, nil), stat.Quantile(0.5+confidence/2, stat.Empirical, values, nil)}
	}
	return out
}

// Kendall is Kendall's τ-b of two rankings, 1 where they are the same and -1 where they are reversed; ties in either count for neither.
// (gonum's is τ-a, and takes ties for pairs in order.) It is not a number where all values of one are tied.
func Kendall(x, y []float64) float64 {
	var order, alongX, alongY float64
	for i := range x {
		for j := range i {
			a, b := sign(x[i]-x[j]), sign(y[i]-y[j])
			order, alongX, alongY = order+a*b, alongX+a*a, alongY+b*b
		}
	}
	return order / math.Sqrt(alongX*alongY)
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// Shuffled is the share of so many shuffles of y, drawn from a stream of the seed, that have a τ as far from 0 as x and y, these
// themselves among them: how often chance comes to as much where there is nothing.
func Shuffled(x, y []float64, shuffles int, seed uint64) float64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	at, y := math.Abs(Kendall(x, y)), slices.Clone(y)
	as := 1
	for range shuffles {
		rng.Shuffle(len(y), func(i, j int) { y[i], y[j] = y[j], y[i] })
		if math.Abs(Kendall(x, y)) >= at-1e-12 {
			as++
		}
	}
	return float64(as) / float64(shuffles+1)
}

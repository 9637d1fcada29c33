package sched

import "gonum.org/v1/gonum/integrate"

// Ties are the curves that tied families follow, over a whole run.
type Ties struct {
	Mix     Mix
	Weights Weights
}

// Context is what the ties are at an epoch, with the mean of a random mixing factor.
func (t Ties) Context(epoch int) Context {
	return Context{Mix: t.Mix.At(epoch, nil), WeightRatio: t.Weights.Ratio(float64(epoch) / float64(t.Mix.Epochs))}
}

// follow is a tied family's value over u; of a random mixing factor, its expectation.
func (t Ties) follow(f Family) func(u float64) float64 {
	switch {
	case f.tie == nil:
		return func(float64) float64 { return 0 }
	case f.ID == wTied:
		return t.Weights.Ratio
	case t.Mix.Family == beta:
		b := mustFind(Mixes, beta).Param.or(t.Mix.Param)
		mean := expect(b, func(a float64) float64 { return f.tie(Context{Mix: a}) })
		return func(float64) float64 { return mean }
	}
	mix := t.Mix.line()
	return func(u float64) float64 { return f.tie(Context{Mix: mix(u)}) }
}

// Integral is that of m over u from 0 to 1, before EqualArea divides by it: in closed form, but for
// tied families and up to a freeze, where it samples (to about 1e-4 where m jumps). The run itself
// samples m at the start of each epoch, so in few epochs its mean differs a little.
func (a Arch) Integral(ties Ties) float64 {
	f := mustFind(Families, a.Family)
	s := a.shape(f)
	warmup, end := a.Warmup/float64(a.Epochs), 1.
	if a.Freeze > 0 {
		end = min(float64(a.Freeze)/float64(a.Epochs), 1)
	}
	if f.tie != nil || end < 1 {
		warmup = min(warmup, end)
		follow := ties.follow(f)
		m := func(u float64) float64 { return a.modify(s, u*float64(a.Epochs), follow(u)) }
		sum := sample(warmup, end, m)
		if a.Ramp && warmup > 0 {
			sum += sample(0, warmup, m)
		}
		return sum
	}
	sum := a.Floor*(1-warmup) + (1-a.Floor)*a.area(f, s)
	if a.Ramp {
		sum += warmup / 2 * a.raise(s(a.Warmup, 0))
	}
	return sum
}

// area is a family's own, from the end of the warm-up.
func (a Arch) area(f Family, s shape) (sum float64) {
	t, p := float64(a.Epochs), f.Param.or(a.Param)
	switch {
	case f.falls != nil:
		epochs, _ := f.falls(a, p)
		from := a.Warmup
		for _, to := range append(epochs[:len(epochs):len(epochs)], t) {
			if to = min(to, t); to > from {
				sum += s(from, 0) * (to - from)
				from = to
			}
		}
		return sum / t
	case f.curve == nil:
		sum = pointsArea(a.Points)
	default:
		sum = f.area(p)
	}
	return sum * (1 - a.Warmup/t)
}

// sample integrates by trapezoids.
func sample(from, to float64, f func(float64) float64) float64 {
	if from == to {
		return 0
	}
	const n = 4096
	x, y := make([]float64, n+1), make([]float64, n+1)
	for i := range x {
		// So written, the ends are exact.
		share := float64(i) / n
		x[i] = from*(1-share) + to*share
		y[i] = f(x[i])
	}
	return integrate.Trapezoidal(x, y)
}

// Sample is the factor at the start of each epoch, for drawing. Along a random mixing factor it is
// the expectation.
func (a Arch) Sample(ties Ties) []float64 {
	f := mustFind(Families, a.Family)
	s, follow := a.shape(f), ties.follow(f)
	area := 1.
	if a.EqualArea {
		area = a.Integral(ties)
	}
	out := make([]float64, a.Epochs)
	for e := range out {
		// 0 stays 0 where the area is 0 too.
		if out[e] = a.modify(s, float64(e), follow(float64(e)/float64(a.Epochs))); out[e] != 0 {
			out[e] /= area
		}
	}
	return out
}

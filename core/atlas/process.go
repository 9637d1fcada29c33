package atlas

import (
	"math"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"
)

// Kernel is that of a Gaussian process: two points vary together by Signal² exp(−½ Σ ((x−x′)/Length)²), about Mean, and every value
// has noise of its own (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, equations 2.31 and 5.1).
type Kernel struct {
	Mean    float64   `json:"mean"`
	Signal  float64   `json:"signal"`  // standard deviation, in the unit of the values
	Noise   float64   `json:"noise"`   // likewise
	Lengths []float64 `json:"lengths"` // of each coordinate, in its unit
}

// between is how far two points vary together.
func (k Kernel) between(a, b []float64) float64 {
	sum := 0.0
	for d, l := range k.Lengths {
		z := (a[d] - b[d]) / l
		sum += z * z
	}
	return k.Signal * k.Signal * math.Exp(-sum/2)
}

// process is a Gaussian process that has seen values at points.
type process struct {
	Kernel
	points [][]float64
	chol   cholesky
	weight []float64 // K⁻¹ (y − mean)
}

// see is the process that has seen values; ok is false where they cannot be told from one another.
func (k Kernel) see(points [][]float64, values []float64) (p process, ok bool) {
	p = process{Kernel: k, points: points}
	p.chol, ok = factorize(len(points), func(i, j int) float64 {
		if i == j {
			return k.Signal*k.Signal + k.Noise*k.Noise
		}
		return k.between(points[i], points[j])
	})
	if !ok {
		return p, false
	}
	rest := make([]float64, len(values))
	for i, v := range values {
		rest[i] = v - k.Mean
	}
	p.weight = p.chol.solve(rest)
	return p, true
}

// at is what the process expects at a point: the mean, and the standard deviation of what it does not know about it, without the noise.
func (p *process) at(x []float64) (mean, doubt float64) {
	k := make([]float64, len(p.points))
	for i, point := range p.points {
		k[i] = p.between(x, point)
	}
	variance := p.Signal*p.Signal - dot(k, p.chol.solve(k))
	return p.Mean + dot(k, p.weight), math.Sqrt(max(0, variance))
}

// fit is the kernel under which the values are most probable, given that lengths are about a coordinate's own spread, within a factor of
// e^1.5 either way, and that signal and noise are about the values' (the maximum of the posterior).
func fit(points [][]float64, values []float64) Kernel {
	mean, spread := stat.MeanStdDev(values, nil)
	k := Kernel{Mean: mean, Lengths: make([]float64, len(points[0]))}
	column := make([]float64, len(points))
	for d := range k.Lengths {
		for i, p := range points {
			column[i] = p[d]
		}
		k.Lengths[d] = 1
		if sd := stat.StdDev(column, nil); sd > 0 {
			k.Lengths[d] = 2 * sd
		}
	}
	if spread == 0 { // nothing to learn from
		k.Noise = 1e-9
		return k
	}
	const wide = 1.5 // of the logarithms' prior
	dims := len(k.Lengths)
	about := make([]float64, dims+2) // logarithms of lengths, signal and noise
	for d, l := range k.Lengths {
		about[d] = math.Log(l)
	}
	about[dims], about[dims+1] = math.Log(spread)-0.35, math.Log(spread)-0.35
	kernel := func(x []float64) Kernel {
		own := Kernel{Mean: mean, Lengths: make([]float64, dims), Signal: math.Exp(x[dims]), Noise: math.Exp(x[dims+1])}
		for d := range own.Lengths {
			own.Lengths[d] = math.Exp(x[d])
		}
		return own
	}
	problem := optimize.Problem{
		Func: func(x []float64) float64 { return loss(kernel(x), points, values, nil) + prior(x, about, wide, nil) },
		Grad: func(grad, x []float64) {
			loss(kernel(x), points, values, grad)
			prior(x, about, wide, grad)
		},
	}
	settings := &optimize.Settings{MajorIterations: 60, GradientThreshold: 1e-3, Concurrent: 1}
	result, err := optimize.Minimize(problem, append([]float64{}, about...), settings, &optimize.LBFGS{})
	if result == nil || err != nil && math.IsInf(result.F, 1) {
		return kernel(about)
	}
	return kernel(result.X)
}

// prior is half the squared distance of x, in units of wide; its gradient is added, where one is asked for.
func prior(x, about []float64, wide float64, grad []float64) (sum float64) {
	for i, v := range x {
		z := (v - about[i]) / wide
		sum += z * z / 2
		if grad != nil {
			grad[i] += z / wide
		}
	}
	return sum
}

// loss is the negative logarithm of the values' probability under a kernel (equation 5.8), but for a constant; grad, where it is asked
// for, is its gradient with respect to the logarithms of lengths, signal and noise (5.9).
func loss(k Kernel, points [][]float64, values []float64, grad []float64) float64 {
	p, ok := k.see(points, values)
	clear(grad)
	if !ok {
		return math.Inf(1)
	}
	sum := p.chol.logDet() / 2
	for i, v := range values {
		sum += (v - k.Mean) * p.weight[i] / 2
	}
	if grad == nil {
		return sum
	}
	dims := len(k.Lengths)
	unit := make([]float64, len(points))
	for i := range points {
		unit[i] = 1
		inverse := p.chol.solve(unit) // its row i
		unit[i] = 0
		for j := range i + 1 {
			pull := inverse[j] - p.weight[i]*p.weight[j] // of the covariance, twice where i ≠ j
			if i == j {
				pull /= 2
				grad[dims+1] += pull * 2 * k.Noise * k.Noise
			}
			cov := pull * k.between(points[i], points[j])
			grad[dims] += 2 * cov
			for d, l := range k.Lengths {
				z := (points[i][d] - points[j][d]) / l
				grad[d] += cov * z * z
			}
		}
	}
	return sum
}

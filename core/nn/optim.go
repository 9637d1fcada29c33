package nn

import "math"

// Group is a range of parameters that has a rate and a decay of its own.
type Group struct {
	From, To int
	Rate     float64 // share of the step's; 0 lets the parameters rest
	Decay    float64
}

// Groups are in order and apart. What lies in none goes at the step's rate and the optimiser's decay.
type Groups []Group

// each calls f for every range of n parameters.
func (groups Groups) each(n int, decay float64, f func(from, to int, rate, decay float64)) {
	at := 0
	for _, g := range groups {
		f(at, g.From, 1, decay)
		f(g.From, g.To, g.Rate, g.Decay)
		at = g.To
	}
	f(at, n, 1, decay)
}

// SGD is stochastic gradient descent with momentum and coupled weight decay, as PyTorch has it.
type SGD struct {
	Momentum, Decay float64
	Nesterov        bool    // a step goes on along the buffer as it will be
	Clip            float64 // largest norm of the gradient; 0 is none
	Groups          Groups
	Buffer          []float32
	// Beside is a gradient of other parameters, which counts in the norm and is scaled down with the rest; nil is none.
	Beside []float64
}

// Step updates w; it returns the gradient's norm before clipping.
func (o *SGD) Step(w, grad []float32, rate float64) (norm float64) {
	norm = Norm(grad)
	if o.Beside != nil {
		square := norm * norm
		for _, g := range o.Beside {
			square += g * g
		}
		norm = math.Sqrt(square)
	}
	scale := float32(1)
	if o.Clip > 0 && norm > o.Clip {
		scale = float32(o.Clip / (norm + 1e-6))
		for i := range o.Beside {
			o.Beside[i] *= float64(scale)
		}
	}
	o.Groups.each(len(w), o.Decay, func(from, to int, share, decay float64) {
		m, d, r := float32(o.Momentum), float32(decay), float32(rate*share)
		grad, buffer, w := grad[from:to], o.Buffer[from:to], w[from:to]
		if o.Nesterov {
			for i, g := range grad {
				g = scale*g + d*w[i]
				buffer[i] = m*buffer[i] + g
				w[i] -= r * (m*buffer[i] + g)
			}
			return
		}
		for i, g := range grad {
			b := m*buffer[i] + (scale*g + d*w[i])
			buffer[i] = b
			w[i] -= r * b
		}
	})
	return norm
}

// Unrolled sets dst to what w would be after a step along grad without clipping, leaving the optimiser
// as it is (DARTS's w′).
func (o *SGD) Unrolled(dst, w, grad []float32, rate float64) {
	o.Groups.each(len(w), o.Decay, func(from, to int, share, decay float64) {
		m, d, r := float32(o.Momentum), float32(decay), float32(rate*share)
		for i := from; i < to; i++ {
			step := m*o.Buffer[i] + grad[i] + d*w[i]
			if o.Nesterov {
				step = m*step + (grad[i] + d*w[i])
			}
			dst[i] = w[i] - r*step
		}
	})
}

// Norm is the Euclidean norm.
func Norm(v []float32) float64 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

// Finite says whether all of v are numbers.
func Finite(v []float32) bool {
	for _, x := range v {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return false
		}
	}
	return true
}

// Adam is Adam (Kingma and Ba, 2015) with coupled weight decay, as PyTorch has it. The moments move
// on where the rate is 0; the parameters then stay bit for bit.
type Adam struct {
	Beta1, Beta2, Epsilon, Decay float64
	Groups                       Groups
	M, V                         []float64
	Steps                        int
}

// Step updates w.
func (o *Adam) Step(w []float32, grad []float64, rate float64) {
	o.Steps++
	c1 := 1 - math.Pow(o.Beta1, float64(o.Steps))
	c2 := 1 - math.Pow(o.Beta2, float64(o.Steps))
	o.Groups.each(len(w), o.Decay, func(from, to int, share, decay float64) {
		rate := rate * share
		for i := from; i < to; i++ {
			g := grad[i] + decay*float64(w[i])
			o.M[i] = o.Beta1*o.M[i] + (1-o.Beta1)*g
			o.V[i] = o.Beta2*o.V[i] + (1-o.Beta2)*g*g
			if rate != 0 {
				w[i] = float32(float64(w[i]) - rate/c1*o.M[i]/(math.Sqrt(o.V[i]/c2)+o.Epsilon))
			}
		}
	})
}

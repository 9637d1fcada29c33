package nn

import "math"

// SGD is stochastic gradient descent with momentum and coupled weight decay, as PyTorch has it.
type SGD struct {
	Momentum, Decay float64
	Clip            float64 // largest norm of the gradient; 0 is none
	Buffer          []float32
}

// Step updates w; it returns the gradient's norm before clipping.
func (o *SGD) Step(w, grad []float32, rate float64) (norm float64) {
	norm = Norm(grad)
	scale := float32(1)
	if o.Clip > 0 && norm > o.Clip {
		scale = float32(o.Clip / (norm + 1e-6))
	}
	m, d, r := float32(o.Momentum), float32(o.Decay), float32(rate)
	for i, g := range grad {
		b := m*o.Buffer[i] + (scale*g + d*w[i])
		o.Buffer[i] = b
		w[i] -= r * b
	}
	return norm
}

// Unrolled sets dst to what w would be after a step along grad without clipping, leaving the optimiser
// as it is (DARTS's w′).
func (o *SGD) Unrolled(dst, w, grad []float32, rate float64) {
	m, d, r := float32(o.Momentum), float32(o.Decay), float32(rate)
	for i, g := range grad {
		dst[i] = w[i] - r*(m*o.Buffer[i]+g+d*w[i])
	}
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
	M, V                         []float64
	Steps                        int
}

// Step updates w.
func (o *Adam) Step(w []float32, grad []float64, rate float64) {
	o.Steps++
	c1 := 1 - math.Pow(o.Beta1, float64(o.Steps))
	c2 := 1 - math.Pow(o.Beta2, float64(o.Steps))
	for i, g := range grad {
		g += o.Decay * float64(w[i])
		o.M[i] = o.Beta1*o.M[i] + (1-o.Beta1)*g
		o.V[i] = o.Beta2*o.V[i] + (1-o.Beta2)*g*g
		if rate != 0 {
			w[i] = float32(float64(w[i]) - rate/c1*o.M[i]/(math.Sqrt(o.V[i]/c2)+o.Epsilon))
		}
	}
}

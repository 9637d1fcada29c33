package approx

import "math"

// Quantised is how values of a tensor are 8-bit numbers: code q is Scale·(q - Zero), for values between Low and High; others are taken to
// the nearer end, and send no gradient back.
type Quantised struct {
	Scale     float32
	Zero      uint8
	Low, High float32

	inverse float32
}

// Quantise makes the codes of the range from lo to hi, moved so that 0 is one of them (Jacob et al., 2018). A range without width has
// the code 0 alone, which is 0; one that is no number has no numbers.
func Quantise(lo, hi float32) Quantised {
	scale := (float64(hi) - float64(lo)) / 255
	if scale == 0 {
		return Quantised{}
	}
	zero := min(max(math.Floor(-float64(lo)/scale+0.5), 0), 255)
	if math.IsNaN(zero) {
		zero = 0
	}
	return Quantised{Scale: float32(scale), Zero: uint8(zero), Low: float32(-zero * scale), High: float32((255 - zero) * scale), inverse: float32(1 / scale)}
}

// Affine is the code of x before it is rounded down, and limited to 0 … 255: scale·x + shift, halves going up.
func (q Quantised) Affine() (scale, shift float32) { return q.inverse, float32(q.Zero) + 0.5 }

// Code is the code of x.
func (q Quantised) Code(x float32) uint8 {
	scale, shift := q.Affine()
	return uint8(min(max(float32(scale*x)+shift, 0), 255))
}

// Value is what the code stands for.
func (q Quantised) Value(code uint8) float32 { return q.Scale * float32(int(code)-int(q.Zero)) }

// Within says whether x is between the ends.
func (q Quantised) Within(x float32) bool { return q.Low <= x && x <= q.High }

// Range is that of some values, of which there may be more: it begins with Empty.
type Range struct{ Low, High float32 }

// Empty is the range of no values.
func Empty() Range { return Range{float32(math.Inf(1)), float32(math.Inf(-1))} }

// With is the range of both.
func (r Range) With(o Range) Range { return Range{min(r.Low, o.Low), max(r.High, o.High)} }

package sched

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/integrate"
	"gonum.org/v1/gonum/interp"
)

// Point is a control point of a drawn curve: the share U of the run past, and the value V there;
// both are 0..1.
type Point struct{ U, V float64 }

// gap keeps the cubics between neighbours within the range of numbers.
const gap = 1e-6

const example = "give points as in 0:1,0.5:0.8,1:0"

// ParsePoints reads points such as "0:1,0.5:0.8,1:0".
func ParsePoints(text string) ([]Point, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("no points; " + example)
	}
	var points []Point
	for part := range strings.SplitSeq(text, ",") {
		left, right, _ := strings.Cut(part, ":")
		u, errU := strconv.ParseFloat(strings.TrimSpace(left), 64)
		v, errV := strconv.ParseFloat(strings.TrimSpace(right), 64)
		if errU != nil || errV != nil {
			return nil, fmt.Errorf("%.80q is not u:value; %s", strings.TrimSpace(part), example)
		}
		points = append(points, Point{u, v})
	}
	if err := checkPoints(points); err != nil {
		return nil, err
	}
	return points, nil
}

// FormatPoints is the inverse of ParsePoints, exactly.
func FormatPoints(points []Point) string {
	var b []byte
	for i, p := range points {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(b, p.U, 'g', -1, 64)
		b = append(b, ':')
		b = strconv.AppendFloat(b, p.V, 'g', -1, 64)
	}
	return string(b)
}

func checkPoints(points []Point) error {
	if len(points) < 2 {
		return fmt.Errorf("%d are too few to draw a curve; give at least 2, as in 0:1,1:0", len(points))
	}
	for i, p := range points {
		text := FormatPoints(points[i : i+1])
		switch { // each so written that NaN fails too
		case !(p.U >= 0 && p.U <= 1):
			return fmt.Errorf("%s lies outside the run; give u from 0 to 1", text)
		case !(p.V >= 0 && p.V <= 1):
			return fmt.Errorf("%s has its value out of range; give values from 0 to 1", text)
		case i > 0 && p.U-points[i-1].U < gap:
			return fmt.Errorf("%s does not come after %s; give points by rising u", text, FormatPoints(points[i-1:i]))
		}
	}
	return nil
}

// join is the curve through points: monotone between neighbours (Fritsch and Butland 1984), so it
// never overshoots, and level outside them.
func join(points []Point) func(u float64) float64 {
	us, vs := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		us[i], vs[i] = p.U, p.V
	}
	fit := new(interp.FritschButland)
	fit.Fit(us, vs) // always returns nil
	return func(u float64) float64 { return unit(fit.Predict(u)) }
}

// pointsArea is the integral of join's curve: Simpson's rule is exact for each cubic.
func pointsArea(points []Point) float64 {
	line := join(points)
	first, last := points[0], points[len(points)-1]
	sum := first.V*first.U + last.V*(1-last.U)
	for i, q := range points[1:] {
		p := points[i]
		middle := (p.U + q.U) / 2
		sum += integrate.Simpsons([]float64{p.U, middle, q.U}, []float64{p.V, line(middle), q.V})
	}
	return sum
}

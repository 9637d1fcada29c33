package ui

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// stops are the values a slider stands at, from min to max: hundredths of a share, whole numbers one by one as far as they are few,
// and else round ones, ten to a power of ten. What lies between is typed.
func stops(min, max float64, whole bool) (out []float64) {
	switch {
	case whole && max-min <= 100:
		for v := min; v <= max; v++ {
			out = append(out, v)
		}
		return out
	case !whole && max == 1 && (min == 0 || min >= 0.01):
		for i := int(math.Round(100 * min)); i <= 100; i++ {
			out = append(out, float64(i)/100)
		}
		return out
	}
	low := min
	if min == 0 {
		low = max / 1e4
	}
	out = append(out, min)
	for power := int(math.Floor(math.Log10(low))); power <= int(math.Floor(math.Log10(max))); power++ {
		for _, mantissa := range []int{10, 12, 15, 20, 25, 30, 40, 50, 60, 80} {
			v, err := strconv.ParseFloat(fmt.Sprintf("%de%d", mantissa, power-1), 64) // the nearest to the round one
			if err != nil {
				panic(err)
			}
			if v >= low && v > min && v < max && (!whole || v == math.Trunc(v) && v > 20) {
				out = append(out, v)
			}
		}
	}
	for v := min + 1; whole && v <= 20; v++ {
		out = append(out, v)
	}
	out = append(out, max)
	slices.Sort(out)
	return slices.Compact(out)
}

// place is the stop nearest to a value.
func place(stops []float64, value float64) (nearest int) {
	for i, v := range stops {
		if math.Abs(v-value) < math.Abs(stops[nearest]-value) {
			nearest = i
		}
	}
	return nearest
}

// Slide gives a field the value of one of its slider's stops.
func (c *Root) Slide(s Control, place string) {
	if i, err := strconv.Atoi(place); err == nil && i >= 0 && i < len(s.stops) {
		c.Lab.Set(s.Name, fmt.Sprint(s.stops[i]))
	}
}

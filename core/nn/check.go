package nn

import "math"

// NonFinite names the first layer, in the order of the forward pass, with an infinite or undefined
// value in the last pass, or returns "".
func (g *Graph) NonFinite() string {
	for _, s := range g.states {
		for i, m := range s.maps {
			if s.norms[i] != nil && !g.finite(m) {
				return s.norms[i].name
			}
		}
	}
	return ""
}

func (g *Graph) finite(m Map) bool {
	for k := range g.sizes {
		for c := range m.C {
			if !Finite(g.values(m, k, c)) {
				return false
			}
		}
	}
	return true
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

package darts

import (
	"slices"
	"strings"
	"testing"
)

// TestSteering forbids and pins, and each mixture gives what is forbidden neither a weight nor a gradient.
func TestSteering(t *testing.T) {
	n := len(Primitives)
	for text, want := range map[string]int{ // how many of the 2 × 5 edges' operations are left, of 80
		"": 80, "-none": 70, "-normal:none, -skip_connect": 65, "+reduce:0>1:sep_conv_3x3": 73, "-k": 0, "+none": 10,
		"-normal:k-1>1:none": 79,
	} {
		forbidden, err := ParseSteering(text, 2)
		if want == 0 {
			if err == nil {
				t.Errorf("%q is taken", text)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		alpha := make([]float32, 10*n)
		for i := range alpha {
			alpha[i] = float32(i%5) / 9
		}
		for name, inner := range mixtures() {
			m := &Steered{Mixture: inner, Forbidden: forbidden}
			ops, dalpha, dops := make([]float32, len(alpha)), make([]float64, len(alpha)), make([]float64, len(alpha))
			for i := range dops {
				dops[i] = float64(i%7) - 3
			}
			m.Forward(ops, alpha)
			m.Backward(dalpha, ops, alpha, dops)
			left := len(ops)
			for i, f := range forbidden {
				if f {
					if left--; ops[i] != 0 || dalpha[i] != 0 {
						t.Errorf("%q, %s: what is forbidden weighs %v, gradient %v", text, name, ops[i], dalpha[i])
					}
				}
			}
			if left != want {
				t.Errorf("%q: %d operations are left, want %d", text, left, want)
			}
			if name == "softmax" && slices.Contains(ops, 0) != (want < 80) {
				t.Errorf("%q: %v", text, ops)
			}
		}
	}
	for text, says := range map[string]string{
		"none": "neither + (pin) nor", "-other:none": "normal or reduce", "-normal:9>9:none": `no edge "9>9"`, "-nothing": "there is no operation", "-normal:k-1>0:none:x": "more than",
		"+none,-none": "nothing is left on the edge normal:k-2>0", ",": "neither",
	} {
		if _, err := ParseSteering(text, 2); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

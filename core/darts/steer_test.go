package darts

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestSteering forbids and pins, and each mixture gives what is forbidden neither a weight nor a gradient.
func TestSteering(t *testing.T) {
	n := len(Primitives)
	for text, want := range map[string]int{ // how many of the 2 × 5 edges' operations are left, of 80
		"": 80, "-none": 70, "-normal:none, -skip_connect": 65, "+reduce:0>1:sep_conv_3x3": 73, "-k": 0, "+none": 0,
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

// TestDrop: what goes weighs nothing, whatever the mixture; what stays was strong enough, or the strongest of its edge; and what is
// forbidden by hand stays so.
func TestDrop(t *testing.T) {
	n := len(Primitives)
	for name, inner := range mixtures() {
		rapid.Check(t, func(t *rapid.T) {
			alpha := rapid.SliceOfN(rapid.Float32Range(-3, 3), 4*n, 4*n).Draw(t, "alpha")
			least := rapid.Float64Range(0, 1).Draw(t, "least")
			m := &Steered{Mixture: inner}
			if rapid.Bool().Draw(t, "steered") {
				m.Forbidden = make([]bool, len(alpha))
				m.Forbidden[rapid.IntRange(0, len(alpha)-1).Draw(t, "forbidden")] = true
			}
			before, after := make([]float32, len(alpha)), make([]float32, len(alpha))
			m.Forward(before, alpha)
			forbidden, dropped, weighing := m.Drop(alpha, least)
			(&Steered{Mixture: inner, Forbidden: forbidden}).Forward(after, alpha)
			had, left := 0, 0
			for e := 0; e < len(alpha); e += n {
				most := slices.Max(before[e : e+n])
				if slices.Max(after[e:e+n]) < most {
					t.Fatalf("%s: the strongest of edge %d weighed %v and weighs %v", name, e/n, most, after[e:e+n])
				}
				for i := e; i < e+n; i++ {
					if before[i] > 0 {
						had++
					}
					if after[i] > 0 {
						left++
					}
					if m.Forbidden != nil && m.Forbidden[i] && !forbidden[i] {
						t.Fatal("what was forbidden is not any more")
					}
					if stays := float64(before[i]) >= least || before[i] == most; forbidden[i] && after[i] != 0 || !forbidden[i] && !stays {
						t.Fatalf("%s: %v of at most %v, held against %v: forbidden is %v, and it weighs %v", name, before[i], most, least, forbidden[i], after[i])
					}
				}
			}
			if had != weighing || left != weighing-dropped {
				t.Fatalf("%s: %d operations weighed and %d do; counted are %d and %d dropped", name, had, left, weighing, dropped)
			}
		})
	}
}

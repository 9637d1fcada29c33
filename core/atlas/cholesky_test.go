package atlas

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestCholesky holds the factorisation against gonum's.
func TestCholesky(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for n := 1; n < 30; n++ {
		a, b := mat.NewDense(n, n, nil), mat.NewVecDense(n, nil)
		for i := range n {
			b.SetVec(i, rng.NormFloat64())
			for j := range n {
				a.Set(i, j, rng.NormFloat64())
			}
		}
		var m mat.SymDense
		m.SymOuterK(1, a)
		for i := range n {
			m.SetSym(i, i, m.At(i, i)+0.1)
		}
		var theirs mat.Cholesky
		var x mat.VecDense
		if !theirs.Factorize(&m) || theirs.SolveVecTo(&x, b) != nil {
			t.Fatal("gonum takes it for singular")
		}
		ours, ok := factorize(n, m.At)
		if !ok {
			t.Fatalf("%d × %d is taken for singular", n, n)
		}
		if d := ours.logDet() - theirs.LogDet(); math.Abs(d) > 1e-9 {
			t.Errorf("%d × %d: the determinant's logarithm is off by %v", n, n, d)
		}
		for i, v := range ours.solve(b.RawVector().Data) {
			if d := v - x.AtVec(i); math.Abs(d) > 1e-9*(1+math.Abs(v)) {
				t.Errorf("%d × %d: the solution is off by %v at %d", n, n, d, i)
			}
		}
	}
	for _, m := range [][]float64{{0}, {1, 2, 2, 1}, {math.NaN()}} {
		n := int(math.Sqrt(float64(len(m))))
		if _, ok := factorize(n, func(i, j int) float64 { return m[i*n+j] }); ok {
			t.Errorf("%v is taken for positive definite", m)
		}
	}
}

package atlas

import "math"

// cholesky is the lower triangle L of a symmetric positive definite matrix L·Lᵀ, row by row. (Package mat has one, and with it the page
// would load most of packages blas and lapack.)
type cholesky [][]float64

// factorize takes a matrix of n × n apart, of which it asks for the lower triangle; ok is false where it is not positive definite.
func factorize(n int, of func(i, j int) float64) (l cholesky, ok bool) {
	for i := range n {
		row := make([]float64, i+1)
		for j := range i {
			row[j] = (of(i, j) - dot(row[:j], l[j][:j])) / l[j][j]
		}
		rest := of(i, i) - dot(row[:i], row[:i])
		if !(rest > 0) {
			return nil, false
		}
		row[i] = math.Sqrt(rest)
		l = append(l, row)
	}
	return l, true
}

// solve returns x with L·Lᵀ x = b.
func (l cholesky) solve(b []float64) []float64 {
	x := append([]float64{}, b...)
	for i, row := range l {
		x[i] = (x[i] - dot(row[:i], x[:i])) / row[i]
	}
	for i := len(l) - 1; i >= 0; i-- {
		x[i] /= l[i][i]
		for j, v := range l[i][:i] {
			x[j] -= v * x[i]
		}
	}
	return x
}

// logDet is the logarithm of the matrix's determinant.
func (l cholesky) logDet() (sum float64) {
	for i, row := range l {
		sum += 2 * math.Log(row[i])
	}
	return sum
}

func dot(a, b []float64) (sum float64) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

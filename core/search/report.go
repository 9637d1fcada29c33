package search

import (
	"math"

	"hlrslab/core/darts"
)

// Alphas returns the softmax of the architecture parameters: edges × primitives.
func (r *Run) Alphas() (normal, reduce [][]float64) {
	ops := make([]float32, len(r.alpha))
	r.mixture.Forward(ops, r.alpha)
	n := len(darts.Primitives)
	rows := func(v []float32) (out [][]float64) {
		for e := 0; e < len(v); e += n {
			row := make([]float64, n)
			for k := range row {
				row[k] = float64(v[e+k])
			}
			out = append(out, row)
		}
		return out
	}
	return rows(ops[:len(ops)/2]), rows(ops[len(ops)/2:])
}

func (r *Run) report() *Report {
	p := &Report{Classes: r.data.order}
	p.Normal, p.Reduce = r.Alphas()
	p.Genotype = darts.Discretise(p.Normal, p.Reduce, r.config.Nodes)
	p.Counts = p.Genotype.Counts()
	rows := append(append([][]float64{}, p.Normal...), p.Reduce...)
	for _, row := range rows {
		for _, v := range row {
			if v > 0 {
				p.Entropy -= v * math.Log(v) / float64(len(rows))
			}
		}
	}
	p.Discrete = float64(r.Discrete) / float64(len(r.data.test))
	classes := len(p.Classes)
	groups := []*float64{&p.Head, &p.Medium, &p.Tail} // thirds by rank: 3, 4 and 3 of ten
	third := (classes + 1) / 3
	sizes := []int{third, classes - 2*third, third}
	group, left := 0, sizes[0]
	for _, c := range p.Classes {
		var seen int
		row := make([]int, classes)
		for i, other := range p.Classes {
			row[i] = r.Confusion[c][other]
			seen += row[i]
		}
		p.Confusion = append(p.Confusion, row)
		acc := float64(r.Confusion[c][c]) / float64(seen)
		p.PerClass = append(p.PerClass, acc)
		p.Accuracy += acc / float64(classes)
		for left == 0 {
			group++
			left = sizes[group]
		}
		*groups[group] += acc / float64(sizes[group])
		left--
	}
	return p
}

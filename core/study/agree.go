package study

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"

	"hlrslab/core/darts"
)

// Agreement is how far genotypes are the same, as means over all pairs of them, and over both cells.
type Agreement struct {
	Edges      float64 // share of edges of the same node, source and operation
	Sources    float64 // share of edges of the same node and source, whatever the operation
	Operations float64 // share of the same operation among edges of the same node and source; not a number where there are none
}

// Agree is the agreement of genotypes of as many nodes, two at least.
func Agree(all []darts.Genotype) Agreement {
	var edges, sources, of float64
	for i, a := range all {
		for _, b := range all[:i] {
			for _, cells := range [][2][]darts.Edge{{a.Normal, b.Normal}, {a.Reduce, b.Reduce}} {
				of += float64(len(cells[0]))
				for at := 0; at+1 < min(len(cells[0]), len(cells[1])); at += 2 {
					var taken [2]bool // of the other's two edges
					other := cells[1][at : at+2]
					for _, same := range []func(a, b darts.Edge) bool{
						func(a, b darts.Edge) bool { return a == b },
						func(a, b darts.Edge) bool { return a.From == b.From && a.Op != b.Op },
					} {
						for _, e := range cells[0][at : at+2] {
							for k, o := range other {
								if !taken[k] && same(e, o) {
									taken[k] = true
									sources++
									if e == o {
										edges++
									}
									break
								}
							}
						}
					}
				}
			}
		}
	}
	return Agreement{Edges: edges / of, Sources: sources / of, Operations: edges / sources}
}

// AgreeByChance is what sets of n random cells of so many nodes agree in: the means of 2000 such sets, drawn from a stream of the seed, and
// the interval that holds the share of edges of 95 % of them.
func AgreeByChance(n, nodes int, seed uint64) (mean Agreement, edges Interval) {
	const sets = 2000
	rng := rand.New(rand.NewPCG(seed, 0))
	shares := make([]float64, sets)
	of := 0.0 // sets with sources in common
	for i := range shares {
		cells := make([]darts.Genotype, n)
		for k := range cells {
			cells[k] = darts.RandomGenotype(nodes, nil, rng)
		}
		a := Agree(cells)
		shares[i] = a.Edges
		mean.Sources += a.Sources / sets
		if !math.IsNaN(a.Operations) {
			of++
			mean.Operations += (a.Operations - mean.Operations) / of
		}
	}
	slices.Sort(shares)
	mean.Edges = stat.Mean(shares, nil)
	return mean, Interval{stat.Quantile(0.025, stat.Empirical, shares, nil), stat.Quantile(0.975, stat.Empirical, shares, nil)}
}

// Package sched gives the schedules of a search as pure functions of the epoch: the factor m of the
// architecture rate, the mixing factor a of the two branches, and the cosine of the weight rate.
//
// Time is u = e/T, with e the epoch counted from 0 and T the epochs of the run; BBN counts from 1
// and takes (E−1)/T, which is the same number. The architecture rate is its peak times m.
//
// Heterogeneous learning-rate scheduling (HLS, arXiv 2406.07028) is known here by its abstract
// alone: it adjusts the architecture rate by epoch and does not say along which curve. So the
// schedule is a family to choose from, and no curve or number of this package is that paper's.
// The mixing curves follow BBN (arXiv 1912.02413) and the alternatives its code lists.
package sched

import "math"

// halfCosine falls from 1 to 0 with level ends.
func halfCosine(u float64) float64 { return (1 + math.Cos(math.Pi*u)) / 2 }

// quarterCosine falls from 1, level, to 0, steep.
func quarterCosine(u float64) float64 { return math.Cos(math.Pi / 2 * u) }

func unit(v float64) float64 { return min(max(v, 0), 1) }

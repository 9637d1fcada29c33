package study

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
	"gonum.org/v1/gonum/stat/samplemv"
)

// Sample is a choice of points that cover the ranges of fields evenly, instead of every combination: those of a scrambled Halton sequence
// (Owen, 2017). Each run has a seed of its own, from 1 on, so that what differs by chance is not taken for the effect of a point.
type Sample struct {
	Count  int    `json:"count"`            // points of each variant
	Fields []Axis `json:"fields,omitempty"` // those of all variants: values, or from, to and log
}

// sampled makes the jobs of a sample: the variants in turn, so that those done first cover the ranges, too.
func (s Study) sampled() (jobs []Job, err error) {
	variants := s.Variants
	if len(variants) == 0 {
		variants = []Variant{{Name: "base"}}
	}
	n := s.Sample.Count * len(variants)
	switch {
	case s.Vary != nil:
		return nil, errors.New("sample: a study has sample or vary, not both")
	case s.Seeds != nil:
		return nil, errors.New("seeds: each run of a sample has a seed of its own; leave them out")
	case s.Sample.Count < 1 || n > most:
		return nil, fmt.Errorf("sample: count: give 1 to %d", most/len(variants))
	}
	axes, at := make([][]Axis, len(variants)), make([]*mat.Dense, len(variants))
	for i, v := range variants {
		axes[i] = append(append([]Axis{}, s.Sample.Fields...), v.Sample...)
		for k, axis := range axes[i] {
			if err := axis.check(axes[i][:k]); err != nil {
				return nil, fmt.Errorf("sample: %w", err)
			}
			if axis.Values == nil && axis.From == axis.To {
				return nil, fmt.Errorf("sample: %s: give values, or from and to", axis.Field)
			}
		}
		dims := len(axes[i])
		if dims == 0 {
			return nil, errors.New("sample: fields: name what varies")
		}
		// A sequence of each variant: in one of all, a variant's points would have digits in common.
		at[i] = mat.NewDense(s.Sample.Count, dims, nil)
		samplemv.Halton{Kind: samplemv.Owen, Q: distmv.NewUnitUniform(dims, nil), Src: rand.NewPCG(1, uint64(i))}.Sample(at[i])
	}
	for i := range n {
		which := i % len(variants)
		v := variants[which]
		point := Variant{Name: v.Name, Set: Settings{}, Train: v.Train}
		for k, axis := range axes[which] {
			if point.Set[axis.Field], err = axis.at(at[which].At(i/len(variants), k)); err != nil {
				return nil, err
			}
		}
		point.Set = v.Set.with(point.Set)
		j := Job{Index: i, Variant: v.Name, Seed: uint64(i + 1)}
		if err := j.configure(s, point); err != nil {
			return nil, fmt.Errorf("%s: %w", v.Name, err)
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// at is the axis's value at a share of its range.
func (a Axis) at(share float64) (jsontext.Value, error) {
	if a.Values != nil {
		return a.Values[min(int(share*float64(len(a.Values))), len(a.Values)-1)], nil
	}
	return json.Marshal(round(a.between(share)))
}

package run

import (
	"errors"
	"fmt"
)

// Recording is searches of several kinds over the same seeds, with what their cells came to when trained: what the page opens with.
type Recording struct {
	Seeds    []uint64     `json:"seeds"`
	Variants []Variant    `json:"variants"`
	Pairs    []Difference `json:"pairs"` // of every two variants
}

// Variant is the searches of one kind, a value for each of the seeds: accuracies are balanced ones on test images, 0..1, after the
// last epoch.
type Variant struct {
	Name    string    `json:"name"`
	Search  []float64 `json:"search"`           // of the search network
	Trained []float64 `json:"trained"`          // of the cell that it found, trained from scratch
	Record  *Record   `json:"record,omitempty"` // one of the searches, to look into
}

// Difference is by how much one variant's trained cells are better than another's, paired by seed: the mean, and the interval that
// holds the true one with a probability of 95 %, by Student's t.
type Difference struct {
	Of   int     `json:"of"` // index of a variant
	Over int     `json:"over"`
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Better are the variants in the order of their worth, where the interval tells them apart.
func (d Difference) Better() (better, worse int, told bool) {
	if d.High < 0 {
		return d.Over, d.Of, true
	}
	return d.Of, d.Over, d.Low > 0
}

// Validate says what a recording lacks.
func (r Recording) Validate() error {
	if len(r.Seeds) == 0 || len(r.Variants) == 0 {
		return errors.New("recording: it has no searches")
	}
	for _, v := range r.Variants {
		if len(v.Search) != len(r.Seeds) || len(v.Trained) != len(r.Seeds) {
			return fmt.Errorf("recording: %s has %d searches and %d trainings of %d seeds", v.Name, len(v.Search), len(v.Trained), len(r.Seeds))
		}
		if v.Record != nil {
			if err := v.Record.Validate(); err != nil {
				return fmt.Errorf("recording: %s: %w", v.Name, err)
			}
		}
	}
	for _, p := range r.Pairs {
		if min(p.Of, p.Over) < 0 || max(p.Of, p.Over) >= len(r.Variants) {
			return fmt.Errorf("recording: a difference of variants %d and %d, of %d", p.Of, p.Over, len(r.Variants))
		}
	}
	return nil
}

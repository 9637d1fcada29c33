package data

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// beta is the overlap of Cui et al. (2019): n images count as (1-βⁿ)/(1-β) effective ones.
const beta = .9999

// Sampler draws the images of batches. Of the kinds, instance takes a shuffled epoch, each image
// once; the others draw a class, then one of its images uniformly with replacement:
//
//	balanced     1/C                                  (Kang et al. 2020)
//	sqrt         ∝ √n                                 (Kang et al. 2020)
//	progressive  (1-λ)·n/N + λ/C, λ = e/(epochs-1)    (Kang et al. 2020)
//	reversed     ∝ 1/n                                (BBN, Zhou et al. 2020)
//	effective    ∝ n/E(n), E(n) = (1-βⁿ)/(1-β)        (Cui et al. 2019, β = .9999)
//
// where a class has n of the N images and C classes have any. A Sampler is for one goroutine.
type Sampler struct {
	kind    string
	epochs  int
	images  *Images
	indices []int     // as given
	lists   [][]int   // indices by class
	p, sum  []float64 // by class: probability, and running total
	order   []int     // instance only: the shuffled epoch
	before  []int     // instance only: order at the mark, where it was shuffled since

	stand
	marked stand
}

// stand is where a sampler stands.
type stand struct {
	src      rand.PCG
	epoch    int
	pos      int  // instance only: next of order
	shuffled bool // since the mark
}

// NewSampler draws from the images of m at indices, by their labels, for a run of the given epochs. It
// starts at epoch 0 and draws from a copy of src. An unknown kind, no indices,
// or one outside the images is an error.
func NewSampler(kind string, m *Images, indices []int, epochs int, src *rand.PCG) (*Sampler, error) {
	switch kind {
	case "instance", "balanced", "sqrt", "progressive", "reversed", "effective":
	default:
		return nil, fmt.Errorf("sampler %q: unknown: choose instance, balanced, sqrt, progressive, reversed or effective", kind)
	}
	if len(indices) == 0 {
		return nil, fmt.Errorf("sampler: no images to draw from: raise n-max")
	}
	s := &Sampler{kind: kind, epochs: epochs, stand: stand{src: *src}, images: m, indices: append([]int(nil), indices...)}
	labels := m.Labels
	n := classes(labels)
	s.lists, s.p, s.sum = make([][]int, n), make([]float64, n), make([]float64, n)
	for _, i := range indices {
		if i < 0 || i >= len(labels) {
			return nil, fmt.Errorf("sampler: index %d is outside the %d images", i, len(labels))
		}
		s.lists[labels[i]] = append(s.lists[labels[i]], i)
	}
	if kind == "instance" {
		s.order, s.before = append([]int(nil), indices...), make([]int, len(indices))
	}
	s.Epoch(0)
	return s, nil
}

// Steps is the number of whole batches in one pass over the images; the last, smaller one is dropped.
func (s *Sampler) Steps(batch int) int { return len(s.indices) / batch }

// Epoch begins epoch e, counted from 0: instance starts a new shuffle, progressive moves on.
func (s *Sampler) Epoch(e int) {
	s.epoch, s.pos = e, len(s.order)
	s.weigh()
}

// Probabilities are the chances of the classes at the present epoch, as many as the labels have
// classes; a class without images has 0.
func (s *Sampler) Probabilities() []float64 { return append([]float64(nil), s.p...) }

// Next fills batch with indices of images.
func (s *Sampler) Next(batch []int) {
	for i := range batch {
		if s.order != nil {
			if s.pos == len(s.order) {
				if !s.shuffled {
					copy(s.before, s.order)
				}
				s.shuffled = true
				shuffle(&s.src, s.order)
				s.pos = 0
			}
			batch[i] = s.order[s.pos]
			s.pos++
			continue
		}
		u, c := float64(s.src.Uint64()>>11)/(1<<53), 0
		for u >= s.sum[c] {
			c++
		}
		batch[i] = s.lists[c][below(&s.src, len(s.lists[c]))]
	}
}

// Mark remembers where the sampler stands, its source included.
func (s *Sampler) Mark() {
	s.shuffled = false
	s.marked = s.stand
}

// Back returns to the last mark.
func (s *Sampler) Back() {
	if s.shuffled {
		copy(s.order, s.before)
	}
	s.stand = s.marked
	s.weigh()
}

// weigh computes the classes' chances. The conversions keep products from being fused into sums,
// which some processors do and others do not: every platform must draw the same.
func (s *Sampler) weigh() {
	present, last, total, lambda := 0.0, 0, 0.0, 0.0
	for c, list := range s.lists {
		if len(list) > 0 {
			present, last = present+1, c
		}
	}
	if s.epochs > 1 {
		lambda = min(float64(s.epoch)/float64(s.epochs-1), 1)
	}
	for c, list := range s.lists {
		n := float64(len(list))
		if n == 0 {
			s.p[c] = 0
			continue
		}
		switch s.kind {
		case "instance":
			s.p[c] = n
		case "balanced":
			s.p[c] = 1
		case "sqrt":
			s.p[c] = math.Sqrt(n)
		case "progressive":
			s.p[c] = float64((1-lambda)*n/float64(len(s.indices))) + lambda/present
		case "reversed":
			s.p[c] = 1 / n
		case "effective":
			s.p[c] = float64(n*(1-beta)) / (1 - power(beta, len(list)))
		}
		total += s.p[c]
	}
	running := 0.0
	for c := range s.p {
		s.p[c] /= total
		running += s.p[c]
		s.sum[c] = running
		if c >= last {
			s.sum[c] = 1 // whatever rounding left over
		}
	}
}

// power is xⁿ by products alone, which, unlike math.Pow, round alike everywhere.
func power(x float64, n int) float64 {
	y := 1.0
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			y *= x
		}
		x *= x
	}
	return y
}

package data

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// beta is the overlap of Cui et al. (2019): n images count as (1-βⁿ)/(1-β) effective ones.
const beta = .9999

// SamplerKind is a way to draw the images of batches.
type SamplerKind struct {
	ID, Source string
	// weight is a class's chance, but for a common factor, where it has n of the images, of classes that have some, at the share u of
	// the epochs. Conversions keep products from being fused into sums, which some processors do: every platform must draw the same.
	weight func(n int, images, classes, u float64) float64
}

// Samplers are all there are. The first takes a shuffled epoch, each image once; the others draw a class, then one of its images
// uniformly with replacement.
var Samplers = []SamplerKind{
	{"instance", "", func(n int, _, _, _ float64) float64 { return float64(n) }},
	{"balanced", "Kang et al., 2020", func(int, float64, float64, float64) float64 { return 1 }},
	{"sqrt", "Kang et al., 2020", func(n int, _, _, _ float64) float64 { return math.Sqrt(float64(n)) }},
	{"progressive", "Kang et al., 2020", func(n int, images, classes, u float64) float64 {
		return float64((1-u)*float64(n)/images) + u/classes
	}},
	{"reversed", "BBN: Zhou et al., 2020", func(n int, _, _, _ float64) float64 { return 1 / float64(n) }},
	// By effective numbers E(n) = (1-βⁿ)/(1-β): in proportion to n/E(n).
	{"effective", "Cui et al., 2019", func(n int, _, _, _ float64) float64 { return float64(float64(n)*(1-beta)) / (1 - power(beta, n)) }},
}

// Sampler draws the images of batches. It is for one goroutine.
type Sampler struct {
	kind    SamplerKind
	epochs  int
	images  *Images
	indices []int     // to draw from
	lists   [][]int   // indices by class
	p, sum  []float64 // by class: probability, and running total
	order   []int     // instance only: the shuffled epoch
	before  []int     // instance only: order at the mark, where it was shuffled since
	part    func(epoch int) []int

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
	of := slices.IndexFunc(Samplers, func(s SamplerKind) bool { return s.ID == kind })
	if of < 0 {
		var known []string
		for _, s := range Samplers {
			known = append(known, s.ID)
		}
		return nil, fmt.Errorf("sampler %q: unknown: choose one of %s", kind, strings.Join(known, ", "))
	}
	if len(indices) == 0 {
		return nil, fmt.Errorf("sampler: no images to draw from: raise n-max")
	}
	s := &Sampler{kind: Samplers[of], epochs: epochs, stand: stand{src: *src}, images: m}
	n := classes(m.Labels)
	s.lists, s.p, s.sum = make([][]int, n), make([]float64, n), make([]float64, n)
	for _, i := range indices {
		if i < 0 || i >= len(m.Labels) {
			return nil, fmt.Errorf("sampler: index %d is outside the %d images", i, len(m.Labels))
		}
	}
	s.take(indices)
	if of == 0 {
		s.order, s.before = append([]int(nil), indices...), make([]int, len(indices))
	}
	s.Epoch(0)
	return s, nil
}

// Vary has the sampler draw in each epoch from the images of a part, which may be others of the same number. It must be the same when
// asked again.
func (s *Sampler) Vary(part func(epoch int) []int) {
	s.part = part
	s.Epoch(s.epoch)
}

// take has the sampler draw from indices.
func (s *Sampler) take(indices []int) {
	s.indices = append(s.indices[:0], indices...)
	for c := range s.lists {
		s.lists[c] = s.lists[c][:0]
	}
	for _, i := range indices {
		c := s.images.Labels[i]
		s.lists[c] = append(s.lists[c], i)
	}
}

// keep remembers the order of the mark, ahead of the first change since.
func (s *Sampler) keep() {
	if !s.shuffled {
		copy(s.before, s.order)
	}
	s.shuffled = true
}

// Steps is the number of whole batches in one pass over the images; the last, smaller one is dropped.
func (s *Sampler) Steps(batch int) int { return len(s.indices) / batch }

// Epoch begins epoch e, counted from 0: instance starts a new shuffle, progressive moves on.
func (s *Sampler) Epoch(e int) {
	if s.part != nil {
		s.take(s.part(e))
		s.keep()
		copy(s.order, s.indices)
	}
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
				s.keep()
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
	if s.part != nil && s.epoch != s.marked.epoch {
		s.take(s.part(s.marked.epoch))
	}
	s.stand = s.marked
	s.weigh()
}

// weigh computes the classes' chances.
func (s *Sampler) weigh() {
	present, last, total, u := 0.0, 0, 0.0, 0.0
	for c, list := range s.lists {
		if len(list) > 0 {
			present, last = present+1, c
		}
	}
	if s.epochs > 1 {
		u = min(float64(s.epoch)/float64(s.epochs-1), 1)
	}
	for c, list := range s.lists {
		if s.p[c] = 0; len(list) == 0 {
			continue
		}
		s.p[c] = s.kind.weight(len(list), float64(len(s.indices)), present, u)
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

package nn

import (
	"cmp"
	"slices"
)

// span is the memory of a map: size floats at off, from one level to another.
type span struct{ size, off, from, to int }

// pack gives every span a place such that no two overlap at once, the largest first and each as low as it goes, and
// returns the memory they need.
func pack(spans []span) (total int) {
	order := make([]*span, len(spans))
	for i := range spans {
		order[i] = &spans[i]
	}
	slices.SortStableFunc(order, func(a, b *span) int { return cmp.Compare(b.size, a.size) })
	var placed []*span // by off
	for _, s := range order {
		if s.to < s.from {
			continue // never used
		}
		for _, p := range placed {
			if p.from <= s.to && s.from <= p.to && p.off < s.off+s.size && s.off < p.off+p.size {
				s.off = p.off + p.size
			}
		}
		at, _ := slices.BinarySearchFunc(placed, s, func(a, b *span) int { return cmp.Compare(a.off, b.off) })
		placed = slices.Insert(placed, at, s)
		total = max(total, s.off+s.size)
	}
	return total
}

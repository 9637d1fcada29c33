package nn

import (
	"cmp"
	"slices"
	"unsafe"
)

// Memory is arrays that are counted before any of them is made, so that who cannot have them all is told at once.
type Memory struct {
	Bytes  int64 // of all arrays
	Device int64 // that a device takes beside, of memory of its own
	make   []func()
}

// Reserve counts an array of n values, which Make puts at dst.
func Reserve[T any](m *Memory, dst *[]T, n int) {
	var value T
	m.Bytes += int64(n) * int64(unsafe.Sizeof(value))
	m.Then(func() { *dst = make([]T, n) })
}

// Then has Make call f, once what was reserved so far is there.
func (m *Memory) Then(f func()) { m.make = append(m.make, f) }

// Make makes all arrays, filled with zeros.
func (m *Memory) Make() {
	for _, f := range m.make {
		f()
	}
	m.make = nil
}

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

package tensor

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestTables holds what looks products up against sums that are told outright.
func TestTables(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, columns := rapid.IntRange(1, 40).Draw(t, "n"), rapid.IntRange(1, 12).Draw(t, "columns")
		row := n + rapid.IntRange(0, 3).Draw(t, "gap")
		seed := rapid.Uint32().Draw(t, "seed")
		next := func() uint32 {
			seed = seed*1664525 + 1013904223
			return seed >> 8
		}
		codes := make([]uint8, row*columns+n)
		for i := range codes {
			codes[i] = uint8(next())
		}
		tall, one := make([]Tall, columns), make([]*Entries, columns)
		for j := range tall {
			one[j] = new(Entries)
			for q := range 256 {
				for r := range Lanes {
					tall[j][q][r] = float32(next()%131072) - 65536
				}
				one[j][q] = tall[j][q][0]
			}
		}
		mem, plain, want := make([]float32, 5+n*Lanes), make([]float32, n*Lanes), make([]float32, n*Lanes)
		for i := range want {
			want[i] = float32(next() % 1000)
		}
		copy(mem[5:], want)
		copy(plain, want)
		single := make([]float32, n)
		for i := range n {
			single[i] = want[i*Lanes]
			for j := range columns {
				for r := range Lanes {
					want[i*Lanes+r] += tall[j][codes[j*row+i]][r]
				}
			}
		}
		LookupRows(mem, 5, n, codes, row, tall)
		same(t, "LookupRows", mem[5:], want)
		lookupRowsGo(plain, codes, row, tall)
		same(t, "LookupRows in plain Go", plain, want)
		LookupAdd(single, codes, row, one)
		for i, v := range single {
			if v != want[i*Lanes] {
				t.Fatalf("LookupAdd: element %d is %v, want %v", i, v, want[i*Lanes])
			}
		}
		if lo, hi := Limits(want); lo != slices.Min(want) || hi != slices.Max(want) {
			t.Fatalf("limits %v and %v of %v", lo, hi, want)
		}
		x, back := []float32{0, 0.9, 1, 254.99, 255, 255.5, 300}, make([]float32, 7)
		own := make([]uint8, len(x))
		Codes(own, x)
		AddCodes(back, own)
		same(t, "Codes", back, []float32{0, 0, 1, 254, 255, 255, 255})
		Lookup(back, own, one[0])
		for i, q := range own {
			if back[i] != one[0][q] {
				t.Fatalf("Lookup: %v of code %d, want %v", back[i], q, one[0][q])
			}
		}
	})
}

package nn

import (
	"testing"

	"pgregory.net/rapid"
)

func TestPackedSpansAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spans := make([]span, rapid.IntRange(0, 40).Draw(t, "spans"))
		for i := range spans {
			from := rapid.IntRange(0, 20).Draw(t, "from")
			spans[i] = span{size: rapid.IntRange(1, 50).Draw(t, "size"), from: from, to: from + rapid.IntRange(-1, 9).Draw(t, "more")}
		}
		total := pack(spans)
		for i, a := range spans {
			if a.to >= a.from && a.off+a.size > total {
				t.Fatalf("%+v ends behind %d", a, total)
			}
			for _, b := range spans[:i] {
				if a.from <= b.to && b.from <= a.to && a.to >= a.from && b.to >= b.from && a.off < b.off+b.size && b.off < a.off+a.size {
					t.Fatalf("%+v and %+v overlap", a, b)
				}
			}
		}
	})
}

package nn

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hlrslab/core/tensor"
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

// TestPlacesFit32Bits plans networks of one map, around the largest whose places a tensor.Tap can tell apart.
func TestPlacesFit32Bits(t *testing.T) {
	refused := map[bool]int{}
	for channels := 3947000; channels < 3949000; channels += 100 {
		g := NewGraph(&Store{}, tensor.NewPool(1), 16, 4)
		g.enter(&State{}, channels, 4, 4) // with its gradient two maps of 4·4·16 values, and 16 between planes
		err := g.Build()
		if floats := g.Store.Memory.Bytes / 4; (err != nil) != (g.reserved >= 1<<31) || floats < 2*272*int64(channels) {
			t.Fatalf("%d floats, %d of them maps: %v", floats, g.reserved, err)
		}
		if refused[err != nil]++; err != nil && !strings.Contains(err.Error(), "8.6 GB") {
			t.Error(err)
		}
	}
	if refused[true] == 0 || refused[false] == 0 {
		t.Errorf("%d were refused, %d not", refused[true], refused[false])
	}
}

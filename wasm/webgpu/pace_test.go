package webgpu

import (
	"testing"
	"time"

	"hlrslab/core/gpu"
)

// TestPace has a GPU of some speed do lists, two pieces at a time: soon each piece takes a slice, however long the way to the GPU.
func TestPace(t *testing.T) {
	list := make([]gpu.Dispatch, 2000)
	var all int64
	for i := range list {
		list[i].Work = int64(1+i%7) * 100_000
		all += list[i].Work
	}
	for _, perSecond := range []float64{1e9, 1e11} {
		for _, way := range []time.Duration{100 * time.Microsecond, 20 * time.Millisecond} {
			p := pace{budget: firstBudget}
			var longest time.Duration
			pieces := 0
			for pass := range 20 {
				longest, pieces = 0, 0
				for rest := list; len(rest) > 0; pieces++ {
					n, work := p.cut(rest)
					takes := time.Duration(float64(work) / perSecond * 1e9)
					if rest = rest[n:]; pieces == 0 {
						p.alone(work, takes+way)
					} else {
						p.took(work, takes)
					}
					longest = max(longest, takes)
				}
				if pass == 0 && pieces < 10 {
					t.Errorf("the first pass at %.0g a second went in %d pieces, before it was known how fast the GPU is", perSecond, pieces)
				}
			}
			most := int(float64(all)/perSecond/slice.Seconds()*2) + 3
			if longest > 2*slice || pieces > most {
				t.Errorf("at %.0g a second and %v away: %d pieces of up to %v, at most %d of %v are needed", perSecond, way, pieces, longest, most, slice)
			}
		}
	}
	// A dispatch of its own goes, however large.
	if n, work := (&pace{budget: 10}).cut([]gpu.Dispatch{{Work: 1000}, {Work: 1}}); n != 1 || work != 1000 {
		t.Errorf("%d dispatches, work %d", n, work)
	}
}

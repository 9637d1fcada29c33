package cpu

import (
	"strings"
	"testing"

	"hlrslab/core/nn"
)

// TestPlacesFit32Bits plans networks of one map, around the largest whose places a tensor.Tap can tell apart.
func TestPlacesFit32Bits(t *testing.T) {
	refused := map[bool]int{}
	for channels := 3947000; channels < 3949000; channels += 100 {
		store := &nn.Store{}
		g := nn.NewBuilder(store, 16, 4)
		g.Leaf(channels, 4, 4) // with its gradient two maps of 4·4·16 values, and 16 between planes
		p, _ := g.Compile()
		e, err := (&Device{}).Compile(p)
		size := e.(*executor).branches[0].size
		if floats := store.Memory.Bytes / 4; (err != nil) != (size >= 1<<31) || floats < 2*272*int64(channels) {
			t.Fatalf("%d floats, %d of them maps: %v", floats, size, err)
		}
		if refused[err != nil]++; err != nil && !strings.Contains(err.Error(), "8.6 GB") {
			t.Error(err)
		}
	}
	if refused[true] == 0 || refused[false] == 0 {
		t.Errorf("%d were refused, %d not", refused[true], refused[false])
	}
}

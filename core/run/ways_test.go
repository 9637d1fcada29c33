package run_test

import (
	"errors"
	"testing"

	. "hlrslab/core/run"
)

// TestWays: each way is a valid configuration that is known again, from whichever other way it comes; and each makes a run of its own.
func TestWays(t *testing.T) {
	natively(t)
	c := short(t)
	c.Nodes, c.ArchRate, c.Channels = 4, 0.05, 4
	did := map[string]string{}
	for _, w := range Ways {
		c, err := c.Goes(w.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", w.ID, err)
		}
		for _, other := range Ways {
			there, _ := c.Goes(other.ID)
			if got := there.Way(); got == nil || got.ID != other.ID {
				t.Errorf("from %s to %s: it goes %v", w.ID, other.ID, got)
			}
		}
		s := text(t, finish(t, start(t, c, 1)))
		if did[s] != "" && w.ID != "skips" { // whose search is DARTS' own where the cell has no more of them
			t.Errorf("%s does what %s does", w.ID, did[s])
		}
		did[s] = w.ID
	}
	c.Cooling = 0.5
	c.Mixture = "sparsemax"
	if w := c.Way(); w != nil {
		t.Errorf("a mixture of ways is taken for %s", w.ID)
	}
	if _, err := c.Goes("nowhere"); err == nil {
		t.Error("there is no such way")
	} else if at, ok := errors.AsType[FieldError](err); !ok || at.Field != "way" {
		t.Error(err)
	}
}

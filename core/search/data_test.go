package search

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"testing"

	"hlrslab/core/data"
)

// TestDataOrder pins which images a run takes in which order, natively and under wasm alike.
func TestDataOrder(t *testing.T) {
	r := start(t, tiny(t), 1)
	h := fnv.New64a()
	for epoch := range 2 {
		r.data.epoch(epoch)
		for range r.Facts().Steps {
			for _, f := range r.data.feeds() {
				r.data.next(f, r.model)
				for _, i := range f.indices {
					if err := binary.Write(h, binary.LittleEndian, uint32(i)); err != nil {
						t.Fatal(err)
					}
				}
				if err := binary.Write(h, binary.LittleEndian, f.images); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if got := h.Sum64(); got != 0x6d1f881221895e69 {
		t.Errorf("the order of the images is %#x", got)
	}
}

// TestPackIsEnough runs on the first images of each class alone, as the page does: the same to the bit as on all of them.
func TestPackIsEnough(t *testing.T) {
	c := tiny(t)
	c.Pool = c.NMax
	first := func(m *data.Images, n int) (out []int) {
		seen := map[uint8]int{}
		for i, y := range m.Labels {
			if seen[y]++; seen[y] <= n {
				out = append(out, i)
			}
		}
		return out
	}
	var b bytes.Buffer
	if err := data.Pack(&b, toy(), first(&toy().Train, c.Pool), first(&toy().Test, c.TestImages/10)); err != nil {
		t.Fatal(err)
	}
	part, err := data.ReadPack(&b)
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(c, part, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, want := text(t, finish(t, r)), text(t, finish(t, start(t, c, 1))); got != want {
		t.Errorf("on the part:\n%s\non all:\n%s", got, want)
	}
}

package run_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"

	"hlrslab/core/data"
	"hlrslab/core/nn"
	. "hlrslab/core/run"
	"hlrslab/core/task"
)

// TestDataOrder pins which images a run takes in which order, natively and under wasm alike.
func TestDataOrder(t *testing.T) {
	r := start(t, tiny(t), 1)
	h := fnv.New64a()
	for epoch := range 2 {
		r.Draw(epoch, func(indices []int, batch nn.Batch) {
			for _, i := range indices {
				if err := binary.Write(h, binary.LittleEndian, uint32(i)); err != nil {
					t.Fatal(err)
				}
			}
			if err := binary.Write(h, binary.LittleEndian, batch.Images); err != nil {
				t.Fatal(err)
			}
		})
	}
	if got := h.Sum64(); got != 0xaeccbc9baaad4169 {
		t.Errorf("the order of the images is %#x", got)
	}
}

// part is d as the page has it: packed and read, the first images of each class alone.
func part(t testing.TB, d *data.Dataset, train, test int) *data.Dataset {
	var b bytes.Buffer
	if err := data.Pack(&b, d, d.Train.First(train), d.Test.First(test)); err != nil {
		t.Fatal(err)
	}
	p, err := data.ReadPack(&b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// moves takes a run of c over between all the images and a part of them at every few steps: it must end as one that stayed.
func moves(t *testing.T, c Config, all, part *data.Dataset) {
	t.Helper()
	whole, err := task.New(c, all, on(2))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(whole.Close)
	want := text(t, finish(t, whole))
	for _, sides := range [][2]*data.Dataset{{all, part}, {part, all}} {
		r, err := task.New(c, sides[0], on(1))
		if err != nil {
			t.Fatal(err)
		}
		var events []Event
		for i := 1; !r.Done(); i++ {
			for range 2*i + 1 {
				e, err := r.Step()
				if err != nil {
					t.Fatal(err)
				}
				events = append(events, e...)
			}
			next, err := task.Restore(bytes.NewReader(snapshot(t, r)), sides[i%2], on(1))
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
			r = next
		}
		if text(t, events) != want || !bytes.Equal(snapshot(t, r), snapshot(t, whole)) {
			t.Errorf("a run that moves between all images and a part ends otherwise (size %d)", c.Size)
		}
		r.Close()
	}
}

// mixed is the toy set in another order: its own has the first images of each class at the same places in a part as in all.
func mixed() *data.Dataset {
	d := *toy()
	for _, m := range []*data.Images{&d.Train, &d.Test} {
		from := *m
		var pixels data.Memory
		*m = data.Images{Size: from.Size}
		for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(from.Len()) {
			m.Labels, pixels = append(m.Labels, from.Labels[i]), append(pixels, from.Pixels.(data.Memory).At(i, from.Size)...)
		}
		m.Pixels = pixels
	}
	return &d
}

func TestMovesBetweenPackAndWhole(t *testing.T) {
	natively(t)
	toy := sync.OnceValue(mixed)
	c := tiny(t)
	c.Pool, c.Epochs, c.Sampler = c.NMax, 2, "sqrt"
	first := part(t, toy(), c.Pool, c.TestImages/10)
	moves(t, c, toy(), first)
	small, err := toy().Resize(16)
	if err != nil {
		t.Fatal(err)
	}
	c.Size, c.Sampler, c.ClassSeed = 8, "instance", 3
	moves(t, c, toy(), part(t, small, c.Pool, c.TestImages/10))

	c.Pool++ // of more than the part has, all images would be other ones
	if r, err := task.New(c, first, on(1)); err == nil {
		r.Close()
		t.Error("a pool larger than the part is taken")
	} else if at, _ := errors.AsType[FieldError](err); at.Field != "pool" {
		t.Error(err)
	}
}

// TestMovesOnRealImages is the same on CIFAR-10: the archive natively, and the page's pack of it.
func TestMovesOnRealImages(t *testing.T) {
	if runtime.GOARCH == "wasm" {
		t.Skip("the archive is read natively")
	}
	f, err := os.Open(os.Getenv("HLRS_DATA"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no CIFAR-10: set HLRS_DATA to its archive (%v)", err)
		}
		t.Skipf("SKIPPED, NOT TESTED: no CIFAR-10: set HLRS_DATA to its archive (%v)", err)
	}
	defer f.Close()
	all, err := data.ReadArchive(f)
	if err != nil {
		t.Fatal(err)
	}
	small, err := all.Resize(16)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Preset("small")
	if err != nil {
		t.Fatal(err)
	}
	c.Channels, c.Layers, c.Nodes, c.NMax, c.Imbalance, c.TestImages, c.Epochs = 2, 3, 2, 60, 10, 50, 2
	moves(t, c, all, part(t, small, 500, 100))
}

// TestPackIsEnough runs on the first images of each class alone, as the page does: the same to the bit as on all of them.
func TestPackIsEnough(t *testing.T) {
	c := tiny(t)
	c.Pool = c.NMax
	r, err := task.New(c, part(t, toy(), c.Pool, c.TestImages/10), on(1))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, want := text(t, finish(t, r)), text(t, finish(t, start(t, c, 1))); got != want {
		t.Errorf("on the part:\n%s\non all:\n%s", got, want)
	}
}

// TestSplitAnew: in each epoch, weights and architecture draw from parts that have no image in common, and in another one from others, by
// the seed of the batches; every image comes to both.
func TestSplitAnew(t *testing.T) {
	c := short(t)
	c.Resplit, c.Sampler, c.Rebalance, c.Epochs = true, "balanced", "instance", 40
	drawn := func(c Config) (parts [2]map[int]bool, first map[int]bool) {
		r := start(t, c, 1)
		parts = [2]map[int]bool{{}, {}}
		for epoch := range c.Epochs {
			now := [2]map[int]bool{{}, {}}
			loader := 0
			r.Draw(epoch, func(indices []int, _ nn.Batch) {
				part := loader % 4 / 2 // two branches of each
				loader++
				for _, i := range indices {
					if now[1-part][i] {
						t.Fatalf("epoch %d: image %d is in both parts", epoch, i)
					}
					now[part][i], parts[part][i] = true, true
				}
			})
			if epoch == 0 {
				first = now[0]
			}
		}
		return parts, first
	}
	parts, first := drawn(c)
	total := 0
	for _, n := range start(t, c, 1).Facts().Counts {
		total += n
	}
	if len(parts[0]) != total || len(parts[1]) != total {
		t.Errorf("of %d images, %d came to the weights and %d to the architecture", total, len(parts[0]), len(parts[1]))
	}
	if _, again := drawn(c); !maps.Equal(again, first) {
		t.Error("the same seed splits differently")
	}
	c.SampleSeed = 7
	if _, other := drawn(c); maps.Equal(other, first) {
		t.Error("another seed splits alike")
	}
	c.Resplit = false
	if parts, _ := drawn(c); len(parts[0])+len(parts[1]) > total {
		t.Error("without new splits, images change sides")
	}
}

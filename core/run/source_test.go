package run_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"hlrslab/core/data"
	"hlrslab/core/nn"
	. "hlrslab/core/run"
	"hlrslab/core/task"
)

var errDisk = errors.New("the disk is gone")

// flaky is a source that fails once, at the left-th read from now, if left is above 0.
type flaky struct {
	data.Source
	left *int
}

func (f flaky) Read(dst []uint8, i int) error {
	if *f.left--; *f.left == 0 {
		clear(dst[:len(dst)/2])
		return errDisk
	}
	return f.Source.Read(dst, i)
}

// TestFailingSource lets a read fail in every step, each time at another image, tests included: nothing has moved then, and the run
// ends as one that nothing disturbed, gone on with or restored.
func TestFailingSource(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, change := range []func(*Config){
		func(*Config) {},
		func(c *Config) { c.Branches, c.ArchLoss, c.Mix, c.Halves = "head", "uniform", "beta", "positional" },
		func(c *Config) { c.Branches, c.Sampler, c.Size, c.Order = "none", "progressive", 32, 2 },
		func(c *Config) { c.FreezeAt, c.DropBelow, c.ArchRate = 1, 0.125, 0.05 },
		func(c *Config) { c.Resplit, c.Rebalance = true, "balanced" },
	} {
		c := tiny(t)
		c.Epochs, c.NMax, c.Imbalance, c.TestImages, c.Size = 2, 16, 4, 20, 8
		change(&c)
		later := c
		later.ArchRate, later.ArchSchedule, later.Mix, later.MixParam = 0.007, "const", "equal", 0

		left := 0
		d := *toy()
		d.Train.Pixels, d.Test.Pixels = flaky{d.Train.Pixels, &left}, flaky{d.Test.Pixels, &left}
		begin := func(d *data.Dataset) *Run {
			r, err := task.New(c, d, on(1))
			if err == nil {
				err = r.Change(later)
			}
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		calm := begin(toy())
		t.Cleanup(calm.Close)
		want := text(t, finish(t, calm))

		r := begin(&d)
		var events []Event
		failed := map[bool]int{} // by whether at a test
		for !r.Done() {
			before, test := snapshot(t, r), r.At == r.Facts().Steps
			left = 1 + rng.IntN(2*c.Batch)
			e, err := r.Step()
			left = 0
			if err == nil {
				events = append(events, e...)
				continue
			}
			failed[test]++
			set := fmt.Sprintf("epoch %d, step %d, training image ", r.Epoch+1, r.At+1)
			if test {
				set = fmt.Sprintf("epoch %d, test, test image ", r.Epoch+1)
			}
			if !errors.Is(err, errDisk) || !strings.HasPrefix(err.Error(), set) || len(e) > 0 {
				t.Fatalf("%v, with %d events, want %s…", err, len(e), set)
			}
			if !bytes.Equal(snapshot(t, r), before) {
				t.Fatalf("%v: and the run has moved", err)
			}
			if failed[test]%4 == 0 {
				r.Close()
				if r, err = task.Restore(bytes.NewReader(before), &d, on(1)); err != nil {
					t.Fatal(err)
				}
			}
			if e, err = r.Step(); err != nil {
				t.Fatal(err)
			}
			events = append(events, e...)
		}
		if failed[false] < 4 || failed[true] < 2 {
			t.Errorf("failed in %d steps and %d tests", failed[false], failed[true])
		}
		if text(t, events) != want || !bytes.Equal(snapshot(t, r), snapshot(t, calm)) {
			t.Errorf("%s, %s: a run whose images failed to be read ends otherwise", c.Branches, c.Sampler)
		}
		r.Close()
	}
}

func TestDrawnFails(t *testing.T) {
	left := 0
	d := *toy()
	d.Train.Pixels = flaky{d.Train.Pixels, &left}
	r, err := task.New(tiny(t), &d, on(1))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Step(); err != nil {
		t.Fatal(err)
	}
	left = 2
	if _, _, _, err := r.Drawn(0); !errors.Is(err, errDisk) || !strings.HasPrefix(err.Error(), "epoch 1, step 2, training image ") {
		t.Error(err)
	}
	if pixels, labels, size, err := r.Drawn(0); err != nil || len(labels) != r.Config().Batch || len(pixels) != len(labels)*3*size*size {
		t.Errorf("%d bytes, %d labels, %v", len(pixels), len(labels), err)
	}
}

// stripes is a source that holds nothing: images are drawn as they are read.
type stripes struct{ labels []int }

func (s stripes) Read(dst []uint8, i int) error {
	for p := range dst {
		dst[p] = uint8(p*(1+s.labels[i]) + i)
	}
	return nil
}

// many is a set of so many classes, the last one first.
func many(classes int) *data.Dataset {
	images := func(each int) data.Images {
		labels := make([]int, classes*each)
		for i := range labels {
			labels[i] = classes - 1 - i%classes
		}
		return data.Images{Size: 8, Labels: labels, Pixels: stripes{labels}}
	}
	d := &data.Dataset{Name: "own", Train: images(4), Test: images(1)}
	for i := range classes {
		d.Classes = append(d.Classes, fmt.Sprint("class ", i))
	}
	return d
}

// TestManyClasses searches an epoch on more classes than a byte tells apart, from a source that is not in memory.
func TestManyClasses(t *testing.T) {
	const classes = 300
	d := many(classes)
	c := tiny(t)
	c.Dataset, c.Epochs, c.Size, c.NMax, c.Imbalance, c.TestImages, c.Batch = "own", 2, 8, 4, 2, classes, 32
	r, err := task.New(c, d, on(2))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	high := 0
	for r.Epoch == 0 {
		if _, err := r.Step(); err != nil {
			t.Fatal(err)
		}
		_, labels, _, err := r.Drawn(0)
		if err != nil {
			t.Fatal(err)
		}
		for _, y := range labels {
			high = max(high, y)
		}
	}
	if high < 256 || high >= classes {
		t.Errorf("the highest label drawn is %d", high)
	}
	if _, err := r.Step(); err != nil {
		t.Fatal(err)
	}
	again, err := task.Restore(bytes.NewReader(snapshot(t, r)), d, on(1))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if text(t, finish(t, again)) != text(t, finish(t, r)) || !bytes.Equal(snapshot(t, again), snapshot(t, r)) {
		t.Error("restored, it ends otherwise")
	}

	d = many(nn.MaxClasses + 1)
	c.TestImages = len(d.Classes)
	if _, err := task.New(c, d, on(1)); err == nil || err.Error() != "1025 classes, and a network tells 1024 apart: leave some out" {
		t.Errorf("more classes than a network has: %v", err)
	}
	d = many(3)
	d.Train.Labels[1] = 1 << 40
	if _, err := task.New(c, d, on(1)); err == nil || !strings.Contains(err.Error(), "image 1 has label 1099511627776, and of 3 classes the labels are 0 to 2") {
		t.Errorf("a label without a class: %v", err)
	}
}

// TestNorm: that of CIFAR-10 is what a set without one has; another gives other batches, in tests, too.
func TestNorm(t *testing.T) {
	c := tiny(t)
	c.Epochs, c.NMax, c.Imbalance = 1, 16, 2
	run := func(n *data.Norm) string {
		d := *toy()
		d.Norm = n
		r, err := task.New(c, &d, on(1))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		return text(t, finish(t, r))
	}
	plain := run(nil)
	if run(&data.CIFAR10) != plain {
		t.Error("CIFAR-10's norm is not what there is without one")
	}
	other := data.CIFAR10
	other.Mean[1] = 0.3
	if run(&other) == plain {
		t.Error("another norm changes nothing")
	}
}

// TestBatchesAllocateNothing: drawing takes no memory, nor does keeping the way back.
func TestBatchesAllocateNothing(t *testing.T) {
	c := tiny(t)
	c.Size = 8
	r := start(t, c, 1)
	if n := testing.AllocsPerRun(3, func() { r.Draw(0, func([]int, nn.Batch) {}) }); n != 0 {
		t.Errorf("%v allocations in an epoch", n)
	}
}

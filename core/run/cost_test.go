package run_test

import (
	"runtime"
	"strings"
	"testing"

	. "hlrslab/core/run"
	"hlrslab/core/task"
)

// TestCostIsWhatARunTakes compares what was said with what New finds and takes from the heap.
func TestCostIsWhatARunTakes(t *testing.T) {
	held := func() int64 {
		var m runtime.MemStats
		for range 2 {
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for _, change := range []func(*Config){
		func(c *Config) {},
		func(c *Config) { c.Order, c.Branches = 2, "none" },
		func(c *Config) { c.Branches, c.Halves, c.Imbalance = "head", "positional", 2 },
		func(c *Config) { c.FreezeAt, c.Resplit, c.WeightShare = 1, true, 0.8 },
		func(c *Config) { c.Branches, c.Batch, c.Layers, c.Nodes = "concat", 24, 4, 3 },
	} {
		c := tiny(t)
		c.Channels, c.Batch = 16, 16
		change(&c)
		for _, threads := range []int{1, 2, 5} {
			cost, err := task.Cost(c, 10, on(1))
			if err != nil {
				t.Fatal(err)
			}
			toy()
			before := held()
			r := start(t, c, threads)
			took := held() - before
			if f := r.Facts(); f.Steps != cost.Steps || f.Params != cost.Params {
				t.Errorf("%+v was said of %d steps and %d weights", cost, f.Steps, f.Params)
			}
			took -= r.Resized()
			// What is not counted: the program of phases, and the threads beyond the first.
			if d := took - cost.Bytes; d < 0 || d > cost.Bytes/50*int64(threads)+1<<20 {
				t.Errorf("%s, batch %d, %d threads: %d bytes were said, %d are held", c.Branches, c.Batch, threads, cost.Bytes, took)
			}
			runtime.KeepAlive(r)
		}
	}
}

// TestTooLargeIsRefused: nothing is made of what cannot be; today's machines would end in a trace of the runtime.
func TestTooLargeIsRefused(t *testing.T) {
	var before, after runtime.MemStats
	huge := tiny(t)
	huge.Size, huge.Channels, huge.Layers, huge.Nodes, huge.Batch, huge.Order, huge.Imbalance = 32, 64, 20, 4, 512, 2, 1
	huge.NMax, huge.Pool = 200, 200
	runtime.ReadMemStats(&before)
	cost, err := task.Cost(huge, 10, on(1))
	_, refused := task.New(huge, toy(), on(1))
	runtime.ReadMemStats(&after)
	if err == nil || refused == nil || refused.Error() != err.Error() {
		t.Fatalf("Cost: %v; New: %v", err, refused)
	}
	for _, want := range []string{"batch: 512 images", "64 channels", "20 cells", "166.5 GB", "lower batch, channels"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if cost.Bytes < 350e9 || cost.Params < 60e6 {
		t.Errorf("the cost is told as %+v", cost)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<30 {
		t.Errorf("to say so took %d bytes", took)
	}
}

// TestRoom: the paper's base fits a native process, and no browser's address space.
func TestRoom(t *testing.T) {
	cost, err := task.Cost(Default(), 10, on(1))
	if wasm := runtime.GOARCH == "wasm"; wasm != (err != nil) {
		t.Errorf("%+v: %v", cost, err)
	} else if wasm && !strings.Contains(err.Error(), "they would take 4.2 GB of memory, and there are 3.2 GB in a browser: lower batch") {
		t.Error(err)
	}
}

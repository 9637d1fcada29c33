package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/core/task"
)

// TestProgress takes a run whose steps take 40 seconds of a clock of its own, and its batches of test images 5.
func TestProgress(t *testing.T) {
	c, err := run.Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	c.Epochs, c.Nodes, c.Size, c.NMax, c.Imbalance, c.Batch, c.TestImages, c.Branches = 2, 1, 8, 4, 1, 10, 10, "none"
	r, err := task.New(c, data.Toy(1), &cpu.Device{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d := newDisplay(r, run.Cost{}, &Machine{Threads: 1})
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	d.out, d.bar, d.every, d.next, d.now = &out, nil, 30*time.Second, clock.Add(2*time.Second), func() time.Time { return clock }
	var silent time.Duration
	for !r.Done() {
		training := r.At < r.Facts().Steps
		events, err := r.Step()
		if err != nil {
			t.Fatal(err)
		}
		// A step of the run has passed; its clock now goes on, with looks in between as the run gives them.
		took := 5 * time.Second
		if training {
			took = 40 * time.Second
		}
		for range took / (5 * time.Second) {
			clock = clock.Add(5 * time.Second)
			before := out.Len()
			if d.tick(); out.Len() > before {
				silent = 0
			} else if silent += 5 * time.Second; silent > 30*time.Second {
				t.Fatalf("silent for %v after:\n%s", silent, out.String())
			}
		}
		before := out.Len()
		if d.took(events, took); out.Len() > before {
			silent = 0
		}
	}
	f := r.Facts()
	if f.Steps != 2 || tests(c, len(f.Classes)) != 2 {
		t.Fatalf("%d steps", f.Steps)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for _, want := range []string{
		`^epoch 1/2, step 2/2$`,                               // of the first step nothing is known yet
		`^epoch 1/2, test, 40 s a step, 107 s left$`,          // 2 × 40, and 4 tests, taken for 40/6 each
		`^epoch 1: .*accuracy .*, 40 s a step, 90 s left$`,    // 2 × 40 and 2 × 5
		`^epoch 2/2, test, [0-9.]+ %, 40 s a step, 10 s left`, // 2 × 5
		`^epoch 2: .*accuracy [0-9.]+ % \(head .*\)$`,
	} {
		found := false
		for _, line := range lines {
			found = found || regexp.MustCompile(want).MatchString(line)
		}
		if !found {
			t.Errorf("no line is like %s:\n%s", want, out.String())
		}
	}
}

package main

import (
	"errors"
	"fmt"
	"testing"

	"hlrslab/core/run"
)

// TestEstimate: a run of more epochs takes as much longer, by what one took, and memory grows by a job for each more at once.
func TestEstimate(t *testing.T) {
	c, err := run.Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	c.Nodes, c.Size, c.NMax, c.Imbalance, c.Batch, c.TestImages, c.Epochs = 1, 8, 4, 1, 10, 10, 1
	e := newEstimate(&Machine{Threads: 1}, 1)
	took, err := e.timed(t.Context(), c, 2)
	if err != nil || took <= 0 {
		t.Fatal(took, err)
	}
	c.Epochs = 1000
	if long, err := e.timed(t.Context(), c, 2); err != nil || long < 3*took {
		t.Errorf("%v, and of one epoch %v (%v)", long, took, err)
	}
	e = &estimate{base: 50, after: 58, job: 10, garbage: 5}
	if one, four := e.memory(1), e.memory(4); one != 65 || four != 95 {
		t.Errorf("%d and %d bytes", one, four)
	}
}

// TestInLine: an error of several, each of which may say the same, is one line.
func TestInLine(t *testing.T) {
	full := errors.New("x: full")
	if got := inLine(errors.Join(full, fmt.Errorf("saving: %w", errors.Join(full, errors.New("y"))), full)); got != "x: full; saving: x: full; y" {
		t.Error(got)
	}
}

// TestShare: of a job, that counts which this process has done.
func TestShare(t *testing.T) {
	p, err := readStudy("../studies/abstract-small.json")
	if err != nil {
		t.Fatal(err)
	}
	d := &studyDisplay{here: map[int]int{1: 5}}
	d.folder.Plan = p
	if got, all := d.share(1), p.Jobs[1].Config.Epochs+p.Jobs[1].Train.Epochs; got != 5/float64(all) || d.share(0) != 0 {
		t.Errorf("%v of %d epochs", got, all)
	}
}

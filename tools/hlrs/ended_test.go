package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"hlrslab/core/run"
)

// TestEnded: where a task ended its run before the last epoch, the epoch's line, both last lines and hlrs show say so, and why.
func TestEnded(t *testing.T) {
	const why = "the cells have collapsed"
	for _, kind := range kinds {
		c, err := kind.preset("tiny")
		if err != nil {
			t.Fatal(err)
		}
		e := run.Event{Kind: run.EpochDone, Epoch: 1, Ended: why, Report: &run.Report{Classes: []int{0}, PerClass: []float64{1}}}
		r := run.Record{Config: c, Facts: run.Facts{Classes: []string{"one"}, Counts: []int{1}}, Events: []run.Event{e}}
		if line := epoch(c, e); !strings.HasSuffix(line, "; here it ends: "+why) {
			t.Errorf("%s: %s", kind.task, line)
		}
		var text, raw, shown bytes.Buffer
		if err := new(taskCommand).summary(&text, r, "dir", 0); err != nil || !strings.HasPrefix(text.String(), "ended after 2 epochs of 3: "+why+"\n") {
			t.Errorf("%s: %s, %v", kind.task, &text, err)
		}
		var line struct {
			Ended  string
			Epochs int
		}
		if err := (&taskCommand{JSON: true}).summary(&raw, r, "dir", 0); err != nil || json.Unmarshal(raw.Bytes(), &line) != nil || line.Ended != why || line.Epochs != 2 {
			t.Errorf("%s: %s, %v", kind.task, &raw, err)
		}
		if err := show(&shown, []run.Record{r}, []string{"dir"}); err != nil || !strings.Contains(shown.String(), "2 of 3, ended: "+why+"\n") {
			t.Errorf("%s: %s, %v", kind.task, &shown, err)
		}
	}
}

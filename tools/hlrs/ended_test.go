package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/core/task"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/runfolder"
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

// TestDiskFull: where the disk has no room, a run says for which file, what of it is there, and how it goes on.
func TestDiskFull(t *testing.T) {
	config, err := run.Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	config.Size, config.Epochs = 8, 2
	for epoch, left := range []string{"last.safetensors: there is no room left on the disk; no epoch of it had ended; make room, then begin it again", "run as it was after epoch 1; make room, then go on with: "} {
		var f *runfolder.Folder
		d := disk.Disk{Before: func(op, path string) error {
			if op == "write" && f != nil && f.Run.Epoch >= 2*epoch {
				return syscall.ENOSPC
			}
			return nil
		}}
		f, err := runfolder.New(d, t.TempDir(), false, func() (*run.Run, error) { return task.New(config, data.Toy(1), &cpu.Device{Threads: 1}) })
		if err != nil {
			t.Fatal(err)
		}
		err = f.Go(t.Context(), runfolder.Session{}, func([]run.Event, time.Duration) {})
		c := taskCommand{}
		c.Task = run.Search
		if got := c.after(err, f); !errors.Is(got, disk.ErrFull) || !strings.Contains(got.Error(), left) || epoch > 0 && !strings.Contains(got.Error(), "search --resume "+f.Dir) {
			t.Errorf("%v, not %s", got, left)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

package studyfolder

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/core/study"
	"hlrslab/core/task"
	"hlrslab/tools/internal/disk"
)

// TestOneProcess: from its search to the end of its training, a job is one process's, also where neither run is under way.
func TestOneProcess(t *testing.T) {
	s, err := study.Read(strings.NewReader(`{"base": {"preset": "tiny", "epochs": 1, "nodes": 1, "size": 8}, "then-train": {"preset": "tiny", "epochs": 1}, "seeds": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Expand()
	if err != nil {
		t.Fatal(err)
	}
	f, err := Freeze(t.TempDir(), plan)
	if err != nil {
		t.Fatal(err)
	}
	device := &cpu.Device{Threads: 1}
	var other error // of a process that comes between the search and the training
	m := Maker{
		New: func(c run.Config) (*run.Run, error) {
			if c.Task == run.Train {
				_, other = f.Do(t.Context(), 0, Maker{})
			}
			return task.New(c, data.Toy(1), device)
		},
		Restore: func(_ run.Record, snapshot io.Reader) (*run.Run, error) {
			return task.Restore(snapshot, data.Toy(1), device)
		},
		Began:    func(*run.Run) {},
		Progress: func(*run.Run, []run.Event, time.Duration) {},
	}
	done, err := f.Do(context.Background(), 0, m)
	if err != nil || !done || !errors.Is(other, disk.ErrLocked) {
		t.Errorf("done %v (%v), and the other process: %v", done, err, other)
	}
	if got := f.Look(0); got.State != Done || f.Damaged(0) != nil {
		t.Errorf("%v, %v", got.State, f.Damaged(0))
	}
}

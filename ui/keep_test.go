package ui

import (
	"bytes"
	"strings"
	"testing"

	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/core/task"
)

// TestClassNames has classes called by name before a run has read any data, in the order of the long tail.
func TestClassNames(t *testing.T) {
	l := NewLab(host{})
	for set, head := range map[string]string{"toy": "rows", "cifar10": "airplane"} {
		l.Set("dataset", set)
		l.Act("add")
		if text := l.Paint("classes"); !strings.Contains(text, ">"+head+"<") || strings.Contains(text, "class 1") {
			t.Errorf("%s: no %s: %s", set, head, text)
		}
	}
	l.Set("class-seed", "3")
	counts, order, err := l.counts()
	if err != nil {
		t.Fatal(err)
	}
	if order[0] == 0 && order[1] == 1 && order[2] == 2 {
		t.Error("the classes are not permuted")
	}
	for i := range order[1:] {
		if counts[order[i]] < counts[order[i+1]] {
			t.Errorf("not from head to tail: %v of %v", order, counts)
		}
	}
	l.Own = &Own{Name: "own", Size: 32, Classes: []string{"cats", "dogs", "owls"}, Train: 90, Test: 30, Least: 30}
	l.Set("dataset", "own")
	l.Set("n-max", "30")
	l.Set("imbalance", "2")
	l.Set("class-seed", "0")
	if text := l.Paint("classes"); !strings.Contains(text, ">cats<") {
		t.Errorf("own images: %s", text)
	}
}

// bytesFile is a run's file in this program's memory.
type bytesFile []byte

func (f bytesFile) Bytes() []byte { return f }

// snapshot is a finished run's file.
func snapshot(t *testing.T, c run.Config) bytesFile {
	t.Helper()
	r, err := task.New(c, data.Toy(1), &cpu.Device{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for !r.Done() {
		if _, err := r.Step(); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := r.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestImport puts runs that are opened beside those there are: only one that shows nothing makes room.
func TestImport(t *testing.T) {
	c, err := run.Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	c.Epochs = 1
	file := snapshot(t, c)
	l := NewLab(nil)
	l.Import("first", "1", file)
	l.Import("second", "2", file)
	l.Import("dropped", "", file)
	var names []string
	for _, r := range l.Runs {
		names = append(names, r.Name)
	}
	if got := strings.Join(names, ", "); got != "first, second, dropped" {
		t.Errorf("on the page: %s", got)
	}
	l.Import("first", "1", file)
	if len(l.Runs) != 3 || l.Run().Name != "first" {
		t.Errorf("a run that is there is opened: %d runs, %s in focus", len(l.Runs), l.Run().Name)
	}
}

package ui

import (
	"bytes"
	"fmt"
	"slices"
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
	l.Own = &Own{Name: "own", Size: 32, Classes: []string{"cats", "dogs", "owls"}, Train: 90, Test: 30, Least: 30, LeastTest: 10}
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

// memory is a store in this program's memory, whose list follows at once.
type memory struct {
	host
	lab   *Lab
	files map[string]File
	focus string
}

func (m *memory) Keep(k Kept, file File) {
	m.files[k.Key] = file
	m.Forget(k.Key)
	m.lab.Stored(append(slices.Clone(m.lab.Kept), k))
}

func (m *memory) Forget(key string) {
	m.lab.Stored(slices.DeleteFunc(slices.Clone(m.lab.Kept), func(k Kept) bool { return k.Key == key }))
}

func (m *memory) Fetch(key string, f func(File, bool)) { f(m.files[key], true) }
func (m *memory) Focus(id string)                      { m.focus = id }

// stored is a page with a store of runs, each at its end or in the middle of two epochs, and nothing of them on it.
func stored(t *testing.T, done ...bool) (*Lab, *memory) {
	t.Helper()
	c := tiny(t)
	whole := snapshot(t, c)
	c.Epochs = 2
	r, err := task.New(c, data.Toy(1), &cpu.Device{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for over := false; !over; {
		events, err := r.Step()
		if err != nil {
			t.Fatal(err)
		}
		over = slices.ContainsFunc(events, func(e run.Event) bool { return e.Kind == run.EpochDone })
	}
	var half bytes.Buffer
	if err := r.Snapshot(&half); err != nil {
		t.Fatal(err)
	}
	m := &memory{files: map[string]File{}}
	m.lab = NewLab(m)
	var kept []Kept
	for i, done := range done {
		k := Kept{Key: fmt.Sprint("k", i), Name: fmt.Sprint("kept ", i), Config: c, Epochs: 1, Done: done, When: int64(i)}
		if m.files[k.Key] = bytesFile(half.Bytes()); done {
			m.files[k.Key], k.Config = whole, tiny(t)
		}
		kept = append(kept, k)
	}
	m.lab.Stored(kept)
	return m.lab, m
}

// TestOffer offers what was left unfinished when the page was left, a few of them, in the laboratory alone, until it is told not to: no
// run that the person has taken off the page, or resets, now or before.
func TestOffer(t *testing.T) {
	l, m := stored(t, false, true, false, false, false, false)
	if text := l.offer(); strings.Count(text, "open:") != offered || !strings.Contains(text, "2 more") || strings.Contains(text, "kept 1") {
		t.Errorf("five runs were left: %s", text)
	}
	if l.Act("place:lessons"); l.offer() != "" {
		t.Errorf("in the lessons: %s", l.offer())
	}
	l.Act("place:")
	l.Act("open:k5")
	l.Act("add")
	l.Remove(0)
	if text := l.offer(); strings.Contains(text, "kept 5") {
		t.Errorf("taken off the page, and offered: %s", text)
	}
	l.Act("open:k4")
	l.Act("reset:")
	if text := l.offer(); strings.Contains(text, "kept 4") {
		t.Errorf("reset, and offered: %s", text)
	}
	again := &memory{files: m.files} // the page is loaded again
	again.lab = NewLab(again)
	again.lab.Stored(l.Kept)
	if left := again.lab.Unfinished(); len(left) != 3 {
		t.Errorf("after a reload: %v", left)
	}
	if l.Act("later:"); l.offer() != "" {
		t.Errorf("closed, and there: %s", l.offer())
	}
}

// TestCompareTicked shows the comparison of the runs that were chosen, of these alone; what made room comes back. A refusal goes nowhere.
func TestCompareTicked(t *testing.T) {
	l, m := stored(t, true, true, true, true, true, true, true)
	recording, _ := theRecording(t)
	l.Await()
	l.Show(recording)
	before := names(l)
	l.Act("place:runs")
	m.focus = ""
	l.Act("tick:k1:on")
	if l.Act("compare:"); l.Notice != Text.NoneTicked || l.Place != Shelf {
		t.Errorf("of one run: %q, in %q", l.Notice, l.Place)
	}
	l.Act("tick:k2:on")
	l.Act("tick:k4:on")
	l.Act("compare:")
	if got := strings.Join(names(l), ", "); got != "kept 1, kept 2, kept 4" || m.focus != "card-compare" || l.Place != Explore {
		t.Errorf("on the page: %s, in view: %q", got, m.focus)
	}
	if l.Act("undo:"); !slices.Equal(names(l)[:len(before)], before) {
		t.Errorf("taken back: %q", names(l))
	}
	for _, key := range []string{"k0", "k3", "k5", "k6"} {
		l.Act("tick:" + key + ":on")
	}
	l.Act("place:runs")
	if l.Act("compare:"); l.Notice == "" || l.Place != Shelf {
		t.Errorf("seven runs: %q, in %q", l.Notice, l.Place)
	}
	for len(l.Runs) < Most {
		l.Act("add")
	}
	l.FocusOn(0)
	l.Act("place:runs")
	if l.Act("open:k6"); l.Notice == "" || l.Place != Shelf {
		t.Errorf("no room: %q, in %q", l.Notice, l.Place)
	}
}

// TestNames gives no run the name of another, on the page or in the store, and calls an opened file by its run's name.
func TestNames(t *testing.T) {
	l, m := stored(t, true)
	k := l.Kept[0]
	k.Key, k.Name = "a", "A"
	m.files["a"] = m.files["k0"]
	l.left = nil // as the page comes
	l.Stored([]Kept{k})
	l.Act("add")
	if got := strings.Join(names(l), ", "); got != "B, C" {
		t.Errorf("beside a kept A: %s", got)
	}
	if l.Act("open:a"); l.Run().Name != "A" {
		t.Errorf("A itself is opened as %s", l.Run().Name)
	}
	for file, want := range map[string]string{
		"hlrs-long-tail-last.safetensors": "Long tail", "hlrs-a-last (1).safetensors": "A", "last.safetensors": "last", "mine (2).safetensors": "mine",
	} {
		if got := runOf(file); got != want {
			t.Errorf("%s is opened as %s, not %s", file, got, want)
		}
	}
}

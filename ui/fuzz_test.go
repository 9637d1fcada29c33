package ui

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"testing"

	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/core/task"
)

// paint paints all there is of a page, tables and all.
func paint(l *Lab) {
	l.Session()
	for _, c := range l.Cards() {
		if c.Hidden {
			continue
		}
		l.Paint(c.ID)
		l.Paint(c.ID + "-table")
	}
	for _, id := range []string{"status", "announcement", "arch", "arch-table", "mix", "mix-table", "more", "offer"} {
		l.Paint(id)
	}
}

// FuzzAddress goes to any address and turns any control to any value: the page can be painted, and its address leads to it again.
func FuzzAddress(f *testing.F) {
	f.Add("#seed=1&channels=2&arch-schedule=drawn&arch-points=0:1,1:0", "epochs", "3")
	f.Add("#batch=513&size=9&test-images=11&dataset=&pace=3", "seed", "")
	f.Add("epochs=1000&arch-schedule=step&arch-milestones=1,2,,NaN", "mix", "drawn")
	f.Add("#%zz&", "imbalance", "NaN")
	f.Add("#arch-rate=NaN&decay=inf&arch-milestones=NaN", "arch-rate", "-Inf")
	f.Add("#n-max=2&rate=1e300&mix-points=0:1,1:0", "arch-schedule", "drawn")
	f.Add("#mix=none", "arch-schedule", "drawn")
	f.Add("#arch-schedule=none", "mix", "drawn")
	f.Fuzz(func(t *testing.T, address, name, value string) {
		l := NewLab(host{})
		l.Go(address)
		paint(l)
		if _, known := run.FieldOf(name); known {
			l.Set(name, value)
			paint(l)
		}
		again := NewLab(host{})
		again.Go(l.Address())
		if l.Address() != again.Address() && l.Address() != "" {
			t.Errorf("%q leads to %q", l.Address(), again.Address())
		}
	})
}

// aRecord is the record of a run of seconds.
func aRecord(t testing.TB) run.Record {
	c, err := run.Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	c.NMax, c.Imbalance, c.TestImages, c.Epochs, c.Nodes = 12, 2, 10, 2, 1
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
	return r.Record()
}

// FuzzShow shows any record that is valid: the page can be painted, at every epoch.
func FuzzShow(f *testing.F) {
	raw, err := json.Marshal(aRecord(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		shown(raw)
	})
}

// shown paints a record at all epochs, if it is valid.
func shown(raw []byte) bool {
	var r run.Record
	if json.Unmarshal(raw, &r) != nil {
		return false
	}
	recording := run.Recording{Seeds: []uint64{1}, Variants: []run.Variant{{Name: "Recorded", Search: []float64{0.2}, Trained: []float64{0.3}, Record: &r}}}
	if recording.Validate() != nil {
		return false
	}
	l := NewLab(host{})
	l.Await()
	l.Show(recording)
	if len(l.Runs) != 1 || l.Runs[0].Name != "Recorded" {
		panic("the recorded run is not there")
	}
	for l.Epoch = -1; l.Epoch < min(3, r.Config.Epochs); l.Epoch++ {
		paint(l)
	}
	return true
}

// TestShowTrustsNothing changes each number of a record: it is refused, or it can be painted.
func TestShowTrustsNothing(t *testing.T) {
	raw, err := json.Marshal(aRecord(t))
	if err != nil {
		t.Fatal(err)
	}
	if !shown(raw) {
		t.Fatal("the record itself is refused")
	}
	taken := 0
	for _, at := range regexp.MustCompile(`[-0-9.e]+[,}\]]`).FindAllIndex(raw, -1) {
		for _, other := range []string{"-1", "9", "1e9", "0.5"} {
			if shown(slices.Concat(raw[:at[0]], []byte(other), raw[at[1]-1:])) {
				taken++
			}
		}
	}
	if taken == 0 {
		t.Error("none is taken, and rates and losses could be others")
	}
}

// theRecording is what comes with the page, and its file.
func theRecording(t *testing.T) (r run.Recording, raw []byte) {
	t.Helper()
	raw, err := os.ReadFile("../public/replay.json")
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r, raw
}

// TestReplayIsValid holds the recording that comes with the page against what the page asks of any.
func TestReplayIsValid(t *testing.T) {
	r, raw := theRecording(t)
	if err := r.Validate(); err != nil {
		t.Error(err)
	}
	if err := json.Unmarshal(bytes.Replace(raw, []byte(`"per-class":[`), []byte(`"per-class":[0,`), 1), &r); err != nil || r.Validate() == nil {
		t.Errorf("a class too many is taken (%v)", err)
	}
}

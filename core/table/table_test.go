package table

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/core/task"
)

func record(t *testing.T) run.Record {
	c, err := run.Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	c.Epochs = 2
	r, err := task.New(c, data.Toy(1), &cpu.Device{Threads: 4})
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

func TestCSV(t *testing.T) {
	r := record(t)
	changed := r.Config
	changed.ArchRate = 0.05 // from the second epoch on
	other := r
	other.Facts.Classes = append([]string{"rows"}, "another")
	other.Events = nil
	for _, e := range r.Events {
		if e.Kind == run.EpochDone && e.Epoch == 1 {
			other.Events = append(other.Events, run.Event{Kind: run.Changed, Epoch: 1, Config: &changed})
		}
		other.Events = append(other.Events, e)
	}
	names := []string{"parabolic, \"seed 1\"", "again"}
	var b bytes.Buffer
	if err := CSV(&b, []run.Record{r, other}, names); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(lines[0], " "), "run epoch loss arch-loss rate arch-rate mix accuracy head medium tail discrete entropy skip pool conv test-loss calibration dropped dropped-accuracy tau-normalised energy accuracy.rows accuracy.columns "; !strings.HasPrefix(got, want) {
		t.Errorf("header %s, not %s", got, want)
	}
	column := map[string]int{}
	for i, name := range lines[0] {
		if _, twice := column[name]; twice {
			t.Errorf("two columns are called %s", name)
		}
		column[name] = i
	}
	for _, f := range run.Fields() {
		for i, line := range lines[1:] {
			want := f.Value(r.Config)
			if f.Name == "arch-rate" && i == 3 {
				want = "0.05"
			}
			if at, ok := column["config."+f.Name]; !ok || line[at] != want {
				t.Errorf("line %d: %s is not %s", i+1, f.Name, want)
			}
		}
	}
	for i, line := range lines[1:] {
		if first := line[column["accuracy.columns"]]; (first == "") != (i >= 2) { // which the second run has not, but "another"
			t.Errorf("line %d: the accuracy of columns is %q", i+1, first)
		}
		if first := line[column["accuracy.another"]]; (first == "") != (i < 2) {
			t.Errorf("line %d: the accuracy of another is %q", i+1, first)
		}
	}
	at := 1
	for _, name := range names {
		epoch := 0
		for _, e := range r.Events {
			if e.Kind != run.EpochDone {
				continue
			}
			epoch++
			line, p := lines[at], e.Report
			at++
			if line[0] != name || line[1] != strconv.Itoa(epoch) {
				t.Errorf("line %q is not epoch %d of %q", line, epoch, name)
			}
			for k, c := range p.Classes {
				if got, err := strconv.ParseFloat(line[column["accuracy."+r.Facts.Classes[c]]], 64); name == names[0] && (err != nil || got != p.PerClass[k]) {
					t.Errorf("accuracy of %s in epoch %d: %v, not %v", r.Facts.Classes[c], epoch, got, p.PerClass[k])
				}
			}
			for i, want := range []float64{
				e.Loss, e.ArchLoss, e.Rate, e.ArchRate, e.Mix, p.Accuracy, p.Head, p.Medium, p.Tail, p.Discrete, p.Entropy,
				float64(p.Counts["skip"]), float64(p.Counts["pool"]), float64(p.Counts["conv"]),
				p.TestLoss, p.Calibration,
			} {
				if got, err := strconv.ParseFloat(line[2+i], 64); err != nil || got != want {
					t.Errorf("%s of epoch %d: %s, not %v", lines[0][2+i], epoch, line[2+i], want)
				}
			}
		}
	}
	if at != 5 || len(lines) != 5 {
		t.Errorf("%d lines, of which %d are known: two runs of two epochs have four, and a header", len(lines), at)
	}
}

// TestTraining: a training has no architecture, ResNet-32 no genotype, and a run a τ-normalised accuracy where it is asked for.
func TestTraining(t *testing.T) {
	searched := record(t)
	cells, resnet := searched, searched
	cells.Events, resnet.Events = nil, nil
	cells.Config.Task, resnet.Config.Task = "train", "train"
	resnet.Config.Network, resnet.Config.Tau = "resnet-32", 1
	for _, e := range searched.Events {
		if e.Report != nil {
			p := *e.Report
			p.Entropy, p.Discrete = 0, 0
			p.Energy = 0.6
			e.Report = &p
			cells.Events = append(cells.Events, e)
			q := p
			q.Counts, q.TauNormalised, q.Energy = nil, 0.5, 0
			e.Report = &q
			resnet.Events = append(resnet.Events, e)
		}
	}
	var b bytes.Buffer
	if err := CSV(&b, []run.Record{searched, cells, resnet}, []string{"search", "cells", "resnet"}); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ column, has string }{
		{"loss", "search cells resnet"},
		{"test-loss", "search cells resnet"},
		{"calibration", "search cells resnet"},
		{"arch-loss", "search"},
		{"arch-rate", "search"},
		{"discrete", "search"},
		{"entropy", "search"},
		{"skip", "search cells"},
		{"conv", "search cells"},
		{"tau-normalised", "resnet"},
		{"energy", "cells"},
	} {
		at := slices.Index(lines[0], c.column)
		for _, line := range lines[1:] {
			if want := slices.Contains(strings.Fields(c.has), line[0]); (line[at] != "") != want {
				t.Errorf("%s of %s is %q", c.column, line[0], line[at])
			}
		}
	}
}

func TestErrors(t *testing.T) {
	begun := run.Record{Events: []run.Event{{Kind: run.StepDone}}}
	for _, c := range []struct {
		runs  []run.Record
		names []string
		want  string
	}{
		{nil, nil, "0 runs"},
		{[]run.Record{begun}, nil, "0 names for 1 runs"},
		{[]run.Record{begun}, []string{"a"}, `no epoch has ended yet: run 1 has nothing to write ("a")`},
	} {
		if err := CSV(io.Discard, c.runs, c.names); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, not %q", err, c.want)
		}
	}
}

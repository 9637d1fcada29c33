package table

import (
	"bytes"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"testing"

	"hlrslab/core/data"
	"hlrslab/core/search"
)

func record(t *testing.T) search.Record {
	c, err := search.Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	c.Epochs = 2
	r, err := search.New(c, data.Toy(1), 4)
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
	names := []string{"parabolic, \"seed 1\"", "again"}
	var b bytes.Buffer
	if err := CSV(&b, []search.Record{r, r}, names); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(lines[0], " "), "run epoch loss arch-loss rate arch-rate mix accuracy head medium tail discrete entropy skip pool conv"; got != want {
		t.Errorf("header %s, not %s", got, want)
	}
	at := 1
	for _, name := range names {
		epoch := 0
		for _, e := range r.Events {
			if e.Kind != "epoch" {
				continue
			}
			epoch++
			line, p := lines[at], e.Report
			at++
			if line[0] != name || line[1] != strconv.Itoa(epoch) {
				t.Errorf("line %q is not epoch %d of %q", line, epoch, name)
			}
			for i, want := range []float64{
				e.Loss, e.ArchLoss, e.Rate, e.ArchRate, e.Mix, p.Accuracy, p.Head, p.Medium, p.Tail, p.Discrete, p.Entropy,
				float64(p.Counts["skip"]), float64(p.Counts["pool"]), float64(p.Counts["conv"]),
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

func TestErrors(t *testing.T) {
	begun := search.Record{Events: []search.Event{{Kind: "step"}}}
	for _, c := range []struct {
		runs  []search.Record
		names []string
		want  string
	}{
		{nil, nil, "0 runs"},
		{[]search.Record{begun}, nil, "0 names for 1 runs"},
		{[]search.Record{begun}, []string{"a"}, `no epoch has ended yet: run 1 has nothing to write ("a")`},
	} {
		if err := CSV(io.Discard, c.runs, c.names); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, not %q", err, c.want)
		}
	}
}

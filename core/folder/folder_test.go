package folder

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"hlrslab/core/darts"
	"hlrslab/core/run"
)

// TestOf derives the files of a run whose schedule changed on the way, of one that has not come to the end of an epoch, and of a
// task without a genotype.
func TestOf(t *testing.T) {
	errCurves := errors.New("curves")
	curves := func(_ io.Writer, records []run.Record, names []string) error {
		if len(records) != 1 || len(names) != 1 || names[0] != "" {
			t.Errorf("%d records, and names %q", len(records), names)
		}
		return errCurves
	}
	r := run.Record{Config: run.Default()}
	changed := r.Config
	changed.ArchRate = 0.05
	g := darts.Genotype{Normal: []darts.Edge{{Op: "skip_connect"}, {Op: "avg_pool_3x3", From: 1}}, NormalConcat: []int{2}}
	g.Reduce, g.ReduceConcat = g.Normal, g.NormalConcat
	for _, c := range []struct {
		when     string
		event    run.Event
		config   run.Config
		curves   bool
		genotype bool
	}{
		{"a step", run.Event{Kind: run.StepDone}, r.Config, false, false},
		{"an epoch without a genotype", run.Event{Kind: run.EpochDone, Report: &run.Report{}}, r.Config, true, false},
		{"an epoch", run.Event{Kind: run.EpochDone, Report: &run.Report{Genotype: g}}, r.Config, true, true},
		{"a change", run.Event{Kind: run.Changed, Epoch: 1, Config: &changed}, changed, true, true},
	} {
		r.Events = append(r.Events, c.event)
		files := map[string]func(io.Writer) error{}
		for _, f := range Of(r, curves) {
			files[f.Name] = f.Write
		}
		if has := files[Curves] != nil; has != c.curves || has && !errors.Is(files[Curves](io.Discard), errCurves) {
			t.Errorf("after %s: curves %v", c.when, has)
		}
		for _, name := range []string{GenotypeJSON, GenotypeText, Normal, Reduce} {
			var b bytes.Buffer
			write, known := files[name]
			if !known || (write != nil) != c.genotype || write != nil && (write(&b) != nil || b.Len() == 0) {
				t.Errorf("after %s: %s has %d bytes", c.when, name, b.Len())
			}
		}
		var config, events bytes.Buffer
		if err := errors.Join(files[Config](&config), files[Events](&events)); err != nil {
			t.Fatal(err)
		}
		var got run.Config
		if err := got.Decode(&config); err != nil || got.ArchRate != c.config.ArchRate {
			t.Errorf("after %s: the rate is %v, not %v: %v", c.when, got.ArchRate, c.config.ArchRate, err)
		}
		n := 0
		for line := range bytes.Lines(events.Bytes()) {
			var e run.Event
			if err := json.Unmarshal(line, &e); err != nil || e.Kind != r.Events[n].Kind {
				t.Errorf("after %s: line %d is of a %s: %v", c.when, n, e.Kind, err)
			}
			n++
		}
		if n != len(r.Events) {
			t.Errorf("after %s: %d lines of %d events", c.when, n, len(r.Events))
		}
	}
}

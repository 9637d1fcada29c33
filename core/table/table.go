// Package table writes search runs as comma-separated values, for whatever draws or computes on.
package table

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"

	"hlrslab/core/run"
)

// columns are a line's numbers behind the run and the epoch.
var columns = []struct {
	name string
	of   func(run.Event) float64
}{
	{"loss", func(e run.Event) float64 { return e.Loss }},
	{"arch-loss", func(e run.Event) float64 { return e.ArchLoss }},
	{"rate", func(e run.Event) float64 { return e.Rate }},
	{"arch-rate", func(e run.Event) float64 { return e.ArchRate }},
	{"mix", func(e run.Event) float64 { return e.Mix }},
	{"accuracy", func(e run.Event) float64 { return e.Report.Accuracy }},
	{"head", func(e run.Event) float64 { return e.Report.Head }},
	{"medium", func(e run.Event) float64 { return e.Report.Medium }},
	{"tail", func(e run.Event) float64 { return e.Report.Tail }},
	{"discrete", func(e run.Event) float64 { return e.Report.Discrete }},
	{"entropy", func(e run.Event) float64 { return e.Report.Entropy }},
	{"skip", func(e run.Event) float64 { return float64(e.Report.Counts["skip"]) }},
	{"pool", func(e run.Event) float64 { return float64(e.Report.Counts["pool"]) }},
	{"conv", func(e run.Event) float64 { return float64(e.Report.Counts["conv"]) }},
}

// CSV writes a header and then a line for each run and epoch, which pandas and R read as they are: the run's name, the epoch from 1,
// its mean losses and its entropy in nats, its accuracies from 0 to 1, and how many skip connections, pools and convolutions its
// genotype has; then, as accuracy.airplane, the accuracy of each class, and, as config.seed, every setting in force in that epoch. What
// a run has not, as a class of another's, is empty. The numbers read back to the same bits. Every run has a name; one of which no
// epoch has ended is an error.
func CSV(w io.Writer, records []run.Record, names []string) error {
	if len(records) == 0 || len(names) != len(records) {
		return fmt.Errorf("%d names for %d runs: a table is of at least one run, and every run has a name", len(names), len(records))
	}
	out := csv.NewWriter(w)
	line := []string{"run", "epoch"}
	for _, c := range columns {
		line = append(line, c.name)
	}
	var classes []string // of all runs
	for _, r := range records {
		for i := range r.Facts.Counts {
			if name := class(r, i); !slices.Contains(classes, name) {
				classes = append(classes, name)
			}
		}
	}
	for _, name := range classes {
		line = append(line, "accuracy."+name)
	}
	for _, f := range run.Fields() {
		line = append(line, "config."+f.Name)
	}
	lines := [][]string{line}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for i, r := range records {
		before, config := len(lines), r.Config
		for _, e := range r.Events {
			if e.Config != nil {
				config = *e.Config
			}
			if e.Kind != run.EpochDone || e.Report == nil {
				continue
			}
			line := []string{names[i], strconv.Itoa(e.Epoch + 1)}
			for _, c := range columns {
				line = append(line, number(c.of(e)))
			}
			of := make([]string, len(classes))
			for k, c := range e.Report.Classes {
				if at := slices.Index(classes, class(r, c)); at >= 0 && k < len(e.Report.PerClass) {
					of[at] = number(e.Report.PerClass[k])
				}
			}
			line = append(line, of...)
			for _, f := range run.Fields() {
				line = append(line, f.Value(config))
			}
			lines = append(lines, line)
		}
		if len(lines) == before {
			return fmt.Errorf("no epoch has ended yet: run %d has nothing to write (%q)", i+1, names[i])
		}
	}
	return out.WriteAll(lines)
}

// class is the name of a run's class, or its number from 1 where it has none.
func class(r run.Record, i int) string {
	if i < len(r.Facts.Classes) {
		return r.Facts.Classes[i]
	}
	return strconv.Itoa(i + 1)
}

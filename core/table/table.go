// Package table writes runs as comma-separated values, for whatever draws or computes on.
package table

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"

	"hlrslab/core/run"
)

// columns are a line's numbers behind the run and the epoch; has says of which runs, and of which epochs of them, there is one.
var columns = []struct {
	name string
	has  func(run.Config, run.Event) bool
	of   func(run.Event) float64
}{
	{"loss", always, func(e run.Event) float64 { return e.Loss }},
	{"arch-loss", moving, func(e run.Event) float64 { return e.ArchLoss }},
	{"rate", always, func(e run.Event) float64 { return e.Rate }},
	{"arch-rate", searching, func(e run.Event) float64 { return e.ArchRate }},
	{"mix", always, func(e run.Event) float64 { return e.Mix }},
	{"accuracy", always, func(e run.Event) float64 { return e.Report.Accuracy }},
	{"head", always, func(e run.Event) float64 { return e.Report.Head }},
	{"medium", always, func(e run.Event) float64 { return e.Report.Medium }},
	{"tail", always, func(e run.Event) float64 { return e.Report.Tail }},
	{"discrete", searching, func(e run.Event) float64 { return e.Report.Discrete }},
	{"entropy", searching, func(e run.Event) float64 { return e.Report.Entropy }},
	{"skip", genotype, func(e run.Event) float64 { return float64(e.Report.Counts["skip"]) }},
	{"pool", genotype, func(e run.Event) float64 { return float64(e.Report.Counts["pool"]) }},
	{"conv", genotype, func(e run.Event) float64 { return float64(e.Report.Counts["conv"]) }},
	{"test-loss", tested, func(e run.Event) float64 { return e.Report.TestLoss }},
	{"calibration", tested, func(e run.Event) float64 { return e.Report.Calibration }},
	{"dropped", drops, func(e run.Event) float64 { return float64(e.Report.Dropped.Operations) }},
	{"dropped-accuracy", drops, func(e run.Event) float64 { return e.Report.Dropped.Accuracy }},
	{"tau-normalised", normalised, func(e run.Event) float64 { return e.Report.TauNormalised }},
	{"energy", multiplied, func(e run.Event) float64 { return e.Report.Energy }},
}

func always(run.Config, run.Event) bool         { return true }
func searching(c run.Config, _ run.Event) bool  { return c.Task == run.Search }
func moving(c run.Config, e run.Event) bool     { return c.Task == run.Search && !c.Frozen(e.Epoch) }
func genotype(_ run.Config, e run.Event) bool   { return e.Report.Counts != nil }
func drops(_ run.Config, e run.Event) bool      { return e.Report.Dropped != nil }
func normalised(c run.Config, _ run.Event) bool { return c.Task == run.Train && c.Tau > 0 }
func multiplied(_ run.Config, e run.Event) bool { return e.Report.Energy != 0 }

// tested: before there were test losses, reports had a 0 in their place, which no test comes to.
func tested(_ run.Config, e run.Event) bool { return e.Report.TestLoss != 0 }

// CSV writes a header and then a line for each run and epoch, which pandas and R read as they are: the run's name, the epoch from 1,
// its mean losses and its entropy in nats, its accuracies from 0 to 1, how many skip connections, pools and convolutions its genotype
// has, its test loss and calibration error, and how many operations a freeze dropped, with the accuracy then, and the energy of its genotype's products; then, as
// accuracy.airplane, the accuracy of each class, what the whole run was computed on so far, and, as config.seed, every setting in force in that epoch. What a run has not, as a class of another's, or a training the architecture's loss, is empty. The numbers read back to the same bits. Every run has a name; one of which no
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
	line = append(line, "devices")
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
				cell := ""
				if c.has(config, e) {
					cell = number(c.of(e))
				}
				line = append(line, cell)
			}
			of := make([]string, len(classes))
			for k, c := range e.Report.Classes {
				if at := slices.Index(classes, class(r, c)); at >= 0 && k < len(e.Report.PerClass) {
					of[at] = number(e.Report.PerClass[k])
				}
			}
			line = append(append(line, of...), r.On().String())
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

package report

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"

	"hlrslab/core/run"
)

// outcome is a number that a run comes to.
type outcome struct {
	name string
	of   func(*run.Record) float64
}

// numbers are those of searches, and of trainings.
var numbers = [2][]outcome{
	append(slices.Clone(both), outcome{"discrete", func(r *run.Record) float64 { return r.Last().Report.Discrete }},
		outcome{"entropy", func(r *run.Record) float64 { return r.Last().Report.Entropy }}),
	append(slices.Clone(both), outcome{"tau-normalised", func(r *run.Record) float64 { return r.Last().Report.TauNormalised }}),
}

var both = []outcome{
	{"accuracy", func(r *run.Record) float64 { return r.Last().Report.Accuracy }},
	{"head", func(r *run.Record) float64 { return r.Last().Report.Head }},
	{"medium", func(r *run.Record) float64 { return r.Last().Report.Medium }},
	{"tail", func(r *run.Record) float64 { return r.Last().Report.Tail }},
	{"test-loss", func(r *run.Record) float64 { return r.Last().Report.TestLoss }},
	{"calibration", func(r *run.Record) float64 { return r.Last().Report.Calibration }},
	{"parameters", func(r *run.Record) float64 { return float64(r.Facts.Params) }},
	{"epochs", func(r *run.Record) float64 { return float64(r.Last().Epoch + 1) }},
}

// CSV writes a header and then a line for each job, which pandas and R read as they are: what the job is, where it stands, what computed it, every setting
// that varies among the plan's jobs, what its search and its training came to, as search.accuracy and trained.accuracy, the found cells'
// operations and genotype, and the accuracy of each class of its last network, from head to tail. Accuracies are from 0 to 1, and read
// back to the same bits. What a job has not, or not yet, is empty.
func (r *Report) CSV(w io.Writer) error {
	settings := slices.DeleteFunc(r.settings(), func(s setting) bool { return !vary(s, r.Plan.Jobs) })
	head := []string{"job", "variant", "seed", "state", "devices"}
	for _, s := range settings {
		head = append(head, "config."+s.name)
	}
	for side, name := range []string{"search.", "trained."} {
		for _, n := range numbers[side] {
			head = append(head, name+n.name)
		}
	}
	head = append(head, "skip", "pool", "conv", "genotype")
	classes := 0
	for _, result := range r.All {
		if final := result.Final(); final != nil {
			classes = max(classes, len(final.Last().Report.PerClass))
		}
	}
	for k := range classes {
		head = append(head, "accuracy."+strconv.Itoa(k+1))
	}
	lines := [][]string{head}
	for _, result := range r.All {
		line := []string{strconv.Itoa(result.Index), result.Variant, strconv.FormatUint(result.Seed, 10), result.State, result.On().String()}
		for _, s := range settings {
			line = append(line, s.of(result.Job))
		}
		search, training := result.Records()
		for side, record := range []*run.Record{search, training} {
			for _, n := range numbers[side] {
				has := record != nil && record.Done() && (n.name != "tau-normalised" || record.Config.Tau > 0)
				line = append(line, cell(has, func() float64 { return n.of(record) }))
			}
		}
		g, found := result.Genotype()
		for _, kind := range []string{"skip", "pool", "conv"} {
			line = append(line, cell(found, func() float64 { return float64(g.Counts()[kind]) }))
		}
		text := ""
		if found {
			text = g.String()
		}
		line = append(line, text)
		final := result.Final()
		for k := range classes {
			line = append(line, cell(final != nil && k < len(final.Last().Report.PerClass), func() float64 { return final.Last().Report.PerClass[k] }))
		}
		lines = append(lines, line)
	}
	return csv.NewWriter(w).WriteAll(lines)
}

// cell is a number, or empty.
func cell(has bool, of func() float64) string {
	if !has {
		return ""
	}
	return strconv.FormatFloat(of(), 'g', -1, 64)
}

package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"hlrslab/core/bbn"
	"hlrslab/core/folder"
	"hlrslab/core/run"
	"hlrslab/core/table"
	"hlrslab/tools/internal/runfolder"
)

type showCommand struct {
	Runs []string `arg:"" name:"run" placeholder:"RUN" help:"Run folders, or run files; another process may be writing them."`
	CSV  bool     `name:"csv" help:"Write a line for each run and epoch as comma-separated values, with every setting."`
}

// Run shows the runs, side by side if they are several.
func (c *showCommand) Run() error {
	var records []run.Record
	for _, from := range c.Runs {
		r, err := readRun(from)
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	if c.CSV {
		return table.CSV(os.Stdout, records, c.Runs)
	}
	return show(os.Stdout, records, c.Runs)
}

// readRun reads a run's record, without a lock: a run file is replaced at once, and so is never half there.
func readRun(from string) (run.Record, error) {
	r, err := runfolder.Record(from)
	switch info, missing := os.Stat(from); {
	case missing != nil:
		return r, fmt.Errorf("%w: name a run folder, or a run file", missing)
	case errors.Is(err, os.ErrNotExist):
		return r, fmt.Errorf("%s holds no run, for it has no %s", from, folder.Snapshot)
	case err != nil && !info.IsDir():
		return r, fmt.Errorf("%w; it is no run file", err)
	}
	return r, err
}

// row is a line of what is shown: a name, and a cell for each run.
type row struct {
	name  string
	cells []string
	alike string // of settings: what the default is
}

// section is what belongs together. It may have no rows, and is then left out.
type section struct {
	title string
	rows  []row
}

const none = "–" // of what a run has not

func show(w io.Writer, records []run.Record, names []string) error {
	sections := []section{{"", heads(records, names)}}
	different, common := settings(records)
	if len(records) > 1 {
		sections = append(sections, section{"Settings that differ", different}, section{"Settings of all that are not the default", common})
	} else {
		sections = append(sections, section{"Settings that are not the default", append(different, common...)})
	}
	sections = append(sections, section{"Over the epochs", curves(records)}, section{"After the last whole epoch", lasts(records)},
		section{"Accuracy by class, %, and training images", classes(records)})
	widths := make([]int, 1+len(records))
	for _, s := range sections {
		for _, r := range s.rows {
			widths[0] = max(widths[0], width(r.name))
			for i, cell := range r.cells {
				widths[1+i] = max(widths[1+i], width(cell))
			}
		}
	}
	var b strings.Builder
	for _, s := range sections {
		if len(s.rows) == 0 {
			continue
		}
		if s.title != "" {
			fmt.Fprintf(&b, "\n%s\n", s.title)
		}
		for _, r := range s.rows {
			line := "  " + pad(r.name, widths[0])
			for i, cell := range r.cells {
				line += "  " + pad(cell, widths[1+i])
			}
			if r.alike != "" {
				line += "  default " + r.alike
			}
			fmt.Fprintln(&b, strings.TrimRight(line, " "))
		}
	}
	for i, r := range records {
		if e := r.Last(); e != nil && len(e.Report.Genotype.Normal) > 0 {
			title := "Genotype"
			if len(records) > 1 {
				title += " of " + names[i]
			}
			fmt.Fprintf(&b, "\n%s\n  %s\n", title, e.Report.Genotype)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func width(s string) int { return utf8.RuneCountInString(s) }

// pad fills a cell up, and takes out of it what a terminal would not print: names may be anybody's.
func pad(s string, n int) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
	return clean + strings.Repeat(" ", max(0, n-width(s)))
}

// of makes a row's cells of the runs.
func of(records []run.Record, f func(run.Record) string) (cells []string) {
	for _, r := range records {
		cells = append(cells, f(r))
	}
	return cells
}

// heads say which runs there are, and how far they have come.
func heads(records []run.Record, names []string) []row {
	return []row{
		{name: "run", cells: names},
		{name: "task", cells: of(records, func(r run.Record) string { return string(r.Config.Task) })},
		{name: "epochs", cells: of(records, func(r run.Record) string {
			last, steps := r.Last(), 0
			for i := len(r.Events) - 1; i >= 0 && r.Events[i].Kind == run.StepDone; i-- {
				steps++
			}
			switch {
			case last == nil:
				return fmt.Sprintf("none of %d has ended yet", r.Config.Epochs)
			case steps > 0:
				return fmt.Sprintf("%d of %d, and %s", last.Epoch+1, r.Config.Epochs, count(steps, "step"))
			case last.Ended != "":
				return fmt.Sprintf("%d of %d, ended: %s", last.Epoch+1, r.Config.Epochs, last.Ended)
			case r.Done():
				return fmt.Sprintf("%d of %d, done", last.Epoch+1, r.Config.Epochs)
			}
			return fmt.Sprintf("%d of %d", last.Epoch+1, r.Config.Epochs)
		})},
		{name: "images", cells: of(records, func(r run.Record) string {
			sum := 0
			for _, n := range r.Facts.Counts {
				sum += n
			}
			return fmt.Sprintf("%d in %d classes of %d to %d", sum, len(r.Facts.Counts), slices.Max(r.Facts.Counts), slices.Min(r.Facts.Counts))
		})},
		{name: "steps of an epoch", cells: of(records, func(r run.Record) string { return strconv.Itoa(r.Facts.Steps) })},
		{name: "weights", cells: of(records, func(r run.Record) string { return strconv.Itoa(r.Facts.Params) })},
	}
}

// settings are the fields that differ between the runs, and the others that are not the default. What counts for nothing in a run
// has no value there.
func settings(records []run.Record) (different, common []row) {
	base := run.Default()
	if len(records) > 0 && records[0].Config.Task == run.Train {
		base, _ = run.TrainingPreset("full") // what hlrs train begins with
	}
	for _, f := range run.Fields() {
		if f.Name == "task" || f.Name == "epochs" { // which are told already
			continue
		}
		has := func(r run.Record) string {
			c := r.InForce()
			switch v := f.Value(c); {
			case !f.Of(c.Task) || f.Idle(c) != "":
				return none
			case v == "":
				return "none"
			case width(v) > 24:
				return "see below"
			default:
				return v
			}
		}
		line := row{name: f.Name, cells: of(records, has), alike: f.Value(base)}
		values := slices.DeleteFunc(of(records, func(r run.Record) string {
			if has(r) == none {
				return none
			}
			return f.Value(r.InForce())
		}), func(v string) bool { return v == none })
		if line.alike == "" {
			line.alike = "none"
		}
		slices.Sort(values)
		switch values = slices.Compact(values); {
		case len(values) > 1:
			different = append(different, line)
		case len(values) == 1 && values[0] != f.Value(base):
			common = append(common, line)
		}
	}
	return different, common
}

// number is one that a report has, or a run's events have, of each epoch.
type number struct {
	name string
	has  func(run.Config) bool
	of   func(run.Event) float64
	as   func(float64) string
}

func every(run.Config) bool        { return true }
func searches(c run.Config) bool   { return c.Task == run.Search }
func trains(c run.Config) bool     { return c.Task == run.Train }
func normalises(c run.Config) bool { return trains(c) && c.Tau > 0 }
func mixes(c run.Config) bool      { return c.Branches != bbn.Alone }

func percent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
func nats(v float64) string    { return fmt.Sprintf("%.3f", v) }
func fine(v float64) string    { return fmt.Sprintf("%.4f", v) } // alphas move little
func plain(v float64) string   { return fmt.Sprintf("%.2g", v) }

var numbers = []number{
	{"accuracy", every, func(e run.Event) float64 { return e.Report.Accuracy }, percent},
	{"head", every, func(e run.Event) float64 { return e.Report.Head }, percent},
	{"medium", every, func(e run.Event) float64 { return e.Report.Medium }, percent},
	{"tail", every, func(e run.Event) float64 { return e.Report.Tail }, percent},
	{"genotype cut out", searches, func(e run.Event) float64 { return e.Report.Discrete }, percent},
	{"τ-normalised", normalises, func(e run.Event) float64 { return e.Report.TauNormalised }, percent},
	{"loss", every, func(e run.Event) float64 { return e.Loss }, nats},
	{"architecture's loss", searches, func(e run.Event) float64 { return e.ArchLoss }, nats},
	{"test loss", every, func(e run.Event) float64 { return e.Report.TestLoss }, nats},
	{"calibration error", every, func(e run.Event) float64 { return e.Report.Calibration }, percent},
	{"entropy", searches, func(e run.Event) float64 { return e.Report.Entropy }, fine},
	{"rate", every, func(e run.Event) float64 { return e.Rate }, plain},
	{"architecture's rate", searches, func(e run.Event) float64 { return e.ArchRate }, plain},
	{"mixing", mixes, func(e run.Event) float64 { return e.Mix }, plain},
}

// curves are the numbers over the epochs, each on one scale for all runs, with its first and its last value.
func curves(records []run.Record) (rows []row) {
	room := 40
	if len(records) > 1 {
		room = 20
	}
	for _, n := range numbers {
		all := make([][]float64, len(records))
		least, most := math.Inf(1), math.Inf(-1)
		for i, r := range records {
			for _, e := range r.Events {
				if e.Kind == run.EpochDone && n.has(r.Config) {
					all[i] = append(all[i], n.of(e))
				}
			}
			for _, v := range all[i] {
				least, most = min(least, v), max(most, v)
			}
		}
		line := row{name: n.name}
		for _, values := range all {
			cell := none
			if len(values) > 0 {
				cell = fmt.Sprintf("%s  %s → %s", sparks(values, room, least, most), n.as(values[0]), n.as(values[len(values)-1]))
			}
			line.cells = append(line.cells, cell)
		}
		if most >= least {
			rows = append(rows, line)
		}
	}
	return rows
}

// sparks draws values between the least and the most in so many signs at most, of which each is then the mean of several.
func sparks(values []float64, room int, least, most float64) string {
	signs := []rune("▁▂▃▄▅▆▇█")
	n := min(len(values), room)
	var b strings.Builder
	for i := range n {
		from, to := i*len(values)/n, (i+1)*len(values)/n
		sum := 0.0
		for _, v := range values[from:to] {
			sum += v / float64(to-from)
		}
		at := 0
		if most > least {
			at = min(len(signs)-1, max(0, int((sum-least)/(most-least)*float64(len(signs)))))
		}
		b.WriteRune(signs[at])
	}
	return b.String()
}

// lasts are what the last report has and no curve does.
func lasts(records []run.Record) []row {
	last := func(f func(run.Record, *run.Report) string) []string {
		return of(records, func(r run.Record) string {
			if e := r.Last(); e != nil {
				return f(r, e.Report)
			}
			return none
		})
	}
	rows := []row{
		{name: "accuracy", cells: last(func(_ run.Record, p *run.Report) string { return percent(p.Accuracy) })},
		{name: "head, medium, tail", cells: last(func(_ run.Record, p *run.Report) string {
			return fmt.Sprintf("%.1f, %.1f, %.1f %%", 100*p.Head, 100*p.Medium, 100*p.Tail)
		})},
		{name: "operations", cells: last(func(_ run.Record, p *run.Report) string {
			if p.Counts == nil {
				return none
			}
			return fmt.Sprintf("%d skip, %d pool, %d conv", p.Counts["skip"], p.Counts["pool"], p.Counts["conv"])
		})},
	}
	return slices.DeleteFunc(rows, func(r row) bool {
		return !slices.ContainsFunc(r.cells, func(c string) bool { return c != none })
	})
}

// classes are the accuracies of the last report, from the head of the first run that has it to the tail.
func classes(records []run.Record) (rows []row) {
	at := map[string]int{}
	for i, r := range records {
		e := r.Last()
		if e == nil {
			continue
		}
		for k, c := range e.Report.Classes {
			name := r.Facts.Classes[c]
			if _, known := at[name]; !known {
				at[name] = len(rows)
				rows = append(rows, row{name: name, cells: slices.Repeat([]string{none}, len(records))})
			}
			rows[at[name]].cells[i] = fmt.Sprintf("%5.1f  %d", 100*e.Report.PerClass[k], r.Facts.Counts[c])
		}
	}
	return rows
}

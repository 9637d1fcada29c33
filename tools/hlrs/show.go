package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

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
	alike string // of a setting: what the default is
}

// same says whether all runs have the same cell.
func (r row) same() bool { return len(slices.Compact(slices.Clone(r.cells))) == 1 }

// section is what belongs together. It may have no rows, and is then left out.
type section struct {
	title string
	rows  []row
}

const none = "–" // of what a run has not

// room is how wide a terminal is at least, in signs.
const room = 80

func show(w io.Writer, records []run.Record, names []string) error {
	var b strings.Builder
	if len(records) == 1 {
		one(&b, records[0], names[0])
	} else {
		several(&b, records, names)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// one shows all there is of a run.
func one(b *strings.Builder, r run.Record, name string) {
	records := []run.Record{r}
	set := settings(records)
	for _, s := range set {
		if s.name == "genotype" && width(s.cells[0]) > 24 {
			s.cells[0] = "see below"
		}
		s.cells[0] = pad(s.cells[0], 16) + "  default " + s.alike
	}
	heads := append([]row{{name: "run", cells: []string{name}}, {name: "epochs", cells: []string{state(r)}}}, facts(records)...)
	write(b, nil, section{"", heads}, section{"Settings that are not the default", set}, section{"Over the epochs", curves(records, 40)},
		section{"After the last whole epoch", lasts(records)},
		section{"The freeze, after which the mixed network counts, and no cell is cut out", freezes(records)}, section{"Accuracy by class, %, and training images", classes(records)})
	if e := r.Last(); e != nil && len(e.Report.Genotype.Normal) > 0 {
		fmt.Fprintf(b, "\nGenotype\n  %s\n", e.Report.Genotype)
	}
}

// several compares runs: what differs between them and what came of it stand side by side, and the rest is told once.
func several(b *strings.Builder, records []run.Record, names []string) {
	fmt.Fprintln(b, "Runs and their epochs")
	for i, r := range records {
		fmt.Fprintf(b, "  %d  %s: %s\n", i+1, clean(names[i]), state(r))
	}
	var differ []row
	var common, long []string
	for _, line := range append(facts(records), settings(records)...) {
		if !line.same() {
			differ = append(differ, row{name: line.name, cells: lettered(line.cells, &long)})
		} else {
			common = append(common, line.name+" "+line.cells[0])
		}
	}
	moved := slices.DeleteFunc(curves(records, max(4, min(20, (room-24)/len(records)-2))), row.same)
	write(b, records, section{"What differs", differ}, section{"After the last epoch", lasts(records)}, section{"The freeze", freezes(records)},
		section{"Over the epochs", moved}, section{"Accuracy by class, %", classes(records)})
	fmt.Fprintln(b, "\nIn common, with the settings that are not the default")
	wrap(b, common)
	if len(long) > 0 {
		fmt.Fprintln(b, "\nWhat is long")
	}
	for i, text := range long {
		fmt.Fprintf(b, "  (%c) %s\n", 'A'+i, text)
	}
}

// lettered has letters in the place of long cells, which would leave no room for others: that of their place in long, where each
// is told once.
func lettered(cells []string, long *[]string) []string {
	out := slices.Clone(cells)
	for i, c := range cells {
		if width(c) <= 17 {
			continue
		}
		at := slices.Index(*long, c)
		if at < 0 {
			at = len(*long)
			*long = append(*long, c)
		}
		out[i] = fmt.Sprintf("(%c)", 'A'+at)
	}
	return out
}

// wrap writes a list in lines.
func wrap(b *strings.Builder, list []string) {
	line := " "
	for i, s := range list {
		if i < len(list)-1 {
			s += ","
		}
		if width(line)+1+width(s) > room {
			fmt.Fprintln(b, line)
			line = " "
		}
		line += " " + clean(s)
	}
	fmt.Fprintln(b, line)
}

// write writes sections in columns. Those of several runs have their numbers above them, and stand to the right.
func write(b *strings.Builder, compared []run.Record, sections ...section) {
	var heads []string
	for i := range compared {
		heads = append(heads, strconv.Itoa(i+1))
	}
	widths := make([]int, 1+max(1, len(heads)))
	for _, s := range sections {
		if heads != nil {
			widths[0] = max(widths[0], width(s.title)-2)
		}
		for _, r := range s.rows {
			widths[0] = max(widths[0], width(r.name))
			for i, cell := range r.cells {
				widths[1+i] = max(widths[1+i], width(cell))
			}
		}
	}
	line := func(name string, n int, cells []string) {
		text := pad(name, n)
		for i, cell := range cells {
			if heads == nil {
				text += "  " + pad(cell, widths[1+i])
			} else {
				text += strings.Repeat(" ", 2+widths[1+i]-width(cell)) + clean(cell)
			}
		}
		fmt.Fprintln(b, strings.TrimRight(text, " "))
	}
	for i, s := range sections {
		if len(s.rows) == 0 {
			continue
		}
		if i > 0 || heads != nil {
			fmt.Fprintln(b)
			line(s.title, 2+widths[0], heads)
		}
		for _, r := range s.rows {
			line("  "+r.name, 2+widths[0], r.cells)
		}
	}
}

func width(s string) int { return utf8.RuneCountInString(s) }

// pad fills a cell up.
func pad(s string, n int) string { return clean(s) + strings.Repeat(" ", max(0, n-width(s))) }

// clean takes out of a text what a terminal would not print: names may be anybody's.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

// of makes a row of the runs.
func of(name string, records []run.Record, f func(run.Record) string) row {
	line := row{name: name}
	for _, r := range records {
		line.cells = append(line.cells, f(r))
	}
	return line
}

// state says how far a run has come.
func state(r run.Record) (s string) {
	last, steps := r.Last(), 0
	for i := len(r.Events) - 1; i >= 0 && r.Events[i].Kind == run.StepDone; i-- {
		steps++
	}
	switch {
	case last == nil:
		s = fmt.Sprintf("none of %d has ended yet", r.Config.Epochs)
	case steps > 0:
		s = fmt.Sprintf("%d of %d, and %s", last.Epoch+1, r.Config.Epochs, count(steps, "step"))
	case last.Ended != "":
		s = fmt.Sprintf("%d of %d, ended: %s", last.Epoch+1, r.Config.Epochs, last.Ended)
	case r.Done():
		s = fmt.Sprintf("%d of %d, done", last.Epoch+1, r.Config.Epochs)
	default:
		s = fmt.Sprintf("%d of %d", last.Epoch+1, r.Config.Epochs)
	}
	if r.Failed != "" {
		s += "; failed: " + r.Failed
	}
	return s
}

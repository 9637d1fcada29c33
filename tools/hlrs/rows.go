package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"hlrslab/core/bbn"
	"hlrslab/core/run"
)

// facts are what runs are about.
func facts(records []run.Record) []row {
	return []row{
		of("task", records, func(r run.Record) string { return string(r.Config.Task) }),
		of("way", records, func(r run.Record) string {
			if w := r.InForce().Way(); w != nil && r.Config.Task == run.Search {
				return w.ID
			}
			return none
		}),
		of("images", records, func(r run.Record) string {
			sum := 0
			for _, n := range r.Facts.Counts {
				sum += n
			}
			return strconv.Itoa(sum)
		}),
		of("classes", records, func(r run.Record) string { return strconv.Itoa(len(r.Facts.Counts)) }),
		of("images of a class", records, func(r run.Record) string {
			return fmt.Sprintf("%d to %d", slices.Max(r.Facts.Counts), slices.Min(r.Facts.Counts))
		}),
		of("steps of an epoch", records, func(r run.Record) string { return strconv.Itoa(r.Facts.Steps) }),
		of("weights", records, func(r run.Record) string { return strconv.Itoa(r.Facts.Params) }),
		of("computed on", records, func(r run.Record) string { return cmp.Or(r.On().String(), none) }),
	}
}

// settings are the fields that differ between the runs, or are not the default. What counts for nothing in a run has no value there.
func settings(records []run.Record) (rows []row) {
	for _, f := range run.Fields() {
		if f.Name == "task" || f.Name == "epochs" { // which are told already
			continue
		}
		var seen []string
		line := of(f.Name, records, func(r run.Record) string {
			c := r.InForce()
			if !f.Of(c.Task) || f.Idle(c) != "" {
				return none
			}
			full, _ := kindOf(c.Task).preset("full") // what its command begins with
			seen = append(seen, f.Value(c), f.Value(full))
			return cmp.Or(f.Value(c), "none")
		})
		full, _ := kindOf(records[0].Config.Task).preset("full")
		line.alike = cmp.Or(f.Value(full), "none")
		if slices.Sort(seen); len(slices.Compact(seen)) > 1 {
			rows = append(rows, line)
		}
	}
	return rows
}

// number is one that a report has, or a run's events have, of each epoch.
type number struct {
	name string
	has  func(run.Config, run.Event) bool
	of   func(run.Event) float64
	as   func(float64) string

	planned bool // by a schedule
}

func every(run.Config, run.Event) bool          { return true }
func searches(c run.Config, _ run.Event) bool   { return c.Task == run.Search }
func moves(c run.Config, e run.Event) bool      { return searches(c, e) && !c.Frozen(e.Epoch) }
func normalises(c run.Config, _ run.Event) bool { return c.Task == run.Train && c.Tau > 0 }
func mixes(c run.Config, _ run.Event) bool      { return c.Branches != bbn.Alone }
func weighs(c run.Config, _ run.Event) bool     { return c.Task == run.Search && c.Method != "random" }
func watches(_ run.Config, e run.Event) bool    { return e.Report.Eigenvalue != 0 }
func multiplies(c run.Config, _ run.Event) bool { return c.Multiply() != nil }

func percent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
func nats(v float64) string {
	if v >= 1e6 { // of a run that went astray
		return plain(v)
	}
	return fmt.Sprintf("%.3f", v)
}
func fine(v float64) string  { return fmt.Sprintf("%.4f", v) } // alphas move little
func plain(v float64) string { return fmt.Sprintf("%.2g", v) }

var numbers = []number{
	{"accuracy", every, func(e run.Event) float64 { return e.Report.Accuracy }, percent, false},
	{"head", every, func(e run.Event) float64 { return e.Report.Head }, percent, false},
	{"medium", every, func(e run.Event) float64 { return e.Report.Medium }, percent, false},
	{"tail", every, func(e run.Event) float64 { return e.Report.Tail }, percent, false},
	{"chosen cells alone", searches, func(e run.Event) float64 { return e.Report.Discrete }, percent, false},
	{"τ-normalised", normalises, func(e run.Event) float64 { return e.Report.TauNormalised }, percent, false},
	{"energy of products", multiplies, func(e run.Event) float64 { return e.Report.Energy }, percent, false},
	{"loss", every, func(e run.Event) float64 { return e.Loss }, nats, false},
	{"architecture's loss", moves, func(e run.Event) float64 { return e.ArchLoss }, nats, false},
	{"test loss", every, func(e run.Event) float64 { return e.Report.TestLoss }, nats, false},
	{"calibration error", every, func(e run.Event) float64 { return e.Report.Calibration }, percent, false},
	{"largest eigenvalue", watches, func(e run.Event) float64 { return e.Report.Eigenvalue }, fine, false},
	{"entropy", weighs, func(e run.Event) float64 { return e.Report.Entropy }, fine, false},
	{"rate", every, func(e run.Event) float64 { return e.Rate }, plain, true},
	{"architecture's rate", searches, func(e run.Event) float64 { return e.ArchRate }, plain, true},
	{"mixing", mixes, func(e run.Event) float64 { return e.Mix }, plain, true},
}

// curves are the numbers over the epochs, each on one scale for all runs; of a single one with its first and its last value.
func curves(records []run.Record, signs int) (rows []row) {
	for _, n := range numbers {
		all := make([][]float64, len(records))
		least, most := math.Inf(1), math.Inf(-1)
		for i, r := range records {
			for _, e := range r.Events {
				if e.Kind == run.EpochDone && n.has(r.Config, e) {
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
				if cell = sparks(values, signs, least, most); len(records) == 1 {
					cell += fmt.Sprintf("  %s → %s", n.as(values[0]), n.as(values[len(values)-1]))
				}
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

// lasts are what runs came to: of a single one, what its curves do not say already.
func lasts(records []run.Record) []row {
	last := func(name string, f func(run.Record, *run.Event) string) row {
		return of(name, records, func(r run.Record) string {
			if e := r.Last(); e != nil {
				return f(r, e)
			}
			return none
		})
	}
	var rows []row
	for _, n := range numbers {
		if len(records) > 1 && !n.planned {
			rows = append(rows, last(n.name, func(r run.Record, e *run.Event) string {
				if n.has(r.Config, *e) {
					return n.as(n.of(*e))
				}
				return none
			}))
		}
	}
	rows = append(rows, last("skip, pool, conv", func(_ run.Record, e *run.Event) string {
		if p := e.Report; p.Counts != nil {
			return fmt.Sprintf("%d, %d, %d", p.Counts["skip"], p.Counts["pool"], p.Counts["conv"])
		}
		return none
	}))
	return slices.DeleteFunc(rows, func(r row) bool { return r.same() && r.cells[0] == none })
}

// freezes are what freezing the architecture did: by how many points the mixed network and the cells cut out of it are apart before it and
// after, and what was dropped.
func freezes(records []run.Record) []row {
	at := func(name string, is func(c run.Config, e run.Event) bool, several func(*run.Report) string, more func(*run.Report) string) row {
		return of(name, records, func(r run.Record) string {
			for _, e := range r.Events {
				if c := r.Config; e.Kind != run.EpochDone || !c.Frozen(c.FreezeAt) || !is(c, e) {
					continue
				}
				if len(records) == 1 {
					return several(e.Report) + more(e.Report)
				}
				return several(e.Report)
			}
			return none
		})
	}
	gap := func(name string, is func(run.Config, run.Event) bool) row {
		return at(name, is, func(p *run.Report) string { return fmt.Sprintf("%.1f", 100*(p.Accuracy-p.Discrete)) }, func(p *run.Report) string {
			return fmt.Sprintf(" points: mixed %.1f %%, cut out %.1f %%", 100*p.Accuracy, 100*p.Discrete)
		})
	}
	drops := func(c run.Config, e run.Event) bool { return c.Drops(e.Epoch) }
	rows := []row{
		gap("gap an epoch before", func(c run.Config, e run.Event) bool { return e.Epoch == c.FreezeAt-2 }),
		gap("gap at the freeze", func(c run.Config, e run.Event) bool { return e.Epoch == c.FreezeAt-1 }),
		gap("gap at the end", func(c run.Config, e run.Event) bool { return e.Epoch == c.Epochs-1 }),
		at("operations dropped", drops, func(p *run.Report) string {
			return strconv.Itoa(p.Dropped.Operations)
		}, func(p *run.Report) string { return fmt.Sprintf(" of %d", p.Dropped.Of) }),
		at("points by dropping", drops, func(p *run.Report) string {
			return fmt.Sprintf("%+.1f", 100*(p.Dropped.Accuracy-p.Accuracy)+0)
		}, func(p *run.Report) string {
			return fmt.Sprintf(": mixed %.1f %%, then %.1f %%", 100*p.Accuracy, 100*p.Dropped.Accuracy)
		}),
	}
	return slices.DeleteFunc(rows, func(r row) bool { return r.same() && r.cells[0] == none })
}

// classes are the accuracies of the last report, from the head of the first run that has it to the tail, and how many images there
// are of each: behind its name, where that is the same in all of several runs.
func classes(records []run.Record) (rows []row) {
	at, images := map[string]int{}, map[string][]string{}
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
				images[name] = slices.Repeat([]string{""}, len(records))
			}
			rows[at[name]].cells[i] = fmt.Sprintf("%.1f", 100*e.Report.PerClass[k])
			images[name][i] = strconv.Itoa(r.Facts.Counts[c])
		}
	}
	alike := !slices.ContainsFunc(rows, func(r row) bool { return !row{cells: images[r.name]}.same() })
	for i, r := range rows {
		if len(records) > 1 && alike {
			rows[i].name += ", " + images[r.name][0]
			continue
		}
		for k, n := range images[r.name] {
			if n != "" {
				r.cells[k] = fmt.Sprintf("%5s  %s", r.cells[k], n)
			}
		}
	}
	return rows
}

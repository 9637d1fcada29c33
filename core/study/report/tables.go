package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"hlrslab/core/darts"
	"hlrslab/core/study"
)

// columns have the tasks' names where there are several.
func (r *Report) columns(head ...string) *table {
	t := &table{Words: 1}
	if len(r.Tasks) > 1 {
		t.Head, t.Words = []string{"task"}, 2
	}
	t.Head = append(append(t.Head, "variant"), head...)
	return t
}

// add adds a row.
func (t *table) add(task, method string, cells ...string) {
	row := []string{task, method}[2-t.Words:]
	t.Rows = append(t.Rows, append(row, cells...))
}

// wide is how many columns of numbers a table of all seeds has at most: with more, it has a row for each seed.
const wide = 6

// longest is how many rows a table of all runs has at most.
const longest = 200

// values are all runs'.
func (r *Report) values() (all []block) {
	across := !r.sampled() && len(r.Seeds) <= wide
	t := r.columns(r.one()+"s", "mean ± sd")
	each := &table{Head: []string{"seed"}, Words: 1}
	cells := make([][]string, len(r.Seeds)) // of each seed, by the variants
	if across {
		for _, seed := range r.Seeds {
			t.Head = append(t.Head, fmt.Sprint("seed ", seed))
		}
	}
	for task, name := range r.Tasks {
		for m, method := range r.Methods {
			var row []string
			planned := false
			for seed := range r.Seeds {
				result := r.At(m, task, seed)
				planned = planned || result != nil
				row = append(row, r.cell(result))
			}
			if !planned {
				continue
			}
			values, _ := r.Done(m, task)
			sum := []string{strconv.Itoa(len(values)), r.spread(values)}
			if across {
				sum = append(sum, row...)
			}
			t.add(name, method, sum...)
			each.Head = append(each.Head, strings.TrimPrefix(r.title(task)+", "+method, ", "))
			for seed := range r.Seeds {
				cells[seed] = append(cells[seed], row[seed])
			}
		}
	}
	all = append(all, block{Table: t})
	switch {
	case r.sampled() && len(r.All) > longest:
		all = append(all, block{Text: "runs.csv has the settings of each run, and what it came to."})
	case r.sampled():
		all = append(all, block{Table: r.runs()})
	case len(r.Seeds) > longest:
		all = append(all, block{Text: "runs.csv has what each seed came to."})
	case !across:
		for seed, row := range cells {
			each.Rows = append(each.Rows, append([]string{fmt.Sprint(r.Seeds[seed])}, row...))
		}
		all = append(all, block{Table: each})
	}
	return all
}

// runs are those of a sample, with what was sampled.
func (r *Report) runs() *table {
	t := &table{Head: []string{"run", "variant"}, Words: 2}
	fields := r.Plan.Sampled()
	for _, f := range fields {
		t.Head = append(t.Head, f.Name)
	}
	t.Head = append(t.Head, r.axis())
	for _, result := range r.All {
		row := []string{strconv.Itoa(result.Index), result.Variant}
		for _, f := range fields {
			row = append(row, f.Value(result.Config))
		}
		t.Rows = append(t.Rows, append(row, r.cell(&result)))
	}
	return t
}

// cell is what a job has come to, or where it stands.
func (r *Report) cell(result *study.Result) string {
	if result == nil {
		return ""
	}
	if v, ok := r.Measure.Of(*result); ok {
		return r.Measure.Number(v)
	}
	if result.State == "done" {
		return "–"
	}
	return result.State
}

func (r *Report) spread(values []float64) string {
	if r.Measure.Unit == "%" {
		return spread(values, 2)
	}
	return spread(values, 3)
}

// gains are the differences from the baseline, or nil where nothing is to be compared.
func (r *Report) gains() *table {
	t := r.columns("pairs", "mean difference", "sd", "95 % interval", "widened", "over 0", "under 0")
	for _, c := range r.Comparisons() {
		for m, method := range r.Methods {
			d := r.Over(m, c.Tasks...)
			if m == r.Baseline || len(d.Each) == 0 {
				continue
			}
			t.add(c.Title, method, strconv.Itoa(len(d.Each)), r.Measure.Number(d.Mean), r.Measure.Number(d.SD), r.interval(d.Interval(study.Confidence)),
				r.interval(d.Interval(c.Wide)), strconv.Itoa(d.Above), strconv.Itoa(d.Below))
		}
	}
	if t.Rows == nil {
		return nil
	}
	return t
}

// aggregates are the interquartile means, and the probabilities of improvement.
func (r *Report) aggregates() *table {
	methods := r.everywhere()
	if methods == nil {
		return nil
	}
	base := r.Strata(r.Baseline)
	t := &table{Words: 1, Head: []string{"variant", "IQM, " + r.Measure.Unit, "95 % interval", "better than " + r.Methods[r.Baseline], "95 % interval"}}
	for _, m := range methods {
		strata := r.Strata(m)
		i := study.Bootstrap(strata, study.Confidence, BootstrapSeed, func(s [][]float64) []float64 { return []float64{study.IQM(s)} })[0]
		cells := []string{r.Methods[m], r.Measure.Number(study.IQM(strata)), r.interval(i), "–", "–"}
		if m != r.Baseline && slices.Contains(methods, r.Baseline) {
			n := len(strata)
			better := func(s [][]float64) []float64 {
				if r.Measure.Less {
					return []float64{study.Improvement(s[n:], s[:n])}
				}
				return []float64{study.Improvement(s[:n], s[n:])}
			}
			both := slices.Concat(strata, base)
			p := study.Bootstrap(both, study.Confidence, BootstrapSeed, better)[0]
			cells[3], cells[4] = study.Decimal(better(both)[0], 2), study.Decimal(p.Low, 2)+" to "+study.Decimal(p.High, 2)
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// measures are all that the study has.
func (r *Report) measures() *table {
	var all []study.Measure
	var head []string
	for _, m := range study.Measures {
		if m, err := r.Plan.MeasureOf(m.ID); err == nil {
			all, head = append(all, m), append(head, m.ID+", "+m.Unit)
		}
	}
	return r.spreads(head, func(k int, result study.Result) (float64, bool) { return all[k].Of(result) }, func(k int) int {
		if all[k].Unit == "%" {
			return 2
		}
		return 3
	})
}

// operations are the last networks' parameters, and what the cells that were found are made of.
func (r *Report) operations() *table {
	kinds := []string{"", "skip", "pool", "conv"}
	return r.spreads([]string{"parameters, thousands", "skip connections", "pools", "convolutions"}, func(k int, result study.Result) (float64, bool) {
		if k == 0 {
			return parameters(result)
		}
		g, ok := result.Genotype()
		return float64(g.Counts()[kinds[k]]), ok
	}, func(int) int { return 1 })
}

// spreads are means and standard deviations over the seeds of several numbers, with so many digits each.
func (r *Report) spreads(head []string, value func(k int, result study.Result) (float64, bool), digits func(k int) int) *table {
	t := r.columns(head...)
	for task, name := range r.Tasks {
		for m, method := range r.Methods {
			var cells []string
			any := false
			for k := range head {
				var values []float64
				for seed := range r.Seeds {
					if result := r.At(m, task, seed); result != nil {
						if v, ok := value(k, *result); ok {
							values, any = append(values, v), true
						}
					}
				}
				cells = append(cells, spread(values, digits(k)))
			}
			if any {
				t.add(name, method, cells...)
			}
		}
	}
	return t
}

// rankings are how searches rank the cells, or nil where none are trained.
func (r *Report) rankings() *table {
	search, err := r.Plan.MeasureOf("search")
	trained, none := r.Plan.MeasureOf("trained")
	if err != nil || none != nil {
		return nil
	}
	t := r.columns("runs", "τ", "p", "shuffles")
	for task, name := range r.Tasks {
		var all [2][]float64
		row := func(method string, x, y []float64) {
			if len(x) < 3 { // of two there is nothing to rank
				return
			}
			shuffles := max(199, min(9999, int(1e8/float64(len(x)*len(x))))) // of thousands of runs, no more than takes seconds
			tau := study.Kendall(x, y)
			cells := []string{strconv.Itoa(len(x)), study.Decimal(tau, 2), "–", "–"}
			if !math.IsNaN(tau) {
				cells[2], cells[3] = study.Decimal(study.Shuffled(x, y, shuffles, BootstrapSeed), 3), strconv.Itoa(shuffles)
			}
			t.add(name, method, cells...)
		}
		for m, method := range r.Methods {
			var x, y []float64
			for seed := range r.Seeds {
				if result := r.At(m, task, seed); result != nil {
					a, searched := search.Of(*result)
					b, ok := trained.Of(*result)
					if searched && ok {
						x, y = append(x, a), append(y, b)
					}
				}
			}
			row(method, x, y)
			all[0], all[1] = append(all[0], x...), append(all[1], y...)
		}
		if len(r.Methods) > 1 {
			row("all together", all[0], all[1])
		}
	}
	if t.Rows == nil {
		return nil
	}
	return t
}

// genotypes are how far the seeds of each method found the same cells.
func (r *Report) genotypes() *table {
	t := r.columns(r.one()+"s", "edges alike", "by chance", "95 % of sets", "sources alike", "by chance", "operations alike", "by chance")
	type chance struct {
		mean  study.Agreement
		edges study.Interval
	}
	known := map[[2]int]chance{} // by seeds and nodes
	percent := func(v float64) string {
		if math.IsNaN(v) {
			return "–"
		}
		return study.Decimal(100*v, 0) + " %"
	}
	for task, name := range r.Tasks {
		for m, method := range r.Methods {
			var found []darts.Genotype
			for seed := range r.Seeds {
				if result := r.At(m, task, seed); result != nil {
					if g, ok := result.Genotype(); ok {
						found = append(found, g)
					}
				}
			}
			if len(found) < 2 {
				continue
			}
			a := study.Agree(found)
			key := [2]int{len(found), len(found[0].Normal) / 2}
			c, ok := known[key]
			if !ok {
				c.mean, c.edges = study.AgreeByChance(key[0], key[1], BootstrapSeed)
				known[key] = c
			}
			t.add(name, method, strconv.Itoa(len(found)), percent(a.Edges), percent(c.mean.Edges), percent(c.edges.Low)+" to "+percent(c.edges.High),
				percent(a.Sources), percent(c.mean.Sources), percent(a.Operations), percent(c.mean.Operations))
		}
	}
	if t.Rows == nil {
		return nil
	}
	return t
}

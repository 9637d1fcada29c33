// Package report tells what a study has come to: as a page, as Markdown, as figures for a publication, and as a table of all runs. It is
// made of what jobs have recorded, whether all are done or not.
package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"

	"hlrslab/core/darts"
	"hlrslab/core/run"
	"hlrslab/core/study"
)

// BootstrapSeed is of the streams that bootstraps, shuffles and random cells are drawn from.
const BootstrapSeed = 1

// Report is of a study's results.
type Report struct {
	*study.Results
	Figures []Figure
	blocks  []block
	numbers map[string]int // of figures, by their names
}

// New makes a report.
func New(results *study.Results) *Report {
	r := &Report{Results: results, numbers: map[string]int{}}
	r.Figures = r.figures()
	for i, f := range r.Figures {
		r.numbers[f.Name] = i + 1
	}
	r.write()
	return r
}

// block is a part of the report: one of its fields.
type block struct {
	Heading string
	Text    string
	List    []string
	Table   *table
	Figures []Figure
}

// table is rows of cells, of which the first so many are words, and the others numbers.
type table struct {
	Head  []string
	Words int
	Rows  [][]string
}

// sampled says whether the study is a sample, each of whose runs has settings and a seed of its own.
func (r *Report) sampled() bool { return r.Plan.Study.Sample != nil }

// one is what was repeated.
func (r *Report) one() string {
	if r.sampled() {
		return "run"
	}
	return "seed"
}

// everywhere are the methods that have a value on every task.
func (r *Report) everywhere() (all []int) {
	for m := range r.Methods {
		if !slices.ContainsFunc(r.Strata(m), func(values []float64) bool { return len(values) == 0 }) {
			all = append(all, m)
		}
	}
	return all
}

// spread is a mean and a standard deviation.
func spread(values []float64, digits int) string {
	switch len(values) {
	case 0:
		return "–"
	case 1:
		return study.Decimal(values[0], digits)
	}
	mean, sd := stat.MeanStdDev(values, nil)
	return study.Decimal(mean, digits) + " ± " + study.Decimal(sd, digits)
}

// interval is one of the measure's; one pair has none.
func (r *Report) interval(i study.Interval) string {
	if math.IsNaN(i.Low) || math.IsInf(i.Low, 0) {
		return "–"
	}
	return r.Measure.Number(i.Low) + " to " + r.Measure.Number(i.High)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// write puts the report together.
func (r *Report) write() {
	add := func(b ...block) { r.blocks = append(r.blocks, b...) }
	show := func(names ...string) {
		var all []Figure
		for _, name := range names {
			if n := r.numbers[name]; n > 0 {
				all = append(all, r.Figures[n-1])
			}
		}
		if all != nil {
			add(block{Figures: all})
		}
	}
	add(block{Text: r.progress()})
	if failures := r.failures(); failures != nil {
		add(block{List: failures})
	}
	add(block{Heading: "In words"})
	add(r.words()...)

	add(block{Heading: "All " + r.one() + "s"})
	add(r.values()...)
	show("points")
	show(r.along()...)
	if t := r.gains(); t != nil {
		add(block{Heading: "Differences from " + r.Methods[r.Baseline]}, block{Table: t})
		show("differences")
	}
	if len(r.Tasks) > 1 && !r.sampled() {
		add(block{Heading: "Over all tasks"}, block{Text: r.aggregation()})
		if t := r.aggregates(); t != nil {
			add(block{Table: t})
		}
		show("profiles")
	}
	add(block{Heading: "Other measures, and by class"}, block{Table: r.measures()})
	show("classes")
	add(block{Heading: "Parameters, skip connections and other operations"}, block{Table: r.operations()})
	show("parameters", "skips")
	if t := r.rankings(); t != nil {
		add(block{Heading: "Search-time and trained accuracy"}, block{Text: fmt.Sprintf(
			"Kendall’s τ-b is 1 where the searches’ networks come in the order of their trained cells, 0 where they tell nothing of it, and −1 where it is reversed. p is the share of shuffles (from the seed %d) with a τ as far from 0.", BootstrapSeed)}, block{Table: t})
		show("ranks")
	}
	if t := r.genotypes(); t != nil {
		add(block{Heading: fmt.Sprintf("How far %ss find the same cells", r.one())}, block{Text: fmt.Sprintf(
			"Means over all pairs of %ss. Edges are alike where node, source and operation are; sources, whatever the operation; operations, among edges of the same source. By chance is what as many cells drawn at random have alike, the mean of 2000 such sets, and for edges where 95 %% of the sets lie (from the seed %d).", r.one(), BootstrapSeed)}, block{Table: t})
	}
	add(block{Heading: "Curves"})
	show("epochs", "schedules")
	var cells []string
	for _, f := range r.Figures {
		if !f.Plot() {
			cells = append(cells, f.Name)
		}
	}
	if cells != nil {
		add(block{Heading: "Cells"})
		show(cells...)
	}
	add(block{Heading: "Settings"})
	if t := r.differs(); t != nil {
		add(block{Text: "What the variants differ in:"}, block{Table: t})
	}
	add(r.common()...)
	r.blocks = slices.DeleteFunc(r.blocks, func(b block) bool { return b.Table != nil && len(b.Table.Rows) == 0 })
	r.blocks = withoutEmpty(r.blocks)
}

// withoutEmpty leaves out headings that nothing stands under.
func withoutEmpty(all []block) (kept []block) {
	for i, b := range all {
		if b.Heading == "" || i+1 < len(all) && all[i+1].Heading == "" {
			kept = append(kept, b)
		}
	}
	return kept
}

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

// setting is a field of a job's run, or of the training that follows.
type setting struct {
	name string
	of   func(study.Job) string
	skip bool // it is the job's own: a seed, or the cell that was found
}

// settings are all that the plan's jobs have.
func (r *Report) settings() (all []setting) {
	for _, f := range run.Fields() {
		all = append(all, setting{f.Name, func(j study.Job) string { return f.Value(j.Config) }, f.Name == "seed"})
	}
	if r.Plan.Jobs[0].Train != nil {
		for _, f := range run.Fields() {
			all = append(all, setting{"train." + f.Name, func(j study.Job) string { return f.Value(*j.Train) }, f.Name == "seed" || f.Name == "genotype"})
		}
	}
	return slices.DeleteFunc(all, func(s setting) bool { return s.skip })
}

// vary says whether jobs differ in a setting.
func vary(s setting, jobs []study.Job) bool {
	return slices.ContainsFunc(jobs, func(j study.Job) bool { return s.of(j) != s.of(jobs[0]) })
}

// differs are the settings that variants differ in, or nil. Of a sample, a variant has several values of some.
func (r *Report) differs() *table {
	t := &table{Head: []string{"setting"}, Words: 1}
	var of [][]study.Job // each variant's
	for _, name := range r.Plan.Variants() {
		t.Head = append(t.Head, name)
		of = append(of, slices.DeleteFunc(slices.Clone(r.Plan.Jobs), func(j study.Job) bool { return j.Variant != name }))
	}
	for _, s := range r.settings() {
		if !vary(s, r.Plan.Jobs) {
			continue
		}
		row := []string{s.name}
		for _, jobs := range of {
			row = append(row, values(s, jobs))
		}
		t.Rows = append(t.Rows, row)
	}
	if t.Rows == nil {
		return nil
	}
	return t
}

// values are a setting's of some jobs: one, the ends of a range of numbers, or all of a list.
func values(s setting, jobs []study.Job) string {
	var list []string
	least, most := math.Inf(1), math.Inf(-1)
	var ends [2]string
	for _, j := range jobs {
		text := s.of(j)
		if v, err := strconv.ParseFloat(text, 64); err != nil {
			least = math.NaN() // no range
		} else {
			if v < least {
				least, ends[0] = v, text
			}
			if v > most {
				most, ends[1] = v, text
			}
		}
		if text = cmp.Or(text, "–"); !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	if len(list) > 2 && !math.IsNaN(least) {
		return ends[0] + " to " + ends[1]
	}
	return strings.Join(list, ", ")
}

// common are the settings that all have, and that are not the default.
func (r *Report) common() (all []block) {
	defaults := study.Job{Config: run.Default(), Train: new(run.Default())}
	for _, side := range []struct{ title, prefix string }{{"In common, where not the default: ", ""}, {"In common, of the training that follows: ", "train."}} {
		var parts []string
		for _, s := range r.settings() {
			name, trains := strings.CutPrefix(s.name, "train.")
			if trains == (side.prefix != "") && !vary(s, r.Plan.Jobs) && s.of(r.Plan.Jobs[0]) != s.of(defaults) {
				parts = append(parts, name+" "+s.of(r.Plan.Jobs[0]))
			}
		}
		if parts != nil {
			all = append(all, block{Text: side.title + strings.Join(parts, ", ") + "."})
		}
	}
	return append(all, block{Text: "plan.json in the study’s folder has all settings of all jobs, and runs.csv what each came to."})
}

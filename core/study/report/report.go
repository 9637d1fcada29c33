// Package report tells what a study has come to: as a page, as Markdown, as figures for a publication, and as a table of all runs. It is
// made of what jobs have recorded, whether all are done or not.
package report

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

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

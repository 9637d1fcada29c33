package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"hlrslab/core/run"
	"hlrslab/core/study"
)

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

// common are the settings that all have, and that are not the default; and what computed.
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
	if on, _ := study.Devices(r.All); on != "" {
		all = append(all, block{Text: "Computed on: " + on + "."})
	}
	return append(all, block{Text: "plan.json in the study’s folder has all settings of all jobs, and runs.csv what each came to."})
}

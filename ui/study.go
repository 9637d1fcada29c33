package ui

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"hlrslab/core/run"
	"hlrslab/core/study"
)

// openStudy is the study that was opened, by the measure that was chosen.
type openStudy struct {
	*study.Results
	bundle study.Bundle
}

// row is a variant of the open study: a method on a task.
type row struct {
	method, task int
	name         string
	values       []float64
	of           []*study.Result
}

func (r row) mean() (sum float64) {
	for _, v := range r.values {
		sum += v / float64(len(r.values))
	}
	return sum
}

// OpenStudy opens the file of a study; one that is damaged changes nothing.
func (l *Lab) OpenStudy(name string, raw []byte) {
	b, err := study.ReadBundle(bytes.NewReader(raw))
	if err != nil {
		l.say(fmt.Sprintf(Text.NoStudyFile, name, err))
		return
	}
	l.study = &openStudy{bundle: b}
	l.measure(b.Measure)
	l.visit(Studies, "")
}

// measure has the open study be looked at by another measure.
func (l *Lab) measure(id string) {
	if m, err := l.study.bundle.Plan.MeasureOf(id); err == nil {
		l.study.Results = l.study.bundle.Results(m)
	}
}

// studies are what study is open, or what a study is.
func (l *Lab) studies() string {
	pick := fmt.Sprintf(`<button type="button" data-pick="run">%s</button>`, escape(Text.OpenStudy))
	if l.study == nil {
		return `<p>` + Text.NoStudy + `</p><p>` + pick + `</p>`
	}
	s := l.study.bundle
	text := ""
	if s.Plan.Study.Question != "" {
		text = `<p class="question">` + escape(s.Plan.Study.Question) + `</p>`
	}
	of := fmt.Sprintf(Text.StudySeeds, len(l.study.rows()), len(l.study.Seeds))
	if l.study.Baseline < 0 {
		of = fmt.Sprintf(Text.StudySample, len(l.study.rows()))
	}
	return text + note(escape(fmt.Sprintf(Text.StudyJobs, len(s.Done), len(s.Plan.Jobs))+" "+of)) + `<p>` + pick + `</p>`
}

// rows are the open study's variants, in their order.
func (s *openStudy) rows() (rows []row) {
	for task, images := range s.Tasks {
		for method, name := range s.Methods {
			if !slices.ContainsFunc(s.Seeds, func(seed uint64) bool { return s.At(method, task, slices.Index(s.Seeds, seed)) != nil }) {
				continue // which the study does not have on these images
			}
			if len(s.Tasks) > 1 {
				name += ", " + images
			}
			r := row{method: method, task: task, name: name}
			r.values, r.of = s.Done(method, task)
			rows = append(rows, r)
		}
	}
	return rows
}

// against says in words, which are the report's, how a row differs from the baseline, if there is one.
func (s *openStudy) against(r row) string {
	switch {
	case s.Baseline < 0:
		return ""
	case r.method == s.Baseline:
		return Text.IsBaseline
	}
	text := s.Verdict(r.method, s.comparison(r.task))
	return strings.ToUpper(text[:1]) + text[1:]
}

// comparison is that of all rows of a task with the baseline's.
func (s *openStudy) comparison(task int) study.Comparison {
	all := s.Comparisons()
	return all[len(all)-len(s.Tasks)+task] // those of single tasks come last
}

// measured draws the open study: a row for each variant, a dot for each seed, which opens its run.
func (l *Lab) measured() string {
	s := l.study
	if s == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<p><label>%s <select data-choose="measure">`, escape(Text.Measure))
	for _, m := range s.Plan.Measures() {
		selected := ""
		if m.ID == s.Measure.ID {
			selected = " selected"
		}
		fmt.Fprintf(&b, `<option value="%s"%s>%s</option>`, m.ID, selected, escape(m.Title))
	}
	b.WriteString(`</select></label></p>`)
	rows := s.rows()
	ticks := ticksOver(rows)
	low, high := ticks[0], ticks[len(ticks)-1]
	x := func(v float64) float64 { return 4 + 92*(v-low)/(high-low) } // per cent: a dot at an end is whole on a phone
	grid := ""
	for _, v := range ticks {
		grid += fmt.Sprintf(`<line class="grid" x1="%.2f%%" x2="%.2f%%" y1="0" y2="100%%"/>`, x(v), x(v))
	}
	for _, r := range rows {
		class, mean := "conventional", ""
		if r.method == s.Baseline {
			class = "plain"
		}
		fmt.Fprintf(&b, `<div role="group" aria-label="%s" class="%s"><h3>%[1]s`, escape(r.name), class)
		if len(r.values) > 0 {
			fmt.Fprintf(&b, ` <span>%s</span>`, escape(fmt.Sprintf(Text.MeanOf, s.number(r.mean()), s.Measure.Unit, len(r.values))))
			mean = fmt.Sprintf(`<line class="mean" x1="%.2f%%" x2="%.2f%%" y1="0" y2="100%%"/>`, x(r.mean()), x(r.mean()))
		}
		b.WriteString(`</h3>`)
		if text := s.against(r); text != "" {
			b.WriteString(note(escape(text)))
		}
		for _, lane := range lanes(r, x) {
			b.WriteString(`<svg class="lane">` + grid + mean)
			for _, i := range lane {
				says := fmt.Sprintf(Text.DotOf, r.name, r.of[i].Seed, s.number(r.values[i]), s.Measure.Unit)
				fmt.Fprintf(&b, `<g role="button" tabindex="0" data-act="job:%d" aria-label="%s"><title>%[2]s</title><circle class="hit" cx="%.2[3]f%%" cy="13" r="12"/><circle class="seed" cx="%.2[3]f%%" cy="13" r="5"/></g>`, r.of[i].Index, escape(says), x(r.values[i]))
			}
			b.WriteString(`</svg>`)
		}
		b.WriteString(`</div>`)
	}
	b.WriteString(`<svg class="lane" role="img" aria-label="` + escape(s.Measure.Title) + `">`)
	for _, v := range ticks {
		fmt.Fprintf(&b, `<text x="%.2f%%" y="13" text-anchor="middle">%s</text>`, x(v), fmt.Sprint(math.Round(1e6*v)/1e6))
	}
	b.WriteString(`</svg>` + note(escape(fmt.Sprintf(Text.StudyAxis, s.Measure.Title, s.Measure.Unit))) + note(escape(s.note())))
	return b.String()
}

// note says what is drawn, and what its intervals are worth.
func (s *openStudy) note() string {
	switch {
	case s.Baseline < 0:
		return Text.StudyDots + " " + Text.SampleNote
	case len(s.Methods) == 1:
		return Text.StudyDots
	}
	return Text.StudyDots + " " + Text.StudyNote + " " + s.comparison(0).Several()
}

// number is a value of the measure with as many digits as it deserves.
func (s *openStudy) number(v float64) string { return study.Decimal(v, s.digits()) }

// signed is a difference of such values.
func (s *openStudy) signed(v float64) string {
	text := s.number(v)
	if v > 0 {
		text = "+" + text
	}
	return text
}

func (s *openStudy) digits() int {
	if s.Measure.Unit == "%" {
		return 1
	}
	return 3
}

// ticksOver are round numbers around all values, evenly apart.
func ticksOver(rows []row) (ticks []float64) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range rows {
		for _, v := range r.values {
			low, high = min(low, v), max(high, v)
		}
	}
	if low > high { // nothing is done
		low, high = 0, 1
	}
	return ticksBetween(low, high)
}

// ticksBetween are round numbers around two, evenly apart.
func ticksBetween(low, high float64) (ticks []float64) {
	const most = 5
	step := math.Pow(10, math.Floor(math.Log10(max(high-low, 0.01*max(math.Abs(high), 0.01))/most)))
	for _, f := range []float64{2, 2.5, 2} { // 2, 5 and 10 times
		if (high-low)/step <= most {
			break
		}
		step *= f
	}
	first := math.Floor(low / step)
	for i := first; i <= max(math.Ceil(high/step), first+1); i++ {
		ticks = append(ticks, i*step)
	}
	return ticks
}

// lanes are the dots of a row, by index, in as many lanes as it takes that none lies on another where the page is narrowest.
func lanes(r row, x func(float64) float64) (lanes [][]int) {
	const apart = 8 // per cent: 24 pixels
	order := make([]int, len(r.values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.values[a], r.values[b]) })
	for _, i := range order {
		at := slices.IndexFunc(lanes, func(lane []int) bool { return x(r.values[i])-x(r.values[lane[len(lane)-1]]) >= apart })
		if at < 0 {
			at = len(lanes)
			lanes = append(lanes, nil)
		}
		lanes[at] = append(lanes[at], i)
	}
	return lanes
}

// measuredTable has what measured draws: a row for each variant, and one for each seed.
func (l *Lab) measuredTable() string {
	s := l.study
	if s == nil {
		return ""
	}
	rows := s.rows()
	var means, seeds [][]string
	top := []string{Text.Variant, Text.SeedsHead, Text.Mean}
	if s.Baseline < 0 {
		top[1] = Text.RunsHead
	} else {
		top = append(top, Text.DifferenceHead, Text.Interval, Text.Widened)
	}
	head := []string{Text.Seed}
	for _, r := range rows {
		head = append(head, r.name)
		line := []string{r.name, fmt.Sprint(len(r.values)), "–"}
		if len(r.values) > 0 {
			line[2] = s.number(r.mean())
		}
		if s.Baseline >= 0 {
			line = append(line, "–", "–", "–")
			if d := s.Over(r.method, r.task); r.method != s.Baseline && len(d.Each) > 0 {
				if line[3] = s.signed(d.Mean); len(d.Each) > 1 {
					for k, confidence := range []float64{study.Confidence, s.comparison(r.task).Wide} {
						i := d.Interval(confidence)
						line[4+k] = fmt.Sprintf(Text.FromTo, s.signed(i.Low), s.signed(i.High))
					}
				}
			}
		}
		means = append(means, line)
	}
	caption := fmt.Sprintf(Text.StudyAxis, s.Measure.Title, s.Measure.Unit)
	if s.Baseline < 0 { // no seed is two runs'
		for _, r := range rows {
			for i, result := range r.of {
				seeds = append(seeds, []string{r.name, fmt.Sprint(result.Seed), s.number(r.values[i])})
			}
		}
		return tabulate(caption, top, means) + tabulate(Text.ByRun, []string{Text.Variant, Text.Seed, caption}, seeds)
	}
	for at, seed := range s.Seeds {
		line := []string{fmt.Sprint(seed)}
		for _, r := range rows {
			text := "–"
			if result := s.At(r.method, r.task, at); result != nil {
				if v, ok := s.Measure.Of(*result); ok {
					text = s.number(v)
				}
			}
			line = append(line, text)
		}
		seeds = append(seeds, line)
	}
	return tabulate(caption, top, means) + tabulate(Text.BySeed, head, seeds)
}

// job puts the run of a job of the open study on the page, beside those that are there, or into focus if it is one of them.
func (l *Lab) job(index int) {
	if l.study == nil || index < 0 || index >= len(l.study.All) {
		return
	}
	result := l.study.All[index]
	record := l.study.Measure.Record(result)
	if record == nil {
		return
	}
	link, err := record.Link()
	if err != nil {
		l.say(err.Error())
		return
	}
	i := slices.IndexFunc(l.Runs, func(r *Run) bool { return r.Link == link })
	if i < 0 {
		name := fmt.Sprintf(Text.JobName, result.Variant, result.Seed)
		if result.Train != nil && record.Config.Task == run.Search {
			name = fmt.Sprintf(Text.JobSearch, name)
		}
		if !l.linkedRun(name, *record, link) {
			return
		}
		i = l.Focus
	}
	l.FocusOn(i)
	l.visit(Explore, "")
}

package ui

import (
	"fmt"
	"strings"

	"hlrslab/core/run"
)

// way is the choice among the ways to search, and a sentence on the one that is chosen.
func (l *Lab) way() string {
	r := l.Run()
	if r.trains() {
		return ""
	}
	now, note, disabled := r.Config.Way(), Text.WayOwn, ""
	if r.Fixed() {
		disabled = " disabled"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="control"><label for="way">%s</label><select id="way" data-set="way" aria-describedby="way-help"%s>`, escape(Text.Way), disabled)
	for i, w := range run.Ways {
		selected := ""
		if now == &run.Ways[i] {
			selected, note = " selected", w.Note
		}
		fmt.Fprintf(&b, `<option value="%s"%s>%s</option>`, w.ID, selected, escape(w.Name))
	}
	if now == nil {
		fmt.Fprintf(&b, `<option value="" selected>%s</option>`, escape(Text.WayMixed))
	}
	fmt.Fprintf(&b, `</select><small id="way-help">%s</small></div>`, escape(note))
	return b.String()
}

// goes has the run in focus search another way.
func (l *Lab) goes(id string) {
	if c, err := l.Run().Config.Goes(id); err == nil && !l.Run().Fixed() {
		l.change(c, "method")
	}
}

// byClass says whether classes have rates of their own, and sparse whether operations may have no weight.
func (l *Lab) byClass() bool { return !trains(l) && l.Run().experiment().ClassGamma != 0 }
func (l *Lab) sparse() bool  { return !trains(l) && l.Run().experiment().Mixture == "sparsemax" }

// classRates are the rates of classes in the epoch shown, from head to tail.
func (l *Lab) classRates() (names []string, rates []float64) {
	counts, order, err := l.counts()
	if err != nil {
		return nil, nil
	}
	epoch := 0
	if e := l.Run().at(l.Epoch); e != nil {
		epoch = e.Epoch
	}
	c := l.Run().experiment()
	all := c.ClassRates(c.WeightCounts(counts, epoch), epoch)
	for _, c := range order {
		names, rates = append(names, l.class(c)), append(rates, all[c])
	}
	return names, rates
}

// rateBars has a bar for each class's rate.
func (l *Lab) rateBars() string {
	names, rates := l.classRates()
	const left, width, row = 96., 300., 20.
	most := 1.
	for _, r := range rates {
		most = max(most, r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 460 %g" role="img" aria-label="%s">`, row*float64(len(rates)), escape(Text.ClassRates))
	for i, r := range rates {
		y := row * float64(i)
		fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="end">%s</text><rect class="bar rate" x="%g" y="%g" width="%.1f" height="13"/><text x="%.1f" y="%g">%.2f</text>`,
			left-6, y+14, escape(names[i]), left, y+3, width*r/most, left+width*r/most+6, y+14, r)
	}
	b.WriteString(`</svg>`)
	return b.String() + note(escape(Text.ClassRatesNote))
}

func (l *Lab) rateBarsTable() string {
	names, rates := l.classRates()
	var rows [][]string
	for i, r := range rates {
		rows = append(rows, []string{names[i], fmt.Sprintf("%.3f", r)})
	}
	return tabulate(Text.ClassRates, []string{Text.Class, Text.RateOfClass}, rows)
}

// support is how many operations of an edge have a weight, in the mean.
func support(p *run.Report) float64 {
	n, edges := 0, 0
	for _, rows := range [][][]float64{p.Normal, p.Reduce} {
		for _, row := range rows {
			edges++
			for _, v := range row {
				if v > 0 {
					n++
				}
			}
		}
	}
	return float64(n) / float64(max(edges, 1))
}

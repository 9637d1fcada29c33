package ui

import (
	"fmt"
	"math"
	"strings"
)

// results are what the searches that come with the page, and the cells that they found, came to over their seeds.
func (l *Lab) results() string {
	if l.Recording == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="two"><div><h3>%s</h3>%s</div><div><h3>%s</h3>%s</div></div>`, escape(Text.ResultSearch), l.dots(Text.ResultSearch, false, 410), escape(Text.ResultTrained), l.dots(Text.ResultTrained, true, 410))
	b.WriteString(note(escape(Text.ResultNote)) + `<ul class="verdicts">`)
	for _, p := range l.Recording.Pairs {
		of, over := l.Recording.Variants[p.Of], l.Recording.Variants[p.Over]
		better := 0
		for i := range of.Trained {
			if of.Trained[i] > over.Trained[i] {
				better++
			}
		}
		verdict := fmt.Sprintf(Text.ResultAlike, of.Name, over.Name)
		if a, b, told := p.Better(); told {
			verdict = fmt.Sprintf(Text.ResultBetter, l.Recording.Variants[a].Name, l.Recording.Variants[b].Name)
		}
		fmt.Fprintf(&b, `<li><b>%s</b> <span class="note">%s</span></li>`, escape(verdict),
			escape(fmt.Sprintf(Text.ResultDifference, of.Name, over.Name, 100*p.Mean, 100*p.Low, 100*p.High, better, len(of.Trained))))
	}
	b.WriteString(`</ul>`)
	return b.String()
}

// accuracies are a variant's, in per cent: of its cells trained, or else of its search networks.
func (l *Lab) accuracies(variant int, trained bool) (y []float64, mean float64) {
	v := l.Recording.Variants[variant].Search
	if trained {
		v = l.Recording.Variants[variant].Trained
	}
	for _, a := range v {
		y = append(y, 100*a)
		mean += 100 * a / float64(len(v))
	}
	return y, mean
}

// dots is a row of points for each variant, a point for each seed, with their mean.
func (l *Lab) dots(title string, trained bool, wide float64) string {
	const head = 8.
	left, right, row, axis := 110., wide-12, 34., 36.
	if wide < 300 { // in a small panel
		left, row, axis = 92, 24, 20
	}
	low, high := math.Inf(1), math.Inf(-1)
	for i := range l.Recording.Variants {
		y, _ := l.accuracies(i, trained)
		for _, v := range y {
			low, high = min(low, v), max(high, v)
		}
	}
	const step = 2 // points of a hundred between two marks
	low = step * math.Floor(low/step)
	high = max(low+step, step*math.Ceil(high/step))
	every := step * math.Ceil((high-low)/step/((right-left)/34))
	x := func(v float64) float64 { return left + (right-left)*(v-low)/(high-low) }
	foot := head + row*float64(len(l.Recording.Variants))
	says := title
	var b strings.Builder
	for v := low; v <= high; v += every {
		fmt.Fprintf(&b, `<path class="grid" d="M%.1f %gV%g"/><text x="%.1f" y="%g" text-anchor="middle">%.0f</text>`, x(v), head, foot, x(v), foot+15, v)
	}
	if axis > 30 {
		fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="middle">%s</text>`, (left+right)/2, foot+31, escape(Text.ResultAxis))
	} else {
		fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="end">%%</text>`, left-22, foot+15)
	}
	for i, v := range l.Recording.Variants {
		y, mean := l.accuracies(i, trained)
		middle := head + row*(float64(i)+.5)
		fmt.Fprintf(&b, `<g class="%s"><text x="%g" y="%.1f" text-anchor="end">%s</text><path class="mean" d="M%.1f %.1fv%g"/>`, l.variantClass(v.Name), left-8, middle+4, escape(v.Name), x(mean), middle-9, 18.)
		for s, a := range y {
			fmt.Fprintf(&b, `<circle class="seed" cx="%.1f" cy="%.1f" r="3.5"><title>%s</title></circle>`, x(a), middle+4*float64(s%3-1), escape(fmt.Sprintf(Text.ResultSeed, v.Name, l.Recording.Seeds[s], a)))
		}
		b.WriteString(`</g>`)
		says += fmt.Sprintf("; %s %.1f", v.Name, mean)
	}
	return fmt.Sprintf(`<svg viewBox="0 0 %g %g" role="img" aria-label="%s">%s</svg>`, wide, foot+axis, escape(says), b.String())
}

// variantClass has a variant's colour: that of its run on the page.
func (l *Lab) variantClass(name string) string {
	for i, r := range l.Runs {
		if r.Story == name {
			return fmt.Sprint("run", i)
		}
	}
	return "plain"
}

// resultsTable is a row for each seed.
func (l *Lab) resultsTable() string {
	if l.Recording == nil {
		return ""
	}
	head := []string{Text.Seed}
	for _, v := range l.Recording.Variants {
		head = append(head, fmt.Sprintf(Text.SearchOf, v.Name))
	}
	for _, v := range l.Recording.Variants {
		head = append(head, fmt.Sprintf(Text.TrainedOf, v.Name))
	}
	var rows [][]string
	for s, seed := range l.Recording.Seeds {
		row := []string{fmt.Sprint(seed)}
		for _, trained := range []bool{false, true} {
			for i := range l.Recording.Variants {
				y, _ := l.accuracies(i, trained)
				row = append(row, fmt.Sprintf("%.1f", y[s]))
			}
		}
		rows = append(rows, row)
	}
	return tabulate(Text.ResultTable, head, rows)
}

// variant is the recorded variant that the run in focus is of, or -1.
func (l *Lab) variant() int {
	if l.Recording != nil && l.Run().Story != "" {
		for i, v := range l.Recording.Variants {
			if v.Name == l.Run().Story {
				return i
			}
		}
	}
	return -1
}

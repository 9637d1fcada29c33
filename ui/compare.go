package ui

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"hlrslab/core/draw"
	"hlrslab/core/run"
)

// entropyOf is the most that n weights can have, in nats.
func entropyOf(n int) float64 { return math.Log(float64(n)) }

// compareChart is the balanced accuracy of all runs.
func (l *Lab) compareChart() chart {
	c := chart{title: Text.CompareTitle, first: Text.FirstEpoch, top: 10, at: l.Epoch, format: "%.1f"}
	for i, r := range l.Runs {
		var y []float64
		for _, e := range r.Epochs {
			y = append(y, 100*e.Report.Accuracy)
			c.top = max(c.top, 10*math.Ceil(10*e.Report.Accuracy))
		}
		c.n = max(c.n, r.Config.Epochs)
		c.lines = append(c.lines, line{name: l.nameOf(r), class: fmt.Sprint("run", i), y: y})
	}
	return c
}

// compare sets the runs on the page side by side: what differs in their settings, and what came out.
func (l *Lab) compare() string {
	c := l.read("compare", l.compareChart())
	var b strings.Builder
	start := Text.StartAll
	if slices.ContainsFunc(l.Runs, func(r *Run) bool { return r.Fixed() || r.resumes() }) {
		start = Text.ContinueAll
	}
	b.WriteString(`<p>` + button("all:play", start) + button("all:pause", Text.PauseAll) + `</p>` + l.verdict())
	if l.mixed() {
		b.WriteString(`<p class="warning">` + escape(Text.OtherImages) + `</p>`)
	}
	b.WriteString(`<div class="two"><div>` + c.key() + c.svg() + `</div><div class="beside"><table><caption>` + escape(Text.Differs) + `</caption><thead><tr><td></td>`)
	for i, r := range l.Runs {
		fmt.Fprintf(&b, `<th scope="col" class="run%d">%s</th>`, i, escape(r.Name))
	}
	b.WriteString(`</tr></thead><tbody>`)
	row := func(name, class string, value func(r *Run) string) {
		fmt.Fprintf(&b, `<tr class="%s"><th scope="row">%s</th>`, class, escape(name))
		for _, r := range l.Runs {
			fmt.Fprintf(&b, `<td>%s</td>`, escape(value(r)))
		}
		b.WriteString("</tr>")
	}
	number := func(name, format string, v func(e *run.Event) float64) {
		row(name, "", func(r *Run) string {
			e := r.at(l.Epoch)
			if e == nil || math.IsNaN(v(e)) {
				return "–"
			}
			return fmt.Sprintf(format, v(e))
		})
	}
	number(Text.Epoch, "%.0f", func(e *run.Event) float64 { return float64(e.Epoch + 1) })
	number(Text.RowAccuracy, "%.1f", func(e *run.Event) float64 { return 100 * e.Report.Accuracy })
	number(Text.RowHead, "%.1f", func(e *run.Event) float64 { return 100 * e.Report.Head })
	number(Text.RowTail, "%.1f", func(e *run.Event) float64 { return 100 * e.Report.Tail })
	if slices.ContainsFunc(l.Runs, func(r *Run) bool { return r.experiment().Multiplier != run.NoMultiplier }) {
		number(Text.RowEnergy, "%.1f", func(e *run.Event) float64 {
			if e.Report.Energy == 0 {
				return math.NaN()
			}
			return 100 * e.Report.Energy
		})
	}
	searching := func(e *run.Event, v float64) float64 {
		if e.Report.Normal == nil {
			return math.NaN()
		}
		return v
	}
	number(Text.RowCutOut, "%.1f", func(e *run.Event) float64 { return searching(e, 100*e.Report.Discrete) })
	number(Text.RowSkips, "%.0f", func(e *run.Event) float64 { return float64(e.Report.Counts["skip"]) })
	number(Text.RowEntropy, "%.3f", func(e *run.Event) float64 { return searching(e, e.Report.Entropy) })
	number(Text.TestLoss, "%.3f", func(e *run.Event) float64 {
		if e.Report.TestLoss == 0 { // which older records lack
			return math.NaN()
		}
		return e.Report.TestLoss
	})
	for _, f := range run.Fields() {
		if f.Name != "genotype" && slices.ContainsFunc(l.Runs, func(r *Run) bool { return !f.Of(r.experiment().Task) }) {
			continue // of a search or of a training alone
		}
		value := func(r *Run) string { return f.Value(r.experiment()) }
		for _, r := range l.Runs[1:] {
			if value(r) != value(l.Runs[0]) {
				row(f.Label, "differs", func(r *Run) string {
					if c := r.experiment(); f.Counts(c) {
						return brief(f, c)
					}
					return "–"
				})
				break
			}
		}
	}
	b.WriteString(`</tbody></table></div></div><div class="runcells">`)
	for i, r := range l.Runs {
		fmt.Fprintf(&b, `<div><h3 class="run%d">%s</h3>`, i, escape(r.Name))
		if g, ok := r.genotype(l.Epoch); ok {
			b.WriteString(draw.Cell(fmt.Sprintf(Text.NormalCellOf, escape(r.Name)), g.Normal, g.NormalConcat))
		} else {
			b.WriteString(note(Text.Later))
		}
		b.WriteString("</div>")
	}
	b.WriteString("</div>")
	return b.String()
}

// verdict says what the trainings on the page that have ended say of the best of them and the next: how far apart they are, and how
// far by chance. It is empty where there are not two on the same images.
func (l *Lab) verdict() string {
	var ended []*Run
	for _, r := range l.Runs {
		if r.trains() && r.Record.Done() && (len(ended) == 0 || r.Record.InForce().OnImagesOf(ended[0].Record.InForce()).Equal(r.Record.InForce())) {
			ended = append(ended, r)
		}
	}
	if len(ended) < 2 {
		return ""
	}
	accuracy := func(r *Run) float64 { return r.last().Report.Accuracy }
	slices.SortStableFunc(ended, func(a, b *Run) int { return cmp.Compare(accuracy(b), accuracy(a)) })
	best, next := ended[0], ended[1]
	a, b, n := accuracy(best), accuracy(next), 0
	for _, row := range best.last().Report.Confusion {
		for _, images := range row {
			n += images
		}
	}
	chance := 1.96 * math.Sqrt((a*(1-a)+b*(1-b))/float64(n)) // of two binomial shares
	return `<p class="answer">` + escape(fmt.Sprintf(Text.Verdict, best.Name, 100*a, next.Name, 100*b, 100*(a-b), n, 100*chance)) + `</p>`
}

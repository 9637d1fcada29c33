package ui

import (
	"fmt"
	"strings"

	"hlrslab/core/darts"
	"hlrslab/core/draw"
	"hlrslab/core/sched"
)

// line is one curve of a chart.
type line struct {
	class string
	y     []float64
}

// chart draws curves over a common axis from 0 to the longest curve; marks are dashed uprights.
func chart(title, left, right string, top float64, lines []line, marks []float64) string {
	const w, h, x0, y0 = 360.0, 130.0, 34.0, 10.0
	n := 2
	for _, l := range lines {
		n = max(n, len(l.y))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 410 165" role="img" aria-label="%s">`, title)
	for i := range 3 {
		y := y0 + h*float64(i)/2
		fmt.Fprintf(&b, `<path class="grid" d="M%g %gH%g"/><text x="%g" y="%g" text-anchor="end">%.3g</text>`, x0, y, x0+w, x0-5, y+4, top*float64(2-i)/2)
	}
	fmt.Fprintf(&b, `<text x="%g" y="%g">%s</text><text x="%g" y="%g" text-anchor="end">%s</text>`, x0, y0+h+16, left, x0+w, y0+h+16, right)
	for _, m := range marks {
		fmt.Fprintf(&b, `<path class="mark" d="M%.1f %gV%g"/>`, x0+w*m, y0, y0+h)
	}
	for _, l := range lines {
		var d strings.Builder
		stride := max(1, len(l.y)/300) // no more points than pixels
		for i := 0; i < len(l.y); i += stride {
			c := "L"
			if i == 0 {
				c = "M"
			}
			fmt.Fprintf(&d, "%s%.1f %.1f", c, x0+w*float64(i)/float64(n-1), y0+h*(1-min(1, l.y[i]/top)))
		}
		if len(l.y) == 1 {
			d.WriteString("h2")
		}
		fmt.Fprintf(&b, `<path class="line %s" d="%s"/>`, l.class, d.String())
	}
	b.WriteString("</svg>")
	return b.String()
}

// Schedules draws the architecture's rate and the branches' mix over the epochs, as the controls stand.
func (l *Lab) Schedules() string {
	if l.Wrong != "" {
		return ""
	}
	c := l.Config
	arch, mix, err := c.Schedules()
	if err != nil {
		return ""
	}
	rate := arch.Sample(sched.Ties{Mix: mix, Rate: c.Rate, RateMin: c.RateMin})
	top := 1.0
	for _, v := range rate {
		top = max(top, v)
	}
	return chart("Schedules over the epochs", "epoch 1", fmt.Sprint(c.Epochs), top, []line{{"rate", rate}, {"conventional", mix.Sample()}}, l.marks(true))
}

// marks are where changes took effect, as shares of the axis.
func (l *Lab) marks(all bool) (out []float64) {
	n := float64(max(1, l.Config.Epochs-1))
	if !all {
		n = float64(max(1, len(l.Epochs)-1))
	}
	for _, e := range l.Changes {
		if x := float64(e) / n; x <= 1 {
			out = append(out, x)
		}
	}
	return out
}

// Loss draws the weights' loss, step by step.
func (l *Lab) Loss() string {
	return chart("Loss of each step", "step 1", fmt.Sprint(len(l.Losses)), 3, []line{{"plain", l.Losses}}, nil)
}

// Accuracy draws the balanced accuracy, epoch by epoch.
func (l *Lab) Accuracy() string {
	lines := []line{{"head", nil}, {"medium", nil}, {"tail", nil}, {"plain", nil}}
	for _, e := range l.Epochs {
		for i, v := range []float64{e.Report.Head, e.Report.Medium, e.Report.Tail, e.Report.Accuracy} {
			lines[i].y = append(lines[i].y, 100*v)
		}
	}
	return chart("Balanced test accuracy in per cent", "epoch 1", fmt.Sprint(len(l.Epochs)), 100, lines, l.marks(false))
}

// Classes draws each class's images and accuracy, from head to tail.
func (l *Lab) Classes() string {
	var b strings.Builder
	b.WriteString(`<svg viewBox="0 0 410 210" role="img" aria-label="Images and accuracy of each class, from head to tail">`)
	for i, c := range l.Facts.Order {
		y := 4 + float64(i)*20.5
		most := float64(max(1, l.Facts.Counts[l.Facts.Order[0]]))
		fmt.Fprintf(&b, `<text x="76" y="%g" text-anchor="end">%s</text><rect class="count" x="82" y="%g" width="%.1f" height="7"/><text x="404" y="%g" text-anchor="end">%d images`,
			y+12, l.Facts.Names[c], y+1, 220*float64(l.Facts.Counts[c])/most, y+12, l.Facts.Counts[c])
		if n := len(l.Epochs); n > 0 {
			acc := l.Epochs[n-1].Report.PerClass[i]
			fmt.Fprintf(&b, `, %.0f %%</text><rect class="right" x="82" y="%g" width="%.1f" height="7"/>`, 100*acc, y+9, 220*acc)
		} else {
			b.WriteString("</text>")
		}
	}
	b.WriteString("</svg>")
	return b.String()
}

// Heat draws the softmax of alpha: a row an edge, a column an operation.
func (l *Lab) Heat(reduce bool) string {
	n := len(l.Epochs)
	if n == 0 {
		return ""
	}
	rows, name := l.Epochs[n-1].Report.Normal, "Normal"
	if reduce {
		rows, name = l.Epochs[n-1].Report.Reduce, "Reduction"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 410 %d" role="img" aria-label="%s cell: weight of each operation on each edge">`, 20+13*len(rows), name)
	for e := range rows {
		fmt.Fprintf(&b, `<text x="28" y="%d" text-anchor="end" class="tiny">%d</text>`, 29+e*13, e)
	}
	for k, op := range darts.Primitives { // a column a group: Vugu takes no text of 16 kB
		fmt.Fprintf(&b, `<text x="%d" y="12" text-anchor="middle" class="tiny">%s</text><g fill="%s">`, 58+k*46, draw.Short(op), draw.Colours[op])
		for e, row := range rows {
			fmt.Fprintf(&b, `<path d="M%d %dh44v12h-44z" fill-opacity="%.2f"/>`, 36+k*46, 19+e*13, min(1, max(0.04, (row[k]-0.06)*6)))
		}
		b.WriteString("</g>")
	}
	b.WriteString("</svg>")
	return b.String()
}

// Cell draws the cell that the genotype of the last epoch has.
func (l *Lab) Cell(reduce bool) string {
	n := len(l.Epochs)
	if n == 0 {
		return ""
	}
	g := l.Epochs[n-1].Report.Genotype
	if reduce {
		return draw.Cell("Reduction cell", g.Reduce, g.ReduceConcat)
	}
	return draw.Cell("Normal cell", g.Normal, g.NormalConcat)
}

// Genotype is the last epoch's in quark0/darts' notation, and what its cells hold.
func (l *Lab) Genotype() string {
	n := len(l.Epochs)
	if n == 0 {
		return "After the first epoch the architecture stands here."
	}
	r := l.Epochs[n-1].Report
	return fmt.Sprintf("%d skip connections, %d pools, %d convolutions; entropy %.3f nats. %s", r.Counts["skip"], r.Counts["pool"], r.Counts["conv"], r.Entropy, r.Genotype)
}

package ui

import (
	"fmt"
	"slices"
	"strings"

	"hlrslab/core/darts"
	"hlrslab/core/draw"
	"hlrslab/core/sched"
)

// line is one curve of a chart, from the place from on.
type line struct {
	class string
	y     []float64
	from  int
}

// chart draws curves over a common axis from 0 to n or the longest curve; marks are dashed uprights, as places on it.
func chart(title, left, right string, top float64, n int, lines []line, marks []int) string {
	const w, h, x0, y0 = 350.0, 130.0, 48.0, 10.0
	for _, l := range lines {
		n = max(n, len(l.y)+l.from)
	}
	at := func(i int) float64 { return x0 + w*float64(i)/float64(max(1, n-1)) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 410 165" role="img" aria-label="%s">`, title)
	for i := range 3 {
		y := y0 + h*float64(i)/2
		fmt.Fprintf(&b, `<path class="grid" d="M%g %gH%g"/><text x="%g" y="%g" text-anchor="end">%.3g</text>`, x0, y, x0+w, x0-5, y+4, top*float64(2-i)/2)
	}
	fmt.Fprintf(&b, `<text x="%g" y="%g">%s</text><text x="%g" y="%g" text-anchor="end">%s</text>`, x0, y0+h+16, left, x0+w, y0+h+16, right)
	for _, m := range marks {
		fmt.Fprintf(&b, `<path class="mark" d="M%.1f %gV%g"/><text x="%.1f" y="%g" text-anchor="middle">changed</text>`, at(m), y0, y0+h, min(max(at(m), x0+22), x0+w-22), y0+h+16)
	}
	for _, l := range lines {
		var d strings.Builder
		stride := max(1, len(l.y)/300) // no more points than pixels
		for i := 0; i < len(l.y); i += stride {
			c := "L"
			if i == 0 {
				c = "M"
			}
			fmt.Fprintf(&d, "%s%.1f %.1f", c, at(i+l.from), y0+h*(1-min(1, l.y[i]/top)))
		}
		if len(l.y) == 1 {
			d.WriteString("h3")
		}
		fmt.Fprintf(&b, `<path class="line %s" d="%s"/>`, l.class, d.String())
	}
	b.WriteString("</svg>")
	return b.String()
}

// RateChart draws the architecture's rate over the epochs: as it was, and as the controls stand.
func (l *Lab) RateChart() string {
	c := l.Config
	arch, mix, err := c.Schedules()
	if err != nil || c.Validate() != nil {
		return ""
	}
	ties := sched.Ties{Mix: mix, Rate: c.Rate, RateMin: c.RateMin}
	next := arch.Sample(ties)
	for i := range next {
		next[i] *= c.ArchRate
	}
	top := max(c.ArchRate, 1e-4)
	for _, v := range slices.Concat(next, l.Rates) {
		top = max(top, v)
	}
	return l.schedule("Architecture rate over the epochs", top, l.Rates, next, "rate")
}

// MixChart draws the conventional branch's share over the epochs, likewise.
func (l *Lab) MixChart() string {
	_, mix, err := l.Config.Schedules()
	if err != nil || l.Config.Validate() != nil {
		return ""
	}
	return l.schedule("Share of the conventional branch over the epochs", 1, l.Mixes, mix.Sample(), "conventional")
}

// schedule draws what was and, dashed once there is a past, what is to come.
func (l *Lab) schedule(title string, top float64, was, next []float64, class string) string {
	lines := []line{{class, next, 0}}
	if n := len(was); n > 0 {
		lines = []line{{class, was, 0}, {class + " next", append([]float64{was[n-1]}, next[n:]...), n - 1}}
	}
	return chart(title, "epoch 1", fmt.Sprint(l.Config.Epochs), top, l.Config.Epochs, lines, l.Changes)
}

// Loss draws the weights' loss, step by step.
func (l *Lab) Loss() string {
	return chart("Loss of each step", "step 1", fmt.Sprint(len(l.Losses)), slices.Max(append([]float64{3}, l.Losses...)), 0, []line{{"plain", l.Losses, 0}}, nil)
}

// Accuracy draws the balanced accuracy, epoch by epoch.
func (l *Lab) Accuracy() string {
	lines := []line{{"head", nil, 0}, {"medium", nil, 0}, {"tail", nil, 0}, {"plain", nil, 0}}
	for _, e := range l.Epochs {
		for i, v := range []float64{e.Report.Head, e.Report.Medium, e.Report.Tail, e.Report.Accuracy} {
			lines[i].y = append(lines[i].y, 100*v)
		}
	}
	return chart("Balanced test accuracy in per cent", "epoch 1", fmt.Sprint(l.Config.Epochs), 100, l.Config.Epochs, lines, l.Changes)
}

// Classes draws each class's images and accuracy, from head to tail; before a run, what the controls would give.
func (l *Lab) Classes() string {
	counts, order := l.Facts.Counts, l.Facts.Order
	if counts == nil {
		var err error
		if counts, err = l.Config.Counts(classes); err != nil {
			return ""
		}
		order = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	}
	var b strings.Builder
	b.WriteString(`<svg viewBox="0 0 410 210" role="img" aria-label="Images and accuracy of each class, from head to tail">`)
	for i, c := range order {
		y, name := 4+float64(i)*20.5, fmt.Sprint("class ", c+1)
		if l.Facts.Classes != nil {
			name = l.Facts.Classes[c]
		}
		most := float64(max(1, counts[order[0]]))
		fmt.Fprintf(&b, `<text x="70" y="%g" text-anchor="end">%s</text><rect class="count" x="76" y="%g" width="%.1f" height="7"/><text x="404" y="%g" text-anchor="end">%d images`,
			y+12, name, y+1, 220*float64(counts[c])/most, y+12, counts[c])
		if n := len(l.Epochs); n > 0 {
			acc := l.Epochs[n-1].Report.PerClass[i]
			fmt.Fprintf(&b, `, %.0f %%</text><rect class="right" x="76" y="%g" width="%.1f" height="7"/>`, 100*acc, y+9, 220*acc)
		} else {
			b.WriteString("</text>")
		}
	}
	b.WriteString("</svg>")
	return b.String()
}

const later = `<p class="note">After the first epoch.</p>`

// Heat draws the softmax of alpha: a row an edge, a column an operation.
func (l *Lab) Heat(reduce bool) string {
	n := len(l.Epochs)
	if n == 0 {
		return later
	}
	rows, name := l.Epochs[n-1].Report.Normal, "Normal"
	if reduce {
		rows, name = l.Epochs[n-1].Report.Reduce, "Reduction"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 410 %d" role="img" aria-label="%s cell: weight of each operation on each edge">`, 56+14*len(rows), name)
	for e := range rows {
		fmt.Fprintf(&b, `<text x="38" y="%d" text-anchor="end">%s</text>`, 65+e*14, edgeName(e))
	}
	for k, op := range darts.Primitives { // a column a group: Vugu takes no text of 16 kB
		fmt.Fprintf(&b, `<text transform="translate(%d 50) rotate(-25)">%s</text><g fill="%s">`, 50+k*41, draw.Short(op), draw.Colours[op])
		for e, row := range rows {
			fmt.Fprintf(&b, `<path d="M%d %dh39v13h-39z" fill-opacity="%.2f"/>`, 44+k*41, 54+e*14, min(1, max(0.04, (row[k]-0.06)*6)))
		}
		b.WriteString("</g>")
	}
	b.WriteString("</svg>")
	return b.String()
}

// edgeName is an edge's source and node, as in 0→2: 0 and 1 are the cell's inputs.
func edgeName(e int) string {
	node := 2
	for e >= node {
		e -= node
		node++
	}
	return fmt.Sprintf("%d→%d", e, node)
}

// Cell draws the cell that the genotype of the last epoch has.
func (l *Lab) Cell(reduce bool) string {
	n := len(l.Epochs)
	if n == 0 {
		return later
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
		return "The architecture that the search would choose, after the first epoch."
	}
	r := l.Epochs[n-1].Report
	return fmt.Sprintf("%d skip connections, %d pools, %d convolutions; entropy %.3f nats. %s", r.Counts["skip"], r.Counts["pool"], r.Counts["conv"], r.Entropy, r.Genotype)
}

package ui

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// line is one curve of a chart, from the place from on.
type line struct {
	name, class string
	colour      string // in the place of a class's
	y           []float64
	from        int
}

// chart is curves over a common axis, from 0 to n or the longest curve.
type chart struct {
	title       string
	left, right string // of the axis
	format      string // of a value
	top         float64
	n           int
	lines       []line
	marks       []int              // places of dashed uprights: changes
	at          int                // the place that is looked at, or -1
	over        func(plane) string // what can be moved on it, by values as shares of peak
	peak        float64
}

// Second classes: of a dashed line, and of a broad card.
const (
	dashed = " next"
	broad  = " wide"
)

// plane says where a chart's values lie.
type plane struct{ n, top float64 }

const chartW, chartH, chartX, chartY = 350.0, 130.0, 48.0, 10.0

func (p plane) x(i float64) float64 { return chartX + chartW*i/max(1, p.n-1) }
func (p plane) y(v float64) float64 { return chartY + chartH*(1-min(1, v/p.top)) }

func (c chart) plane() plane {
	n := c.n
	for _, l := range c.lines {
		n = max(n, len(l.y)+l.from)
	}
	return plane{float64(n), c.top}
}

func (c chart) svg() string {
	p := c.plane()
	var b strings.Builder
	if c.over == nil { // an image, unless something in it can be moved
		fmt.Fprintf(&b, `<svg viewBox="0 0 410 165" role="img" aria-label="%s">`, html.EscapeString(c.says()))
	} else {
		fmt.Fprintf(&b, `<svg viewBox="0 0 410 165" role="group" aria-label="%s" data-top="%g">`, html.EscapeString(c.says()), c.top/c.peak)
	}
	for i := range 3 {
		v := c.top * float64(2-i) / 2
		fmt.Fprintf(&b, `<path class="grid" d="M%g %gH%g"/><text x="%g" y="%g" text-anchor="end">%.3g</text>`, chartX, p.y(v), chartX+chartW, chartX-5, p.y(v)+4, v)
	}
	fmt.Fprintf(&b, `<text x="%g" y="%g">%s</text><text x="%g" y="%g" text-anchor="end">%s</text>`, chartX, chartY+chartH+16, c.left, chartX+chartW, chartY+chartH+16, c.right)
	for _, m := range c.marks {
		x := p.x(float64(m))
		fmt.Fprintf(&b, `<path class="mark" d="M%.1f %gV%g"/><text x="%.1f" y="%g" text-anchor="middle">%s</text>`, x, chartY, chartY+chartH, min(max(x, chartX+62), chartX+chartW-62), chartY+chartH+16, escape(Text.Changed))
	}
	if c.at >= 0 {
		fmt.Fprintf(&b, `<path class="at" d="M%.1f %gV%g"/>`, p.x(float64(c.at)), chartY, chartY+chartH)
	}
	for _, l := range c.lines {
		var d strings.Builder
		stride := max(1, len(l.y)/300) // no more points than pixels
		for i := 0; i < len(l.y); i += stride {
			step := "L"
			if i == 0 {
				step = "M"
			}
			fmt.Fprintf(&d, "%s%.1f %.1f", step, p.x(float64(i+l.from)), p.y(l.y[i]))
		}
		if len(l.y) == 1 {
			d.WriteString("h3")
		}
		colour := ""
		if l.colour != "" {
			colour = ` stroke="` + l.colour + `"`
		}
		fmt.Fprintf(&b, `<path class="line %s"%s d="%s"/>`, l.class, colour, d.String())
	}
	if c.over != nil {
		b.WriteString(c.over(plane{p.n, p.top / c.peak}))
	}
	b.WriteString("</svg>")
	return b.String()
}

// Place is where on a chart with points to move, whose values go to top, a point lies that is given as shares of its drawing.
func Place(x, y, top float64) (u, v float64) {
	return (410*x - chartX) / chartW, top * (1 - (165*y-chartY)/chartH)
}

// value is a curve's at a place, or an empty text.
func (c chart) value(l line, i int) string {
	if i -= l.from; i < 0 || i >= len(l.y) {
		return ""
	}
	return fmt.Sprintf(c.format, l.y[i])
}

// says is the chart in words: its title and where its curves stand.
func (c chart) says() string {
	text := c.title
	for _, l := range c.lines {
		if n := len(l.y); n > 0 && l.name != "" {
			text += fmt.Sprintf("; %s %s", l.name, c.value(l, l.from+n-1))
		}
	}
	return text
}

// key is the legend, with the values at the place that is looked at, or the last ones.
func (c chart) key() string {
	var b strings.Builder
	b.WriteString(`<p class="key">`)
	for _, l := range c.lines {
		if l.name == "" {
			continue
		}
		at := l.from + len(l.y) - 1
		if c.at >= 0 {
			at = c.at
		}
		colour := ""
		if l.colour != "" { // no style attribute: the page's policy forbids them
			colour = `<svg class="dot" viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" fill="` + l.colour + `"/></svg>`
		}
		fmt.Fprintf(&b, `<span class="%s">%s%s <b>%s</b></span> `, l.class, colour, html.EscapeString(l.name), c.value(l, at))
	}
	b.WriteString("</p>")
	return b.String()
}

// table is the chart's numbers: a row a place.
func (c chart) table(place string) string {
	head := []string{place}
	var rows [][]string
	lines := slices.DeleteFunc(slices.Clone(c.lines), func(l line) bool { return l.name == "" })
	for _, l := range lines {
		head = append(head, l.name)
	}
	n := int(c.plane().n)
	stride := max(1, (n+99)/100) // a page of it
	for i := 0; i < n; i += stride {
		row := []string{fmt.Sprint(i + 1)}
		some := false
		for _, l := range lines {
			v := c.value(l, i)
			row, some = append(row, v), some || v != ""
		}
		if some {
			rows = append(rows, row)
		}
	}
	return tabulate(c.title, head, rows)
}

// tabulate is rows under a head, the first column naming them.
func tabulate(caption string, head []string, rows [][]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<table><caption>%s</caption><thead><tr>`, html.EscapeString(caption))
	for _, h := range head {
		fmt.Fprintf(&b, `<th scope="col">%s</th>`, html.EscapeString(h))
	}
	b.WriteString(`</tr></thead><tbody>`)
	for _, row := range rows {
		for i, v := range row {
			if i == 0 {
				fmt.Fprintf(&b, `<tr><th scope="row">%s</th>`, html.EscapeString(v))
			} else {
				fmt.Fprintf(&b, `<td>%s</td>`, html.EscapeString(v))
			}
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
	return b.String()
}

// note is a remark, in HTML.
func note(text string) string { return `<p class="note">` + text + `</p>` }

// button is a control within a painted card.
func button(act, label string) string {
	return fmt.Sprintf(`<button type="button" data-act="%s">%s</button> `, html.EscapeString(act), html.EscapeString(label))
}

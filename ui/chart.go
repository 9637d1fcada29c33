package ui

import (
	"cmp"
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
	label       string // on the curve itself
	from        int
	end         *float64 // where it leads at the place after its last one, if that is the run's end
}

// chart is curves over a common axis, from 0 to n or the longest curve.
type chart struct {
	title  string
	first  string // what the first place is called; the others are numbers
	format string // of a value
	top    float64
	n      int
	wide   float64 // of the curves, in units of its drawing; 0 is chartW
	ends   bool    // the last place is the end of the run, where no epoch begins
	lines  []line
	marks  []mark // places of dashed uprights, from left to right
	at     int    // the place that is looked at, or -1
	id     string // of the part that it is in, if what it is at under the pointer can be read
	peek   *int   // that place
	hand   *hand  // what moves its curve, if something does
}

// mark is a place of a chart, and what happened there.
type mark struct {
	at   int
	text string
}

// hand is a chart's control points, whose values are shares: how they lie on it, and their drawing.
type hand struct {
	wide     float64 // of the chart's curves
	from, to Share   // at the chart's left and bottom, and at its right and top
	knobs    func(at func(Share) (x, y float64)) string
}

// Share is a place on a drawn schedule: of the time it has, and of what it can be.
type Share struct{ U, V float64 }

// Second classes: of a dashed line, and of a broad card.
const (
	dashed = " next"
	broad  = " wide"
)

// plane says where a chart's values lie.
type plane struct{ n, top, wide float64 }

const chartW, chartH, chartX, chartY, chartEnd = 342.0, 130.0, 56.0, 14.0, 12.0

func (p plane) x(i float64) float64 { return chartX + p.wide*i/max(1, p.n-1) }
func (p plane) y(v float64) float64 { return chartY + chartH*(1-min(1, v/p.top)) }

// at is where a share lies.
func (h hand) at(s Share) (x, y float64) {
	return chartX + h.wide*(s.U-h.from.U)/(h.to.U-h.from.U), chartY + chartH*(1-(s.V-h.from.V)/(h.to.V-h.from.V))
}

// ShareAt is the share that lies at x and y of a chart's drawing, which are parts of its width and height: at its left and bottom lies
// from, at its right and top to; wide is that of its curves.
func ShareAt(x, y, wide float64, from, to Share) Share {
	return Share{from.U + (to.U-from.U)*((chartX+wide+chartEnd)*x-chartX)/wide, to.V + (from.V-to.V)*(chartTall*y-chartY)/chartH}
}

const chartTall = 170.0

// narrowW is the width of the curves in a narrow panel.
const narrowW = 172.0

func (c chart) plane() plane {
	n := c.n
	for _, l := range c.lines {
		n = max(n, len(l.y)+l.from)
	}
	return plane{float64(n), c.top, cmp.Or(c.wide, chartW)}
}

func (c chart) svg() string {
	p := c.plane()
	var b strings.Builder
	read := ""
	if c.id != "" {
		read = fmt.Sprintf(` data-read="%s" data-places="%g" data-wide="%g"`, c.id, p.n, p.wide)
	}
	if h := c.hand; h == nil { // an image, unless something in it can be moved
		fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" tabindex="0" aria-label="%s"%s>`, chartX+p.wide+chartEnd, chartTall, html.EscapeString(c.says()), read)
	} else {
		fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="group" aria-label="%s"%s data-from-u="%g" data-from-v="%g" data-to-u="%g" data-to-v="%g">`, chartX+p.wide+chartEnd, chartTall, html.EscapeString(c.says()), read, h.from.U, h.from.V, h.to.U, h.to.V)
	}
	for i := range 3 {
		v := c.top * float64(2-i) / 2
		fmt.Fprintf(&b, `<path class="grid" d="M%g %gH%g"/><text x="%g" y="%g" text-anchor="end">%.3g</text>`, chartX, p.y(v), chartX+p.wide, chartX-10, p.y(v)+4, v)
	}
	n := int(p.n)
	if c.ends {
		n--
		fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="end">%s</text>`, chartX-10, chartY+chartH+16, escape(Text.EpochWord))
	}
	b.WriteString(axis(n, c.first, chartY+chartH, func(i int) float64 { return p.x(float64(i)) }))
	free := 0. // from where on there is room for a word
	for _, m := range c.marks {
		x := p.x(float64(m.at))
		fmt.Fprintf(&b, `<path class="mark" d="M%.1f %gV%g"/>`, x, chartY, chartY+chartH)
		if at := min(max(x, chartX+20), chartX+p.wide-20); at >= free { // above, for below are the epochs
			free = at + 50
			fmt.Fprintf(&b, `<text x="%.1f" y="%g" text-anchor="middle">%s</text>`, at, chartY-4, escape(m.text))
		}
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
		if last := len(l.y) - 1; last > 0 && last%stride != 0 {
			fmt.Fprintf(&d, "L%.1f %.1f", p.x(float64(last+l.from)), p.y(l.y[last]))
		}
		if l.end != nil {
			fmt.Fprintf(&d, "L%.1f %.1f", p.x(float64(l.from+len(l.y))), p.y(*l.end))
		} else if len(l.y) == 1 {
			d.WriteString("h3")
		}
		colour := ""
		if l.colour != "" {
			colour = ` stroke="` + l.colour + `"`
		}
		fmt.Fprintf(&b, `<path class="line %s"%s d="%s"/>`, l.class, colour, d.String())
		if at := len(l.y) * 7 / 10; l.label != "" && at < len(l.y) {
			y := p.y(l.y[at]) - 8
			if y < chartY+8 { // below it, then
				y += 24
			}
			fmt.Fprintf(&b, `<text class="label %s" x="%.1f" y="%.1f">%s</text>`, l.class, p.x(float64(at+l.from)), y, escape(l.label))
		}
	}
	if c.peek != nil {
		x := p.x(float64(*c.peek))
		fmt.Fprintf(&b, `<path class="at" d="M%.1f %gV%g"/>`, x, chartY, chartY+chartH)
		for _, l := range c.lines {
			if i := *c.peek - l.from; i >= 0 && i < len(l.y) {
				fmt.Fprintf(&b, `<circle class="seed %s" cx="%.1f" cy="%.1f" r="3.5"/>`, l.class, x, p.y(l.y[i]))
			}
		}
		fmt.Fprintf(&b, `<text class="readout" x="%g" y="%g" text-anchor="end">%s</text>`, chartX+p.wide, chartY-4, escape(c.readout()))
	}
	if c.hand != nil {
		b.WriteString(c.hand.knobs(c.hand.at))
	}
	b.WriteString("</svg>")
	return b.String()
}

// axis is the places of n that have a number, below an edge: the first one, by its name, round ones, and the last one.
func axis(n int, first string, edge float64, x func(i int) float64) string {
	step := 1
	for next := 0; n/step > 6; next++ {
		step = step * []int{2, 5, 10}[next%3] / []int{1, 2, 5}[next%3] // 1, 2, 5, 10, 20, 50 and so on
	}
	const above, word, room = 16, 34., 24. // of the first, and of a number
	var b strings.Builder
	put := func(i int, text string) {
		fmt.Fprintf(&b, `<path class="grid" d="M%.1f %gv4"/><text x="%.1f" y="%g" text-anchor="middle">%s</text>`, x(i), edge, x(i), edge+above, text)
	}
	put(0, escape(first))
	free := x(0) + word
	for i := step - 1; i < n; i += step {
		if at := x(i); at >= free && (x(n-1)-at >= room || i == n-1) {
			put(i, fmt.Sprint(i+1))
			free = at + room
		}
	}
	if n > 1 && n%step != 0 && x(n-1) >= free {
		put(n-1, fmt.Sprint(n))
	}
	return b.String()
}

// value is a curve's at a place, or an empty text.
func (c chart) value(l line, i int) string {
	if i -= l.from; i < 0 || i >= len(l.y) {
		return ""
	}
	return fmt.Sprintf(c.format, l.y[i])
}

// readout is what its curves are at the place under the pointer, as far as there is room.
func (c chart) readout() string {
	text := fmt.Sprintf(Text.ReadAt, *c.peek+1)
	for _, l := range c.lines {
		if v := c.value(l, *c.peek); v != "" && len(c.lines) <= 2 {
			text += " " + v
		}
	}
	return text
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
		if c.peek != nil {
			at = *c.peek
		} else if c.at >= 0 {
			at = c.at
		}
		b.WriteString(swatch(l.class, l.colour, html.EscapeString(l.name)+" <b>"+c.value(l, at)+"</b>"))
	}
	b.WriteString("</p>")
	return b.String()
}

// swatch is an entry of a key: HTML after its colour, or, with none, in that of its class.
func swatch(class, colour, text string) string {
	if colour != "" { // no style attribute: the page's policy forbids them
		text = `<svg class="dot" viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" fill="` + colour + `"/></svg>` + text
	}
	return `<span class="` + class + `">` + text + `</span> `
}

// table is the chart's numbers: a row a place.
func (c chart) table(place string) string {
	head := []string{place}
	var rows [][]string
	lines := slices.DeleteFunc(slices.Clone(c.lines), func(l line) bool { return l.name == "" })
	for _, l := range lines {
		head = append(head, l.name)
	}
	n := int(c.plane().n)        // of which an end has no values
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

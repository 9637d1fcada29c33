package ui

import (
	"fmt"
	"slices"
	"strings"

	"hlrslab/core/darts"
	"hlrslab/core/draw"
	"hlrslab/core/run"
)

// Maps: rows and columns of shades.

// mapX is where maps begin, right of their rows' names, and mapW how wide they are; a drawing is 410 wide.
const mapX, mapW = 92, 314

// columns is how many epochs history has room for; of more, it shows some.
const columns = 100

// history draws each class's accuracy over the epochs, a row a class from head to tail.
func (l *Lab) history() string {
	r := l.Run()
	e := r.at(l.Epoch)
	if e == nil {
		return note(Text.Later)
	}
	classes, epochs := e.Report.Classes, max(r.Record.Config.Epochs, len(r.Epochs))
	stride := (epochs + columns - 1) / columns
	w := mapW / float64((epochs+stride-1)/stride)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 410 %d" role="img" aria-label="%s">`, 48+20*len(classes), escape(Text.HistoryDrawn))
	for i, c := range classes {
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, mapX-6, 17+20*i, escape(l.class(c)))
		for k := 0; k*stride < len(r.Epochs); k++ {
			at := r.Epochs[k*stride]
			fmt.Fprintf(&b, `<rect class="right" x="%.1f" y="%d" width="%.1f" height="18" fill-opacity="%.2f"/>`, mapX+w*float64(k), 4+20*i, w-min(1, w/3), 0.04+0.96*at.Report.PerClass[i])
			if w > 24 {
				fmt.Fprintf(&b, `<text class="over" x="%.1f" y="%d" text-anchor="middle">%.0f</text>`, mapX+w*(float64(k)+0.5), 17+20*i, 100*at.Report.PerClass[i])
			}
		}
	}
	fmt.Fprintf(&b, `<rect class="at" x="%.1f" y="3" width="%.1f" height="%d"/>`, mapX+w*float64(e.Epoch/stride)-0.5, w, 20*len(classes))
	b.WriteString(axis(epochs, Text.FirstEpoch, 4+20*float64(len(classes)), func(i int) float64 { return mapX + w*(float64(i/stride)+0.5) }) + scale("right", 32+20*len(classes), Text.ScaleRight, 100) + `</svg>`)
	return b.String()
}

// confusion draws the test images of each class by what they were taken for.
func (l *Lab) confusion() string {
	e := l.Run().at(l.Epoch)
	if e == nil || e.Report.Confusion == nil {
		return note(Text.Later)
	}
	p := e.Report
	n := len(p.Classes)
	w := mapW / float64(n)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 410 %.0f" role="img" aria-label="%s">`, 64+20*float64(n), escape(Text.ConfusionDrawn))
	for i, c := range p.Classes {
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text><text transform="translate(%.1f 54) rotate(-40)">%s</text>`, mapX-6, 75+20*i, escape(l.class(c)), mapX+w*(float64(i)+0.4), escape(l.class(c)))
		seen := 0
		for _, v := range p.Confusion[i] {
			seen += v
		}
		for k, v := range p.Confusion[i] {
			kind := "wrongly"
			if k == i {
				kind = "right"
			}
			f := float64(v) / float64(max(1, seen))
			fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="%d" width="%.1f" height="18" fill-opacity="%.2f"/>`, kind, mapX+w*float64(k), 62+20*i, w-1, 0.04+0.96*f)
			if v > 0 && n <= 12 {
				fmt.Fprintf(&b, `<text class="over" x="%.1f" y="%d" text-anchor="middle">%d</text>`, mapX+w*(float64(k)+0.5), 75+20*i, v)
			}
		}
	}
	b.WriteString("</svg>")
	return b.String()
}

// heat draws the softmax of alpha: a row an edge, a column an operation.
func (l *Lab) heat(cell string) string {
	e := l.Run().at(l.Epoch)
	if e == nil {
		return note(Text.Later)
	}
	rows, says := e.Report.Normal, Text.NormalDrawn
	if cell == "reduce" {
		rows, says = e.Report.Reduce, Text.ReduceDrawn
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 410 %d" role="img" aria-label="%s">`, 82+14*len(rows), escape(says))
	top := 0.
	for _, row := range rows {
		top = max(top, slices.Max(row))
	}
	for k, op := range darts.Primitives {
		fmt.Fprintf(&b, `<text transform="translate(%d 50) rotate(-25)">%s</text>`, 70+k*37, draw.Short(op))
	}
	for i, row := range rows {
		class := ""
		if (l.Edge == Edge{cell == "reduce", i}) {
			class = ` class="chosen"`
		}
		fmt.Fprintf(&b, `<g%s data-act="edge:%s:%d"><text x="58" y="%d" text-anchor="end">%s</text>`, class, cell, i, 65+i*14, edgeName(i))
		for k, op := range darts.Primitives {
			fmt.Fprintf(&b, `<path d="M%d %dh35v13h-35z" fill="%s" fill-opacity="%.2f"/>`, 64+k*37, 54+i*14, draw.Colours[op], 0.04+0.96*row[k]/top)
		}
		b.WriteString("</g>")
	}
	b.WriteString(scale("shade", 66+14*len(rows), Text.ScaleWeight, top) + "</svg>")
	return b.String()
}

// scale says what the shades of a heat map mean: from 0 to top, below the map, at y.
func scale(class string, y int, what string, top float64) string {
	const wide, shades = 24, 8
	var b strings.Builder
	for i := range shades {
		fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%d" width="%d" height="10" fill-opacity="%.2f"/>`, class, mapX+wide*i, y, wide, 0.04+0.96*float64(i)/(shades-1))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">0</text><text x="%d" y="%[2]d">%.3[4]g %[5]s</text>`, mapX-6, y+9, mapX+wide*shades+6, top, escape(what))
	return b.String()
}

// edgeChoice is the edge looked at, as a list: the heat maps' rows choose it, too.
func (l *Lab) edgeChoice() string {
	e := l.Run().at(l.Epoch)
	if e == nil {
		return note(Text.Later)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<p><label for="edge">%s</label> <select id="edge" data-choose="edge">`, escape(Text.Edge))
	for _, cell := range []string{"normal", "reduce"} {
		rows := e.Report.Normal
		if cell == "reduce" {
			rows = e.Report.Reduce
		}
		for i := range rows {
			at := Edge{cell == "reduce", i}
			selected := ""
			if at == l.Edge {
				selected = " selected"
			}
			fmt.Fprintf(&b, `<option value="%s:%d"%s>%s</option>`, cell, i, selected, at.name())
		}
	}
	b.WriteString("</select></p>")
	return b.String()
}

func (e Edge) name() string {
	if e.Reduce {
		return fmt.Sprintf(Text.EdgeReduce, edgeName(e.Index))
	}
	return fmt.Sprintf(Text.EdgeNormal, edgeName(e.Index))
}

// edgeName is an edge's source and node, as draw names them: k−1→0 leads from the cell before to node 0.
func edgeName(e int) string {
	source, node := darts.Ends(e)
	return fmt.Sprintf("%s→%d", draw.State(source), node)
}

// historyTable has a row a class, and a column an epoch, as far as there is room.
func (l *Lab) historyTable(e *run.Event) string {
	r, head := l.Run(), []string{Text.Class}
	stride := (len(r.Epochs) + columns - 1) / columns
	for i := 0; i < len(r.Epochs); i += stride {
		head = append(head, fmt.Sprintf(Text.EpochN, i+1))
	}
	var rows [][]string
	for i, c := range e.Report.Classes {
		row := []string{l.class(c)}
		for k := 0; k < len(r.Epochs); k += stride {
			row = append(row, fmt.Sprintf("%.0f", 100*r.Epochs[k].Report.PerClass[i]))
		}
		rows = append(rows, row)
	}
	return tabulate(Text.HistoryTable, head, rows)
}

// confusionTable has a row a class, and a column for each that its images were taken for.
func (l *Lab) confusionTable(e *run.Event) string {
	head := []string{Text.Class}
	var rows [][]string
	for i, c := range e.Report.Classes {
		head = append(head, l.class(c))
		row := []string{l.class(c)}
		for _, v := range e.Report.Confusion[i] {
			row = append(row, fmt.Sprint(v))
		}
		rows = append(rows, row)
	}
	return tabulate(Text.ConfusionTable, head, rows)
}

// heatTable has a row an edge of a cell, and a column an operation.
func (l *Lab) heatTable(cell string) string {
	e := l.Run().at(l.Epoch)
	if e == nil {
		return ""
	}
	values := e.Report.Normal
	if cell == "reduce" {
		values = e.Report.Reduce
	}
	head := []string{Text.Edge}
	for _, op := range darts.Primitives {
		head = append(head, draw.Short(op))
	}
	var rows [][]string
	for i, v := range values {
		row := []string{edgeName(i)}
		for _, x := range v {
			row = append(row, fmt.Sprintf("%.3f", x))
		}
		rows = append(rows, row)
	}
	return tabulate(Text.HeatTable, head, rows)
}

// Package draw draws cells as SVG, for the command line and the page alike.
package draw

import (
	"fmt"
	"strings"

	"hlrslab/core/darts"
)

// Colours has one colour an operation (Okabe and Ito's palette, told apart by colour-blind readers), the same in every
// drawing and chart.
var Colours = map[string]string{
	"none": "#999999", "max_pool_3x3": "#56b4e9", "avg_pool_3x3": "#0072b2", "skip_connect": "#cc79a7",
	"sep_conv_3x3": "#e69f00", "sep_conv_5x5": "#d55e00", "dil_conv_3x3": "#7dc383", "dil_conv_5x5": "#009e73", "sep_conv_7x7": "#a0522d", "conv_7x1_1x7": "#b8860b",
}

// Short is an operation's label.
func Short(op string) string {
	return strings.NewReplacer("max_", "max ", "_connect", "", "_", " ", "x", "×").Replace(op)
}

// The colours of a drawing by itself, in a file. On the page those of its classes take their place, which know light and dark.
const (
	ink   = "#1c2330"
	paper = "#ffffff"
)

const (
	boxW, boxH = 64.0, 30.0
	lane       = 26.0 // between the lanes in which edges run
	labelW     = 92.0
)

// Cell draws a cell of a genotype: its inputs at the left, its nodes from left to right, every edge in a lane of its
// own with its label on it, and the output at the right.
func Cell(title string, edges []darts.Edge, concat []int) string {
	nodes := len(edges) / 2
	// Between columns there is room for a label; every edge gets a lane, the longest ones furthest out.
	gap := labelW + 56
	x := func(state int) float64 {
		if state < 2 {
			return 12
		}
		return 12 + float64(state-1)*(boxW+gap)
	}
	lanes := make([]float64, len(edges)) // how far above (negative) or below the middle each edge runs
	top, bottom := -64-boxH/2, 64+boxH/2
	above, below := 0, 0
	for i, e := range edges {
		if e.From == 0 || e.From > 1 && i%2 == 0 {
			above++
			lanes[i] = -12 - lane*float64(above)
		} else {
			below++
			lanes[i] = 12 + lane*float64(below)
		}
		top, bottom = min(top, lanes[i]-10), max(bottom, lanes[i]+10)
	}
	middle, height := 8-top, bottom-top+24
	y := func(state int) float64 {
		switch state {
		case 0:
			return middle - 64
		case 1:
			return middle + 64
		}
		return middle
	}
	width := x(nodes+1) + boxW + gap/2 + 72
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" role="img" font-family="system-ui, sans-serif" font-size="12">`, width, height)
	fmt.Fprintf(&b, "\n<title>%s</title>\n<desc>%s</desc>\n", title, describe(edges))
	var labels strings.Builder
	for i, e := range edges {
		to := 2 + i/2
		x0, y0, x1, y1 := x(e.From)+boxW, y(e.From), x(to), y(to)
		at := middle + lanes[i]
		y1 += float64(i%2)*10 - 5
		lx := x1 - labelW - 22 // labels stand in the gap before the node they lead to
		colour := Colours[e.Op]
		fmt.Fprintf(&b, `<path d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1fL%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f" fill="none" stroke="%s" stroke-width="2.5"/>`+"\n",
			x0, y0, x0+18, y0, x0+2, at, min(x0+26, lx), at, lx+labelW, at, x1-4, at, x1-14, y1, x1, y1, colour)
		fmt.Fprintf(&labels, `<rect x="%.1f" y="%.1f" width="%.0f" height="19" rx="9.5" fill="%s"/><text x="%.1f" y="%.1f" text-anchor="middle" fill="%s">%s</text>`+"\n",
			lx, at-9.5, labelW, colour, lx+labelW/2, at+4.2, ink, Short(e.Op))
	}
	out := width - 60
	for _, s := range concat {
		fmt.Fprintf(&b, `<path d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f" fill="none" class="cell-out" stroke="%s" stroke-opacity=".3" stroke-dasharray="3 3"/>`+"\n",
			x(s)+boxW/2, middle+boxH/2, x(s)+boxW/2+20, height-6, out-60, height-6, out, middle+boxH/2*0.6, ink)
	}
	b.WriteString(labels.String())
	box := func(px, py, w float64, text string) {
		fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.0f" height="%.0f" rx="6" class="cell-box" fill="%s" stroke="%s"/><text x="%.1f" y="%.1f" text-anchor="middle" class="cell-text" fill="%[6]s">%[9]s</text>`+"\n",
			px, py-boxH/2, w, boxH, paper, ink, px+w/2, py+4.2, text)
	}
	box(x(0), y(0), boxW, "cell "+State(0))
	box(x(1), y(1), boxW, "cell "+State(1))
	for i := range nodes {
		box(x(2+i), middle, boxW, "node "+State(2+i))
	}
	box(out, middle, 52, "cell k")
	b.WriteString("</svg>\n")
	return b.String()
}

func describe(edges []darts.Edge) string {
	state := func(s int) string {
		if s < 2 {
			return "cell " + State(s)
		}
		return "node " + State(s)
	}
	parts := make([]string, len(edges))
	for i, e := range edges {
		parts[i] = fmt.Sprintf("node %d: %s of %s", i/2, Short(e.Op), state(e.From))
	}
	return strings.Join(parts, "; ")
}

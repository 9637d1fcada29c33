package draw

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hlrslab/core/darts"
)

// Places of a forming cell's states, in two rows: two inputs, up to four nodes, and the output.
var (
	states = [6][2]float64{{22, 44}, {22, 144}, {132, 144}, {202, 44}, {272, 144}, {342, 44}}
	output = [2]float64{420, 94}
)

// Forming draws a cell while it is searched for: each edge by the strongest operation on it, the wider the more that weighs, and
// in full colour where the genotype of the moment has it; a key of the colours is the caller's. Weights are the softmax of alpha, edges × darts.Primitives; there are
// 1 to 4 nodes.
func Forming(title string, weights [][]float64, chosen []darts.Edge, concat []int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 8 440 172" role="img" aria-label="%s: %s">`, title, describe(chosen))
	for _, s := range concat {
		x, y := states[s][0], states[s][1]
		fmt.Fprintf(&b, `<path class="cell-out" d="M%g %gQ%g %g %g %g" fill="none" stroke-opacity=".25"/>`, x, y, (x+output[0])/2, y+(y-output[1])*.5, output[0], output[1])
	}
	edge, n := 0, len(chosen)/2
	for to := 2; to < n+2; to++ {
		for from := range to {
			op, most := strongest(weights[edge])
			edge++
			kept := ""
			for _, e := range chosen[2*(to-2) : 2*(to-1)] {
				if e.From == from {
					kept = e.Op
				}
			}
			if k := slices.Index(darts.Primitives, kept); k >= 0 { // a genotype that was read may have an operation that no search has
				op, most = kept, weights[edge-1][k]
			}
			x0, y0, x1, y1 := states[from][0], states[from][1], states[to][0], states[to][1]
			cx, cy := (x0+x1)/2, (y0+y1)/2
			if y0 == y1 && x1-x0 > 160 { // around the state between them
				cy += math.Copysign(58, y0-output[1])
			}
			opacity, width := .22, 1+4*most
			if kept != "" {
				opacity, width = 1, 1+11*most
			}
			fmt.Fprintf(&b, `<path d="M%.1f %.1fQ%.1f %.1f %.1f %.1f" fill="none" stroke="%s" stroke-width="%.1f" stroke-opacity="%g" stroke-linecap="round"/>`, x0, y0, cx, cy, x1, y1, Colours[op], width, opacity)
		}
	}
	state := func(x, y float64, name string) {
		fmt.Fprintf(&b, `<circle class="cell-box" cx="%g" cy="%g" r="14"/><text class="cell-text" x="%g" y="%g" text-anchor="middle">%s</text>`, x, y, x, y+4, name)
	}
	for i, at := range states[:n+2] {
		name := "in"
		if i > 1 {
			name = State(i)
		}
		state(at[0], at[1], name)
	}
	state(output[0], output[1], "out")
	b.WriteString("</svg>")
	return b.String()
}

// State is a state's name within a cell: k−2 and k−1 are the outputs of the cells before, the others nodes.
func State(s int) string {
	if s < 2 {
		return fmt.Sprintf("k−%d", 2-s)
	}
	return fmt.Sprint(s - 2)
}

// strongest is the operation that weighs most on an edge, "none" aside.
func strongest(row []float64) (op string, most float64) {
	for k, w := range row {
		if darts.Primitives[k] != "none" && w > most {
			op, most = darts.Primitives[k], w
		}
	}
	return op, most
}

package draw

import (
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hlrslab/core/darts"
)

// TestForming draws any mixture: every edge once, those of the genotype by their operations and the wider the more these weigh,
// nothing beyond the picture.
func TestForming(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "nodes")
		var weights [][]float64
		var chosen []darts.Edge
		var concat []int
		for node := range n {
			for range node + 2 {
				row, sum := make([]float64, len(darts.Primitives)), 0.0
				for k := range row {
					row[k] = rapid.Float64Range(0.01, 1).Draw(t, "weight")
					sum += row[k]
				}
				for k := range row {
					row[k] /= sum
				}
				weights = append(weights, row)
			}
			for _, from := range rapid.SliceOfNDistinct(rapid.IntRange(0, node+1), 2, 2, rapid.ID[int]).Draw(t, "from") {
				op := rapid.SampledFrom(darts.Primitives).Filter(func(op string) bool { return op != "none" }).Draw(t, "op")
				chosen = append(chosen, darts.Edge{Op: op, From: from})
			}
			concat = append(concat, node+2)
		}
		svg := Forming("Cell", weights, chosen, concat)
		for d := xml.NewDecoder(strings.NewReader(svg)); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if got, want := strings.Count(svg, `stroke-linecap="round"`), len(weights); got != want {
			t.Fatalf("%d edges, not %d", got, want)
		}
		if got, want := strings.Count(svg, `stroke-opacity="1"`), 2*n; got != want {
			t.Fatalf("%d edges stand out, not %d", got, want)
		}
		if got, want := strings.Count(svg, `<circle`), n+3; got != want {
			t.Fatalf("%d states, not %d", got, want)
		}
		for _, e := range chosen {
			if !regexp.MustCompile(`stroke="` + Colours[e.Op] + `" stroke-width="[\d.]+" stroke-opacity="1"`).MatchString(svg) {
				t.Fatalf("%v is not drawn", e)
			}
		}
	})
}

package draw

import (
	"encoding/xml"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hlrslab/core/darts"
)

func TestCellsAreWholeAndLabelled(t *testing.T) {
	for _, p := range darts.Published {
		g, err := darts.ParseGenotype(p.Text)
		if err != nil {
			t.Fatal(err)
		}
		svg := Cell(p.Name, g.Normal, g.NormalConcat)
		d := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", p.Name, err)
			}
		}
		for _, e := range g.Normal {
			if !strings.Contains(svg, ">"+Short(e.Op)+"</text>") || !strings.Contains(svg, Colours[e.Op]) {
				t.Errorf("%s: %v is not drawn", p.Name, e)
			}
		}
		if n := strings.Count(svg, "stroke-width=\"2.5\""); n != len(g.Normal) {
			t.Errorf("%s: %d edges drawn, not %d", p.Name, n, len(g.Normal))
		}
	}
}

// TestNothingIsCutOff draws any cell: every point of every curve and label lies within the picture.
func TestNothingIsCutOff(t *testing.T) {
	path, number := regexp.MustCompile(`(?: d|viewBox)="([^"]*)"`), regexp.MustCompile(`-?[\d.]+`)
	rapid.Check(t, func(t *rapid.T) {
		nodes := rapid.IntRange(1, 5).Draw(t, "nodes")
		var edges []darts.Edge
		var concat []int
		for i := range nodes {
			from := rapid.SliceOfNDistinct(rapid.IntRange(0, i+1), 2, 2, rapid.ID[int]).Draw(t, "from")
			for _, f := range from {
				edges = append(edges, darts.Edge{Op: "skip_connect", From: f})
			}
			concat = append(concat, 2+i)
		}
		var box []float64
		for _, m := range path.FindAllStringSubmatch(Cell("cell", edges, concat), -1) {
			var v []float64
			for _, n := range number.FindAllString(m[1], -1) {
				x, err := strconv.ParseFloat(n, 64)
				if err != nil {
					t.Fatal(err)
				}
				v = append(v, x)
			}
			if box == nil {
				box = v
				continue
			}
			for i := 0; i < len(v); i += 2 {
				if v[i] < 0 || v[i] > box[2] || v[i+1] < 0 || v[i+1] > box[3] {
					t.Fatalf("(%v, %v) is outside %v in %s", v[i], v[i+1], box, m[1])
				}
			}
		}
	})
}

func TestShort(t *testing.T) {
	for op, want := range map[string]string{"none": "none", "max_pool_3x3": "max pool 3×3", "skip_connect": "skip", "sep_conv_5x5": "sep conv 5×5", "conv_7x1_1x7": "conv 7×1 1×7"} {
		if got := Short(op); got != want {
			t.Errorf("%s is labelled %q, not %q", op, got, want)
		}
	}
}

package draw

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

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

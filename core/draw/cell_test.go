package draw

import (
	"encoding/xml"
	"fmt"
	"image"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/srwiley/oksvg"
	"github.com/srwiley/rasterx"
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

// box is a rectangle as Cell writes it.
var box = regexp.MustCompile(`<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" rx="[\d.]+" (?:class="cell-box" )?fill="(#[0-9a-f]{6})"`)

// TestPixels draws published cells without a browser: boxes and labels have their fill, boxes a dark edge, and the ground stays as it is.
func TestPixels(t *testing.T) {
	for _, p := range darts.Published {
		g, err := darts.ParseGenotype(p.Text)
		if err != nil {
			t.Fatal(err)
		}
		svg := Cell(p.Name, g.Normal, g.NormalConcat)
		icon, err := oksvg.ReadIconStream(strings.NewReader(svg)) // which does not know text, and leaves it out
		if err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		w, h := int(icon.ViewBox.W), int(icon.ViewBox.H)
		m := image.NewRGBA(image.Rect(0, 0, w, h))
		icon.SetTarget(0, 0, float64(w), float64(h))
		icon.Draw(rasterx.NewDasher(w, h, rasterx.NewScannerGV(w, h, m, m.Bounds())), 1)
		hex := func(x, y float64) string {
			c := m.RGBAAt(int(x), int(y))
			return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
		}
		boxes := 0
		for _, r := range box.FindAllStringSubmatch(svg, -1) {
			var at [4]float64
			for i := range at {
				if at[i], err = strconv.ParseFloat(r[i+1], 64); err != nil {
					t.Fatal(err)
				}
			}
			x, y, width, height := at[0], at[1], at[2], at[3]
			for _, share := range []float64{0.15, 0.5, 0.85} {
				if got := hex(x+share*width, y+height/2); got != r[5] {
					t.Errorf("%s: the box at %v %v is %s, not %s", p.Name, x, y, got, r[5])
				}
			}
			if r[5] == paper {
				boxes++
				if edge := m.RGBAAt(int(x+width/2), int(y-0.01)); edge.A < 60 || edge.R > edge.A/2 {
					t.Errorf("%s: the edge of the box at %v %v is %v", p.Name, x, y, edge)
				}
			}
		}
		if want := 3 + len(g.Normal)/2; boxes != want {
			t.Errorf("%s: %d boxes, not %d", p.Name, boxes, want)
		}
		if ground := m.RGBAAt(w/2, 1); ground.A != 0 {
			t.Errorf("%s: the ground is %v", p.Name, ground)
		}
	}
}

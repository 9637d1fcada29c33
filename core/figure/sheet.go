package figure

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"
	"unicode"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"hlrslab/core/run"
)

const (
	width  = 20 * vg.Centimeter
	margin = 3 * vg.Millimeter
	gap    = 4 * vg.Millimeter
	aside  = 4 * vg.Centimeter  // of a legend beside each panel
	above  = 7 * vg.Millimeter  // of a panel, its title
	sample = 10 * vg.Millimeter // of a line, in a legend
	lines  = 3                  // of a name at most: four such fit into a tile
)

// dashes of the first, second, … curve of a panel: curves that lie on each other both stay visible.
var dashes = [Most + 1][]vg.Length{
	nil,
	{vg.Points(6), vg.Points(3)},
	{vg.Points(2), vg.Points(2)},
	{vg.Points(8), vg.Points(2), vg.Points(2), vg.Points(2)},
	{vg.Points(1), vg.Points(3)},
	{vg.Points(10), vg.Points(3), vg.Points(3), vg.Points(3)},
}

var (
	heading = style(14, draw.XCenter)
	title   = style(12, draw.XCenter)
	entry   = style(12, draw.XLeft)
)

func style(size float64, x text.XAlignment) text.Style {
	return text.Style{
		Color: color.Black, Font: font.From(plot.DefaultFont, vg.Points(size)), XAlign: x, YAlign: draw.YTop, Handler: plot.DefaultTextHandler,
	}
}

// sheet is a figure that has its height, and not yet what it is drawn on.
type sheet struct {
	height  vg.Length
	heading string
	panels  []panel
	tiles   draw.Tiles // those without a panel have the legend of all; if there is none, each panel has its own at its right
	plots   [][]*plot.Plot
}

func layOut(records []run.Record, names []string) (*sheet, error) {
	if err := check(records, names); err != nil {
		return nil, err
	}
	s := &sheet{tiles: draw.Tiles{
		PadTop: margin + above, PadBottom: margin, PadLeft: margin, PadRight: margin, PadX: 2 * gap, PadY: gap + above,
	}}
	if len(records) == 1 {
		s.panels, s.tiles.Cols = one(records[0]), 1
		s.tiles.Rows = len(s.panels)
		s.height = vg.Length(s.tiles.Rows) * 6.5 * vg.Centimeter
		s.tiles.PadRight += gap + aside
		if s.heading = Wrap(names[0], width-2*margin, heading); s.heading != "" {
			room := heading.Height(s.heading) + gap
			s.height, s.tiles.PadTop = s.height+room, s.tiles.PadTop+room
		}
	} else {
		s.panels, s.tiles.Cols = several(records, names), 2
		s.tiles.Rows = (len(s.panels) + 1) / 2 // the last place is the legend's
		s.height = vg.Length(s.tiles.Rows) * 7 * vg.Centimeter
	}
	for i := range s.tiles.Rows {
		s.plots = append(s.plots, make([]*plot.Plot, s.tiles.Cols))
		for j := range s.plots[i] {
			if k := i*s.tiles.Cols + j; k < len(s.panels) {
				var err error
				if s.plots[i][j], err = s.panels[k].plot(); err != nil {
					return nil, err
				}
			}
		}
	}
	return s, nil
}

func (s *sheet) draw(c draw.Canvas) {
	c.FillText(heading, vg.Point{X: c.Center().X, Y: c.Max.Y - margin}, s.heading)
	tiles := plot.Align(s.plots, s.tiles, c)
	for i, row := range tiles {
		for j, tile := range row {
			k := i*s.tiles.Cols + j
			if k >= len(s.panels) {
				s.panels[0].legend(tile, tile.Min.X, s.plots[i][0].DataCanvas(row[0]).Max.Y)
				continue
			}
			data := s.plots[i][j].DataCanvas(tile)
			s.plots[i][j].Draw(tile)
			c.FillText(title, vg.Point{X: data.Center().X, Y: data.Max.Y + above}, s.panels[k].title)
			if s.tiles.Cols == 1 && len(s.panels[k].curves) > 1 { // one curve is what the title says
				s.panels[k].legend(c, tile.Max.X+gap, data.Max.Y)
			}
		}
	}
}

// plot is the panel without its title, which gonum would set in the middle of the labels, too.
func (p panel) plot() (*plot.Plot, error) {
	drawn := plot.New()
	drawn.X.Label.Text, drawn.Y.Label.Text = "epoch", p.unit
	drawn.X.Tick.Marker, drawn.Y.Tick.Marker = Ticks(8, 0), Ticks(5, -9)
	drawn.Add(plotter.NewGrid())
	for k, c := range p.curves {
		if len(c.points) == 0 { // this run has no such curve
			continue
		}
		line, points, err := plotter.NewLinePoints(c.points)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", p.title, c.name, err)
		}
		line.LineStyle = c.style(k)
		points.Color, points.Shape, points.Radius = c.colour, draw.CircleGlyph{}, vg.Points(1.5)
		drawn.Add(line, points)
	}
	if y := &drawn.Y; p.free {
		least := 1e-4 * max(1, math.Abs(y.Max)) // noise shall not fill the panel
		widen := max(0, least-(y.Max-y.Min)) / 2
		y.Min, y.Max = y.Min-widen, y.Max+widen
	} else if y.Min = 0; y.Max == 0 {
		y.Max = 1
	} else {
		y.Max *= 1.05
	}
	return drawn, nil
}

func (c curve) style(k int) draw.LineStyle {
	return draw.LineStyle{Color: c.colour, Width: vg.Points(1.5), Dashes: dashes[k]}
}

// legend stands beside the curves, never on them: from x to c's right, and down from y.
func (p panel) legend(c draw.Canvas, x, y vg.Length) {
	from := x + sample + gap/2
	size := entry.Font.Size
	for k, curve := range p.curves {
		middle := y - 0.75*size // of the small letters
		c.StrokeLine2(curve.style(k), x, middle, x+sample, middle)
		for line := range strings.Lines(Wrap(curve.name, c.Max.X-from, entry)) {
			c.FillText(entry, vg.Point{X: from, Y: y}, line)
			y -= 1.1 * size
		}
		y -= size / 2
	}
}

// Ticks are at most n+1 a range, at the multiples of 1, 2 or 5 times a power of ten, the given one or a higher one.
func Ticks(n, lowest int) plot.TickerFunc {
	return func(least, most float64) (all []plot.Tick) {
		power, step := lowest, 0.0
		for k := 3 * lowest; step == 0 || (most-least)/step > float64(n)+1e-6; k++ {
			power = int(math.Floor(float64(k) / 3))
			step = [3]float64{1, 2, 5}[k-3*power] * math.Pow10(power)
		}
		for x := math.Ceil(least/step-1e-6) * step; x <= most+step/1e6; x += step {
			if math.Abs(x) < step/1e6 { // also minus zero
				x = 0
			}
			label := strconv.FormatFloat(x, 'f', max(0, -power), 64)
			if math.Abs(x) >= 1e6 {
				label = strconv.FormatFloat(x, 'g', 6, 64)
			}
			all = append(all, plot.Tick{Value: x, Label: label})
		}
		return all
	}
}

// Wrap breaks a name into lines no wider than room, and shortens what is too long.
func Wrap(name string, room vg.Length, style text.Style) string { return Fit(name, room, style, lines) }

// Fit breaks a name into so many lines at most. What is too long loses its middle, since names of one study often begin alike.
func Fit(name string, room vg.Length, style text.Style, most int) string {
	const longest = 400 // runes; what is between the ends of a longer one would not be seen anyway
	runes := []rune(name)
	if n := len(runes); n > longest {
		runes = append(runes[:longest/2:longest/2], runes[n-longest/2:]...)
		name = string(runes[:longest/2]) + "…" + string(runes[longest/2:])
	}
	all := broken(name, room, style)
	for keep := len(runes) - 1; len(all) > most && keep > 0; keep-- {
		all = broken(string(runes[:keep-keep/2])+"…"+string(runes[len(runes)-keep/2:]), room, style)
	}
	return strings.Join(all[:min(len(all), most)], "\n")
}

// broken is a name in lines no wider than room.
func broken(name string, room vg.Length, style text.Style) (all []string) {
	line := ""
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		if line != "" {
			if style.Width(line+" "+word) <= room {
				line += " " + word
				continue
			}
			all, line = append(all, line), ""
		}
		for _, r := range word {
			if line != "" && style.Width(line+string(r)) > room {
				all, line = append(all, line), ""
			}
			line += string(r)
		}
	}
	return append(all, line)
}

package report

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"hlrslab/core/figure"
)

const (
	column = 8.5 * vg.Centimeter // of a page of two
	page   = 17 * vg.Centimeter
	gap    = 3 * vg.Millimeter
)

// Okabe and Ito's palette, which colour-blind readers tell apart, and shapes: together they are told apart up to forty-nine variants.
var (
	palette = []color.NRGBA{
		{0x00, 0x72, 0xb2, 0xff},
		{0xd5, 0x5e, 0x00, 0xff},
		{0x00, 0x9e, 0x73, 0xff},
		{0xcc, 0x79, 0xa7, 0xff},
		{0x56, 0xb4, 0xe9, 0xff},
		{0xe6, 0x9f, 0x00, 0xff},
		{0x77, 0x77, 0x77, 0xff},
	}
	shapes = []draw.GlyphDrawer{
		draw.CircleGlyph{},
		draw.BoxGlyph{},
		draw.PyramidGlyph{},

		polygon{{-1.3, 0.45}, {-0.45, 0.45}, {-0.45, 1.3}, {0.45, 1.3}, {0.45, 0.45}, {1.3, 0.45}, {1.3, -0.45}, {0.45, -0.45}, {0.45, -1.3}, {-0.45, -1.3}, {-0.45, -0.45}, {-1.3, -0.45}},
		polygon{{-1.1, 0.8}, {1.1, 0.8}, {0, -1.2}},
		polygon{{-0.5, -1.3}, {-0.5, 1.3}, {0.5, 1.3}, {0.5, -1.3}},
		polygon{{-1.3, -0.5}, {-1.3, 0.5}, {1.3, 0.5}, {1.3, -0.5}},
	}
	dashes = [][]vg.Length{nil, {6, 2}, {2, 2}, {8, 2, 2, 2}, {1, 2}, {4, 4}, {10, 3}}
)

// polygon is a filled glyph whose corners are in radii.
type polygon [][2]vg.Length

// DrawGlyph implements draw.GlyphDrawer.
func (p polygon) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	var corners []vg.Point
	for _, k := range p {
		corners = append(corners, vg.Point{X: at.X + k[0]*s.Radius, Y: at.Y + k[1]*s.Radius})
	}
	c.FillPolygon(s.Color, corners)
}

func colour(method int, alpha float64) color.NRGBA {
	c := palette[method%len(palette)]
	c.A = uint8(255 * alpha)
	return c
}

func glyph(method int, radius vg.Length, alpha float64) draw.GlyphStyle {
	return draw.GlyphStyle{Color: colour(method, alpha), Radius: radius, Shape: shapes[(method+method/len(palette))%len(shapes)]}
}

func line(method int, width vg.Length, alpha float64) draw.LineStyle {
	return draw.LineStyle{Color: colour(method, alpha), Width: width, Dashes: dashes[(method+method/len(palette))%len(dashes)]}
}

func style(size vg.Length, x text.XAlignment, y text.YAlignment) text.Style {
	return text.Style{
		Color: color.Black, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}, XAlign: x, YAlign: y, Handler: plot.DefaultTextHandler,
	}
}

// painted is a Plotter that is its own method.
type painted func(c draw.Canvas, at func(x, y float64) vg.Point)

// Plot implements plot.Plotter.
func (f painted) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	f(c, func(px, py float64) vg.Point { return vg.Point{X: x(px), Y: y(py)} })
}

// panel is an empty plot.
func panel(title, x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil // a page's own
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = figure.Wrap(title, page, style(9, 0, 0)), x, y
	p.Title.TextStyle = style(9, draw.XCenter, draw.YTop)
	p.Title.Padding = 4
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font, a.Tick.Label.Font = style(9, 0, 0).Font, style(8, 0, 0).Font
		a.LineStyle.Width, a.Tick.LineStyle.Width = 0.5, 0.5
		a.Tick.Marker = figure.Ticks(6, -9)
	}
	grid := plotter.NewGrid()
	for _, l := range []*draw.LineStyle{&grid.Vertical, &grid.Horizontal} {
		*l = draw.LineStyle{Color: color.NRGBA{0x80, 0x80, 0x80, 0x50}, Width: 0.4}
	}
	p.Add(grid)
	return p
}

// span is what an axis shows: all values, and a little more. Values that are not finite do not count.
type span struct{ least, most float64 }

func newSpan() span { return span{math.Inf(1), math.Inf(-1)} }

func (s *span) add(values ...float64) {
	for _, v := range values {
		if !math.IsInf(v, 0) && !math.IsNaN(v) {
			s.least, s.most = min(s.least, v), max(s.most, v)
		}
	}
}

func (s span) set(a *plot.Axis) {
	if s.least > s.most {
		s = span{0, 1}
	}
	room := 0.06 * (s.most - s.least)
	if room == 0 {
		room = max(0.5, 0.06*math.Abs(s.most))
	}
	a.Min, a.Max = s.least-room, s.most+room
}

// factors has an axis go by even factors, over values above 0.
func (s span) factors(a *plot.Axis) {
	room := math.Pow(s.most/s.least, 0.06)
	if room == 1 {
		room = 1.5
	}
	a.Min, a.Max, a.Scale = s.least/room, s.most*room, plot.LogScale{}
	a.Tick.Marker = plot.TickerFunc(func(least, most float64) (all []plot.Tick) {
		for power := math.Floor(math.Log10(least)); power <= math.Log10(most); power++ {
			for _, digit := range []float64{1, 2, 5} {
				if v := digit * math.Pow(10, power); v >= least && v <= most {
					all = append(all, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 6, 64)})
				}
			}
		}
		return all
	})
}

// sheet is panels in rows, and a legend beneath them.
type sheet struct {
	width, row vg.Length
	panels     []*plot.Plot
	columns    int
	legend     []entry
}

type entry struct {
	name   string
	sample func(c draw.Canvas, from, to vg.Point)
}

const (
	sampleWidth = 9 * vg.Millimeter
	entryHeight = 4.5 * vg.Millimeter
)

// places are where the legend's entries stand: from the left, and in which line.
func (s sheet) places() (at []vg.Point, height vg.Length) {
	x, lines := gap, 0
	for i, e := range s.legend {
		w := sampleWidth + 2*vg.Millimeter + style(8, 0, 0).Width(s.short(e.name)) + 5*vg.Millimeter
		if i > 0 && x+w > s.width {
			x, lines = gap, lines+1
		}
		at = append(at, vg.Point{X: x, Y: vg.Length(lines)})
		x += w
	}
	if len(at) == 0 {
		return nil, 0
	}
	return at, vg.Length(lines+1)*entryHeight + gap
}

// short is a name that fits into a line.
func (s sheet) short(name string) string {
	return figure.Fit(name, s.width-sampleWidth-3*gap, style(8, 0, 0), 1)
}

// figure draws the sheet.
func (s sheet) figure(name, title, caption string) Figure {
	rows := (len(s.panels) + s.columns - 1) / s.columns
	at, legend := s.places()
	height := vg.Length(rows)*s.row + legend + 2*gap
	return Figure{Name: name, Title: title, Caption: caption, width: s.width, height: height, draw: func(c draw.Canvas) {
		tiles := draw.Tiles{Rows: rows, Cols: s.columns, PadTop: gap, PadBottom: legend + gap, PadLeft: gap, PadRight: 2 * gap, PadX: 2 * gap, PadY: 2 * gap}
		grid := make([][]*plot.Plot, rows)
		for i := range grid {
			grid[i] = make([]*plot.Plot, s.columns)
			for j := range grid[i] {
				if k := i*s.columns + j; k < len(s.panels) {
					grid[i][j] = s.panels[k]
				}
			}
		}
		for i, row := range plot.Align(grid, tiles, c) {
			for j, tile := range row {
				if grid[i][j] != nil {
					grid[i][j].Draw(tile)
				}
			}
		}
		for i, e := range s.legend {
			x, y := c.Min.X+at[i].X, c.Min.Y+legend-at[i].Y*entryHeight-entryHeight/2
			e.sample(c, vg.Point{X: x, Y: y}, vg.Point{X: x + sampleWidth, Y: y})
			c.FillText(style(8, draw.XLeft, draw.YCenter), vg.Point{X: x + sampleWidth + 2*vg.Millimeter, Y: y}, s.short(e.name))
		}
	}}
}

// marks and strokes are a legend of methods by their points, and by their lines.
func (r *Report) marks(methods []int) (all []entry) {
	for _, m := range methods {
		all = append(all, entry{r.Methods[m], func(c draw.Canvas, from, to vg.Point) {
			c.DrawGlyph(glyph(m, 2.5, 1), vg.Point{X: to.X - 2*vg.Millimeter, Y: from.Y})
		}})
	}
	return all
}

func (r *Report) strokes(methods []int) (all []entry) {
	for _, m := range methods {
		all = append(all, entry{r.Methods[m], func(c draw.Canvas, from, to vg.Point) { c.StrokeLine2(line(m, 1.4, 1), from.X, from.Y, to.X, to.Y) }})
	}
	return all
}

// rows is a panel with a row for each method, the first one on top.
func (r *Report) rows(methods []int, title, x string, s span, paint func(c draw.Canvas, i, m int, at func(x, row float64) vg.Point)) *plot.Plot {
	p := panel(title, x, "")
	n := len(methods)
	var names []plot.Tick
	for i, m := range methods {
		names = append(names, plot.Tick{Value: float64(n - 1 - i), Label: figure.Wrap(r.Methods[m], 4*vg.Centimeter, style(8, 0, 0))})
	}
	p.Y.Tick.Marker, p.Y.Tick.Length, p.Y.LineStyle.Width = plot.ConstantTicks(names), 0, 0
	p.Add(painted(func(c draw.Canvas, at func(x, y float64) vg.Point) {
		for i, m := range methods {
			paint(c, i, m, func(x, up float64) vg.Point { return at(x, float64(n-1-i)+up) })
		}
	}))
	s.set(&p.X)
	p.X.Tick.Marker = figure.Ticks(8, -9)
	p.Y.Min, p.Y.Max = -0.6, float64(n)-0.4
	return p
}

// high is a row panel's height.
func high(n int) vg.Length { return vg.Length(n)*vg.Centimeter + 1.9*vg.Centimeter }

// axis is the measure's name with its unit.
func (r *Report) axis() string { return r.Measure.Title + ", " + r.Measure.Unit }

// title names a task where there are several.
func (r *Report) title(task int) string {
	if len(r.Tasks) == 1 {
		return ""
	}
	return r.Tasks[task]
}

// methods are all of them.
func (r *Report) methods() (all []int) {
	for m := range r.Methods {
		all = append(all, m)
	}
	return all
}

package report

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"

	drawing "hlrslab/core/draw"
	"hlrslab/core/figure"
	"hlrslab/core/run"
	"hlrslab/core/study"
)

// Figure is a plot, or the drawing of a cell.
type Figure struct {
	Name           string // of its files, without their ending
	Title, Caption string

	width, height vg.Length
	draw          func(draw.Canvas)
	cell          string // SVG of a cell
}

// Plot says whether the figure is one, which has a PDF, too.
func (f Figure) Plot() bool { return f.draw != nil }

// SVG writes the figure on white.
func (f Figure) SVG(w io.Writer) error {
	svg, err := f.svg(true)
	if err == nil {
		_, err = w.Write(svg)
	}
	return err
}

// svg is the figure on white, or on nothing.
func (f Figure) svg(white bool) ([]byte, error) {
	if !f.Plot() {
		return []byte(f.cell), nil
	}
	canvas := vgsvg.New(f.width, f.height)
	c := draw.New(canvas)
	if white {
		c.SetColor(color.White)
		c.Fill(c.Rectangle.Path())
	}
	f.draw(c)
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, err
	}
	// Liberation Sans is what it was laid out by; the others are as wide.
	return bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif")), nil
}

// PDF writes a plot.
func (f Figure) PDF(w io.Writer) error {
	canvas := paper{vgpdf.New(f.width, f.height)}
	f.draw(draw.New(canvas))
	_, err := canvas.WriteTo(w)
	return err
}

// paper is a vgpdf canvas with what that expects: texts in its fonts' encoding, and colours that are not multiplied by their alpha.
type paper struct{ *vgpdf.Canvas }

// SetColor implements vg.Canvas.
func (c paper) SetColor(of color.Color) {
	c.Canvas.SetColor(straight(color.NRGBAModel.Convert(of).(color.NRGBA)))
}

type straight color.NRGBA

// RGBA is what vgpdf reads.
func (c straight) RGBA() (r, g, b, a uint32) {
	return 0x101 * uint32(c.R), 0x101 * uint32(c.G), 0x101 * uint32(c.B), 0x101 * uint32(c.A)
}

// FillString implements vg.Canvas.
func (c paper) FillString(f font.Face, at vg.Point, text string) {
	var b []byte
	for _, r := range text {
		k, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			k = '?'
		}
		b = append(b, k)
	}
	c.Canvas.FillString(f, at, string(b))
}

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
	lines := strings.Split(figure.Wrap(name, s.width-sampleWidth-3*gap, style(8, 0, 0)), "\n")
	if len(lines) > 1 {
		return lines[0] + "…"
	}
	return name
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

// every method, and every task.
func (r *Report) methods() (all []int) {
	for m := range r.Methods {
		all = append(all, m)
	}
	return all
}

func (r *Report) tasks() (all []int) {
	for t := range r.Tasks {
		all = append(all, t)
	}
	return all
}

// points are all seeds', with mean and deviation.
func (r *Report) points() Figure {
	s := sheet{width: page, row: high(len(r.Methods)), columns: 1}
	for task := range r.Tasks {
		shown := newSpan()
		for m := range r.Methods {
			values, _ := r.Done(m, task)
			mean, sd := stat.MeanStdDev(values, nil)
			shown.add(values...)
			shown.add(mean-sd, mean+sd)
		}
		s.panels = append(s.panels, r.rows(r.methods(), r.title(task), r.axis(), shown, func(c draw.Canvas, _, m int, at func(x, row float64) vg.Point) {
			var values []float64
			for seed := range r.Seeds {
				if result := r.At(m, task, seed); result != nil {
					if v, ok := r.Measure.Of(*result); ok {
						values = append(values, v)
						c.DrawGlyph(glyph(m, 2.2, 0.85), at(v, 0.12+0.3*(float64(seed)+0.5)/float64(len(r.Seeds))-0.15+0.08))
					}
				}
			}
			if len(values) == 0 {
				return
			}
			mean, sd := stat.MeanStdDev(values, nil)
			const low = -0.22
			if sd > 0 {
				bar(c, colour(m, 1), 1.2, at(mean-sd, low), at(mean+sd, low), 2.5)
			}
			diamond(c, colour(m, 1), at(mean, low), 3.2)
		}))
	}
	return s.figure("points", r.Measure.Title, "Each point is a seed, at the same height in every row; the diamond is the mean, and the bar one standard deviation of the seeds to either side.")
}

// bar is a horizontal line with ends.
func bar(c draw.Canvas, colour color.Color, width vg.Length, from, to vg.Point, ends vg.Length) {
	s := draw.LineStyle{Color: colour, Width: width}
	c.StrokeLine2(s, from.X, from.Y, to.X, to.Y)
	for _, p := range []vg.Point{from, to} {
		c.StrokeLine2(s, p.X, p.Y-ends, p.X, p.Y+ends)
	}
}

func diamond(c draw.Canvas, colour color.Color, at vg.Point, r vg.Length) {
	c.FillPolygon(colour, []vg.Point{{X: at.X - r, Y: at.Y}, {X: at.X, Y: at.Y + r}, {X: at.X + r, Y: at.Y}, {X: at.X, Y: at.Y - r}})
}

// differences are those from the baseline.
func (r *Report) differences() (f Figure, ok bool) {
	others := slices.DeleteFunc(r.methods(), func(m int) bool { return m == r.Baseline })
	others = slices.DeleteFunc(others, func(m int) bool {
		return !slices.ContainsFunc(r.comparisons(), func(c comparison) bool { return len(r.Over(m, c.tasks...).Each) > 0 })
	})
	if len(others) == 0 {
		return f, false
	}
	s := sheet{width: page, row: high(len(others)), columns: 1}
	for _, c := range r.comparisons() {
		shown := newSpan()
		shown.add(0)
		for _, m := range others {
			d := r.Over(m, c.tasks...)
			i, wide := d.Interval(Confidence), d.Interval(c.confidence)
			shown.add(d.Each...)
			shown.add(i.Low, i.High, wide.Low, wide.High)
		}
		title := c.title
		if len(r.Tasks) == 1 {
			title = ""
		}
		x := fmt.Sprintf("difference from %s, %s", r.Methods[r.Baseline], r.Measure.Points)
		p := r.rows(others, title, figure.Wrap(x, page/2, style(9, 0, 0)), shown, func(canvas draw.Canvas, _, m int, at func(x, row float64) vg.Point) {
			d := r.Over(m, c.tasks...)
			for i, v := range d.Each {
				canvas.DrawGlyph(glyph(m, 2.2, 0.85), at(v, 0.2+0.3*((float64(i)+0.5)/float64(len(d.Each))-0.5)))
			}
			if len(d.Each) > 1 {
				i, wide := d.Interval(Confidence), d.Interval(c.confidence)
				bar(canvas, colour(m, 1), 0.6, at(wide.Low, -0.22), at(wide.High, -0.22), 2)
				bar(canvas, colour(m, 1), 2, at(i.Low, -0.22), at(i.High, -0.22), 0)
				diamond(canvas, colour(m, 1), at(d.Mean, -0.22), 3.2)
			}
		})
		p.Add(painted(func(c draw.Canvas, at func(x, y float64) vg.Point) {
			x := at(0, 0).X
			c.StrokeLine2(draw.LineStyle{Color: color.Black, Width: 0.6, Dashes: []vg.Length{3, 2}}, x, c.Min.Y, x, c.Max.Y)
		}))
		s.panels = append(s.panels, p)
	}
	caption := fmt.Sprintf("Each point is a seed that both have done; the diamond is the mean, the thick bar its 95 %% t-interval, and the thin one the same widened for %s.", count(r.comparisons()[0].n, "comparison"))
	if len(r.Tasks) > 1 {
		caption = fmt.Sprintf("Each point is a seed that both have done, over all tasks its mean; the diamond is the mean, the thick bar its 95 %% t-interval, and the thin one the same widened for %d comparisons, or %d on single tasks.", r.comparisons()[0].n, r.comparisons()[1].n)
	}
	return s.figure("differences", "Differences from "+r.Methods[r.Baseline], caption), true
}

// grid is a sheet of a panel for each of some tasks.
func grid(panels []*plot.Plot, legend []entry) sheet {
	s := sheet{width: column, row: 6.5 * vg.Centimeter, columns: min(2, len(panels)), panels: panels, legend: legend}
	if s.columns == 2 {
		s.width = page
	}
	return s
}

// classes are the accuracies of classes, from head to tail.
func (r *Report) classes() (Figure, bool) {
	var panels []*plot.Plot
	var shown []int
	for task := range r.Tasks {
		p := panel(r.title(task), "class, from head to tail", "accuracy, %")
		most, n := newSpan(), 0
		names, alike := []string(nil), true
		type curve struct {
			m        int
			mean, sd []float64
		}
		var curves []curve
		for m := range r.Methods {
			var by [][]float64
			for seed := range r.Seeds {
				result := r.At(m, task, seed)
				if result == nil || result.Final() == nil {
					continue
				}
				final := result.Final()
				report := final.Last().Report
				ordered := make([]string, len(report.PerClass))
				for k, v := range report.PerClass {
					if k == len(by) {
						by = append(by, nil)
					}
					by[k] = append(by[k], 100*v)
					if c := report.Classes[k]; c < len(final.Facts.Classes) {
						ordered[k] = final.Facts.Classes[c]
					}
				}
				if names == nil {
					names = ordered
				}
				alike = alike && slices.Equal(names, ordered)
			}
			c := curve{m: m}
			for _, values := range by {
				mean, sd := stat.MeanStdDev(values, nil)
				if math.IsNaN(sd) {
					sd = 0
				}
				c.mean, c.sd = append(c.mean, mean), append(c.sd, sd)
				most.add(max(0, mean-sd), min(100, mean+sd))
			}
			if n = max(n, len(by)); len(by) > 0 {
				curves = append(curves, c)
				if !slices.Contains(shown, m) {
					shown = append(shown, m)
				}
			}
		}
		if n == 0 {
			continue
		}
		p.Add(painted(func(canvas draw.Canvas, at func(x, y float64) vg.Point) {
			for i, c := range curves {
				var points []vg.Point
				shift := (float64(i) - float64(len(curves)-1)/2) * 0.5 / float64(len(curves)) // so that none covers another
				for k, mean := range c.mean {
					x := float64(k+1) + shift
					points = append(points, at(x, mean))
					low, high := at(x, max(0, mean-c.sd[k])), at(x, min(100, mean+c.sd[k]))
					canvas.StrokeLine2(draw.LineStyle{Color: colour(c.m, 0.6), Width: 0.7}, low.X, low.Y, high.X, high.Y)
				}
				canvas.StrokeLines(draw.LineStyle{Color: colour(c.m, 0.5), Width: 0.8}, points)
				for _, point := range points {
					canvas.DrawGlyph(glyph(c.m, 2, 1), point)
				}
			}
		}))
		most.set(&p.Y)
		p.X.Min, p.X.Max = 0.5, float64(n)+0.5
		p.X.Tick.Marker = figure.Ticks(10, 0)
		if alike && n <= 20 {
			var ticks []plot.Tick
			for k, name := range names {
				ticks = append(ticks, plot.Tick{Value: float64(k + 1), Label: name})
			}
			p.X.Tick.Marker = plot.ConstantTicks(ticks)
			p.X.Tick.Label.Rotation, p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = math.Pi/3, draw.XRight, draw.YCenter
		}
		panels = append(panels, p)
	}
	if panels == nil {
		return Figure{}, false
	}
	s := grid(panels, r.marks(shown))
	s.width, s.row = page, 7.5*vg.Centimeter
	return s.figure("classes", "Accuracy by class", "Means over the seeds of the last networks, and one standard deviation to either side, cut at 0 and 100 %; from the class of most training images to that of fewest."), true
}

// against is the measure against another number of the same run.
func (r *Report) against(name, title, x, caption string, whole bool, of func(study.Result) (float64, bool), measure study.Measure) (Figure, bool) {
	type point struct {
		m    int
		x, y float64
	}
	var panels []*plot.Plot
	var marked []int
	for task := range r.Tasks {
		var points []point
		xs, ys := newSpan(), newSpan()
		for m := range r.Methods {
			for seed := range r.Seeds {
				result := r.At(m, task, seed)
				if result == nil {
					continue
				}
				a, ok := of(*result)
				b, has := measure.Of(*result)
				if !ok || !has {
					continue
				}
				if whole { // so that points of the same number do not cover each other
					a += 0.5 * ((float64(seed*len(r.Methods)+m)+0.5)/float64(len(r.Seeds)*len(r.Methods)) - 0.5)
				}
				points = append(points, point{m, a, b})
				xs.add(a)
				ys.add(b)
				if !slices.Contains(marked, m) {
					marked = append(marked, m)
				}
			}
		}
		if points == nil {
			continue
		}
		p := panel(r.title(task), x, lower(measure.Title)+", "+measure.Unit)
		p.Add(painted(func(c draw.Canvas, at func(x, y float64) vg.Point) {
			for _, q := range points {
				c.DrawGlyph(glyph(q.m, 2.4, 0.8), at(q.x, q.y))
			}
		}))
		xs.set(&p.X)
		ys.set(&p.Y)
		if whole {
			p.X.Tick.Marker = figure.Ticks(8, 0)
		}
		panels = append(panels, p)
	}
	if panels == nil {
		return Figure{}, false
	}
	slices.Sort(marked)
	return grid(panels, r.marks(marked)).figure(name, title, caption), true
}

// epochs is accuracy over them, of searches and of trainings.
func (r *Report) epochs() (Figure, bool) {
	var panels []*plot.Plot
	var shown []int
	for task := range r.Tasks {
		for side, what := range []string{"search", "training"} {
			type curve struct {
				m      int
				points []float64
				mean   bool
			}
			var curves []curve
			all, longest := newSpan(), 0
			for m := range r.Methods {
				var whole [][]float64
				for seed := range r.Seeds {
					result := r.At(m, task, seed)
					if result == nil {
						continue
					}
					search, training := result.Records()
					record := []*run.Record{search, training}[side]
					if record == nil {
						continue
					}
					values := over(*record, func(e run.Event) float64 { return 100 * e.Report.Accuracy })
					if values == nil {
						continue
					}
					curves = append(curves, curve{m, values, false})
					all.add(values...)
					if longest = max(longest, len(values)); record.Done() {
						whole = append(whole, values)
					}
				}
				if whole == nil {
					continue
				}
				n := len(slices.MinFunc(whole, func(a, b []float64) int { return len(a) - len(b) }))
				mean := make([]float64, n)
				for e := range mean {
					for _, values := range whole {
						mean[e] += values[e] / float64(len(whole))
					}
				}
				curves = append(curves, curve{m, mean, true})
			}
			if curves == nil {
				continue
			}
			p := panel(strings.TrimPrefix(r.title(task)+": "+what, ": "), "epoch", "accuracy, %")
			for _, means := range []bool{false, true} { // which lie above
				for _, c := range curves {
					if c.mean != means {
						continue
					}
					if !slices.Contains(shown, c.m) {
						shown = append(shown, c.m)
					}
					p.Add(painted(func(canvas draw.Canvas, at func(x, y float64) vg.Point) {
						var points []vg.Point
						for e, v := range c.points {
							points = append(points, at(float64(e+1), v))
						}
						if means {
							canvas.StrokeLines(line(c.m, 1.6, 1), points)
							if len(points) == 1 {
								canvas.DrawGlyph(glyph(c.m, 2.4, 1), points[0])
							}
						} else {
							canvas.StrokeLines(draw.LineStyle{Color: colour(c.m, 0.3), Width: 0.6}, points)
						}
					}))
				}
			}
			all.set(&p.Y)
			p.X.Min, p.X.Max = 1, max(2, float64(longest))
			p.X.Tick.Marker = figure.Ticks(8, 0)
			panels = append(panels, p)
		}
	}
	if panels == nil {
		return Figure{}, false
	}
	slices.Sort(shown)
	return grid(panels, r.strokes(shown)).figure("epochs", "Accuracy over the epochs",
		"Balanced test accuracy after each epoch: thin lines are seeds, thick ones the means of those that are done."), true
}

// over is f over the epochs of a record.
func over(r run.Record, f func(run.Event) float64) (values []float64) {
	for _, e := range r.Events {
		if e.Kind == run.EpochDone && e.Report != nil {
			values = append(values, f(e))
		}
	}
	return values
}

// schedules are those of the architecture's rate and of the mixing, which seeds have in common.
func (r *Report) schedules() (Figure, bool) {
	var panels []*plot.Plot
	var shown []int
	for _, what := range []struct {
		title, y string
		has      func(search run.Config) bool
		of       func(run.Event) float64
	}{
		{"rate of the architecture", "learning rate", func(c run.Config) bool { return c.Method != "random" }, func(e run.Event) float64 { return e.ArchRate }},
		{"mixing of the branches", "conventional branch's weight", func(c run.Config) bool { return c.Branches != "none" }, func(e run.Event) float64 { return e.Mix }},
	} {
		all, longest := newSpan(), 0
		all.add(0)
		p := panel(what.title, "epoch", what.y)
		for m := range r.Methods {
			var curve []float64 // the longest of the first task
			for seed := range r.Seeds {
				if result := r.At(m, 0, seed); result != nil {
					if search, _ := result.Records(); search != nil && what.has(search.Config) {
						if values := over(*search, what.of); len(values) > len(curve) {
							curve = values
						}
					}
				}
			}
			if curve == nil {
				continue
			}
			all.add(curve...)
			longest = max(longest, len(curve))
			if !slices.Contains(shown, m) {
				shown = append(shown, m)
			}
			p.Add(painted(func(c draw.Canvas, at func(x, y float64) vg.Point) {
				var points []vg.Point
				for e, v := range curve {
					points = append(points, at(float64(e+1), v))
				}
				c.StrokeLines(line(m, 1.4, 1), points)
			}))
		}
		if longest < 2 {
			continue
		}
		all.set(&p.Y)
		p.X.Min, p.X.Max = 1, float64(longest)
		p.X.Tick.Marker = figure.Ticks(8, 0)
		panels = append(panels, p)
	}
	if panels == nil {
		return Figure{}, false
	}
	slices.Sort(shown)
	return grid(panels, r.strokes(shown)).figure("schedules", "Schedules of the search", "As they were in the searches; all seeds of a variant have the same."), true
}

// profiles are the performance profiles over several tasks.
func (r *Report) profiles() (Figure, bool) {
	if len(r.Tasks) == 1 {
		return Figure{}, false
	}
	all := newSpan()
	methods := r.everywhere()
	for _, m := range methods {
		all.add(slices.Concat(r.Strata(m)...)...)
	}
	if methods == nil {
		return Figure{}, false
	}
	p := panel("", "threshold: "+lower(r.axis()), "share of runs above")
	all.set(&p.X)
	p.Y.Min, p.Y.Max = 0, 1.02
	const n = 100
	var thresholds []float64
	for i := range n + 1 {
		thresholds = append(thresholds, p.X.Min+float64(i)/n*(p.X.Max-p.X.Min))
	}
	for _, m := range methods {
		strata := r.Strata(m)
		shares := study.Profile(strata, thresholds)
		bands := study.Bootstrap(strata, Confidence, BootstrapSeed, func(s [][]float64) []float64 { return study.Profile(s, thresholds) })
		p.Add(painted(func(c draw.Canvas, at func(x, y float64) vg.Point) {
			var low, high, middle []vg.Point
			for i, x := range thresholds {
				low, high, middle = append(low, at(x, bands[i].Low)), append(high, at(x, bands[i].High)), append(middle, at(x, shares[i]))
			}
			slices.Reverse(high)
			c.FillPolygon(colour(m, 0.15), append(low, high...))
			c.StrokeLines(line(m, 1.4, 1), middle)
		}))
	}
	s := grid([]*plot.Plot{p}, r.strokes(methods))
	s.width, s.row = page, 7.5*vg.Centimeter
	return s.figure("profiles", "Performance profiles", fmt.Sprintf(
		"The share of runs above each threshold, a mean over the %d tasks, with 95 %% bands of %d stratified bootstrap resamples.", len(r.Tasks), study.Resamples)), true
}

// cells are those of the median seeds.
func (r *Report) cells() (all []Figure) {
	for task := range r.Tasks {
		for m, name := range r.Methods {
			result := r.Median(m, task)
			if result == nil {
				continue
			}
			g, ok := result.Genotype()
			if !ok {
				continue
			}
			for _, cell := range []string{"normal", "reduction"} {
				edges, concat := g.Normal, g.NormalConcat
				if cell == "reduction" {
					edges, concat = g.Reduce, g.ReduceConcat
				}
				title := fmt.Sprintf("%s: %s cell of seed %d", strings.TrimPrefix(r.title(task)+", "+name, ", "), cell, result.Seed)
				all = append(all, Figure{
					Name: fmt.Sprintf("cell-%d-%s", result.Index, cell), Title: title,
					Caption: "The seed is the median by the measure, the lower one of two.",
					cell:    drawing.Cell(html.EscapeString(title), edges, concat),
				})
			}
		}
	}
	return all
}

// figures are all that there is something to draw for.
func (r *Report) figures() (all []Figure) {
	add := func(f Figure, ok bool) {
		if ok {
			all = append(all, f)
		}
	}
	add(r.points(), true)
	add(r.differences())
	add(r.profiles())
	add(r.classes())
	add(r.against("parameters", "Accuracy and parameters", "parameters of the network, thousands", "Each point is a seed’s last network.", false, parameters, r.Measure))
	add(r.against("skips", "Accuracy and skip connections", "skip connections of both cells", "Each point is a seed; points of one number stand side by side.", true, skips, r.Measure))
	if search, err := r.Plan.MeasureOf("search"); err == nil {
		if trained, err := r.Plan.MeasureOf("trained"); err == nil {
			add(r.against("ranks", "Search-time and trained accuracy", "accuracy of the search network, %", "Each point is a seed: what its search network came to, and the cell that it found, trained from scratch.", false, search.Of, trained))
		}
	}
	add(r.epochs())
	add(r.schedules())
	return append(all, r.cells()...)
}

// parameters are the last network's, in thousands; skips the found cells' skip connections.
func parameters(r study.Result) (float64, bool) {
	final := r.Final()
	if final == nil {
		return 0, false
	}
	return float64(final.Facts.Params) / 1000, true
}

func skips(r study.Result) (float64, bool) {
	g, ok := r.Genotype()
	return float64(g.Counts()["skip"]), ok
}

package report

import (
	"fmt"
	"html"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	drawing "hlrslab/core/draw"
	"hlrslab/core/figure"
	"hlrslab/core/study"
)

// points are all runs', with mean and deviation.
func (r *Report) points() (f Figure, ok bool) {
	s := sheet{width: page, row: high(len(r.Methods)), columns: 1}
	for task := range r.Tasks {
		shown := newSpan()
		for m := range r.Methods {
			values, _ := r.Done(m, task)
			mean, sd := stat.MeanStdDev(values, nil)
			shown.add(values...)
			shown.add(mean-sd, mean+sd)
			ok = ok || len(values) > 0
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
	caption := "Each point is a seed, at the same height in every row; the diamond is the mean, and the bar one standard deviation of the seeds to either side."
	if r.sampled() {
		caption = "Each point is a run, with settings and a seed of its own; the diamond is the mean, and the bar one standard deviation of the runs to either side."
	}
	return s.figure("points", r.Measure.Title, caption), ok
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
	if r.Baseline < 0 {
		return f, false
	}
	others := slices.DeleteFunc(r.methods(), func(m int) bool { return m == r.Baseline })
	others = slices.DeleteFunc(others, func(m int) bool {
		return !slices.ContainsFunc(r.Comparisons(), func(c study.Comparison) bool { return len(r.Over(m, c.Tasks...).Each) > 0 })
	})
	if len(others) == 0 {
		return f, false
	}
	s := sheet{width: page, row: high(len(others)), columns: 1}
	for _, c := range r.Comparisons() {
		shown := newSpan()
		shown.add(0)
		for _, m := range others {
			d := r.Over(m, c.Tasks...)
			i, wide := d.Interval(study.Confidence), d.Interval(c.Wide)
			shown.add(d.Each...)
			shown.add(i.Low, i.High, wide.Low, wide.High)
		}
		title := c.Title
		if len(r.Tasks) == 1 {
			title = ""
		}
		x := fmt.Sprintf("difference from %s, %s", r.Methods[r.Baseline], r.Measure.Points)
		p := r.rows(others, title, figure.Wrap(x, page/2, style(9, 0, 0)), shown, func(canvas draw.Canvas, _, m int, at func(x, row float64) vg.Point) {
			d := r.Over(m, c.Tasks...)
			for i, v := range d.Each {
				canvas.DrawGlyph(glyph(m, 2.2, 0.85), at(v, 0.2+0.3*((float64(i)+0.5)/float64(len(d.Each))-0.5)))
			}
			if len(d.Each) > 1 {
				i, wide := d.Interval(study.Confidence), d.Interval(c.Wide)
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
	caption := fmt.Sprintf("Each point is a seed that both have done; the diamond is the mean, the thick bar its 95 %% t-interval, and the thin one the same widened for %s.", count(r.Comparisons()[0].N, "comparison"))
	if len(r.Tasks) > 1 {
		caption = fmt.Sprintf("Each point is a seed that both have done, over all tasks its mean; the diamond is the mean, the thick bar its 95 %% t-interval, and the thin one the same widened for %d comparisons, or %d on single tasks.", r.Comparisons()[0].N, r.Comparisons()[1].N)
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
	return s.figure("classes", "Accuracy by class", "Means over the "+r.one()+"s of the last networks, and one standard deviation to either side, cut at 0 and 100 %; from the class of most training images to that of fewest."), true
}

// axisKind is how numbers stand along an axis: evenly, or those that are whole side by side, or by even factors.
type axisKind int

const (
	number axisKind = iota
	whole
	factors
)

// against is the measure against another number of the same run.
func (r *Report) against(name, title, x, caption string, kind axisKind, of func(study.Result) (float64, bool), measure study.Measure) (Figure, bool) {
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
				if kind == whole { // so that points of the same number do not cover each other
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
		ys.set(&p.Y)
		switch kind {
		case whole:
			p.X.Tick.Marker = figure.Ticks(8, 0)
			fallthrough
		case number:
			xs.set(&p.X)
		case factors:
			xs.factors(&p.X)
		}
		panels = append(panels, p)
	}
	if panels == nil {
		return Figure{}, false
	}
	slices.Sort(marked)
	return grid(panels, r.marks(marked)).figure(name, title, caption), true
}

// profiles are the performance profiles over several tasks.
func (r *Report) profiles() (Figure, bool) {
	if len(r.Tasks) == 1 || r.sampled() {
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
		bands := study.Bootstrap(strata, study.Confidence, BootstrapSeed, func(s [][]float64) []float64 { return study.Profile(s, thresholds) })
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
				of := fmt.Sprint("seed ", result.Seed)
				if r.sampled() {
					of = fmt.Sprint("run ", result.Index)
				}
				title := fmt.Sprintf("%s: %s cell of %s", strings.TrimPrefix(r.title(task)+", "+name, ", "), cell, of)
				all = append(all, Figure{
					Name: fmt.Sprintf("cell-%d-%s", result.Index, cell), Title: title,
					Caption: "The " + r.one() + " is the median by the measure, the lower one of two.",
					cell:    drawing.Cell(html.EscapeString(title), edges, concat),
				})
			}
		}
	}
	return all
}

package report

import (
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"hlrslab/core/figure"
	"hlrslab/core/run"
)

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
		"Balanced test accuracy after each epoch: thin lines are "+r.one()+"s, thick ones the means of those that are done."), true
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

// schedules are those of the architecture's rate and of the mixing, which seeds have in common, and runs of a sample do not.
func (r *Report) schedules() (Figure, bool) {
	differ := false
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
			var curves [][]float64 // of the first task; one that another goes on with is that one
			for seed := range r.Seeds {
				if result := r.At(m, 0, seed); result != nil {
					if search, _ := result.Records(); search != nil && what.has(search.Config) {
						curves = with(curves, over(*search, what.of))
					}
				}
			}
			if curves == nil {
				continue
			}
			for _, curve := range curves {
				all.add(curve...)
				longest = max(longest, len(curve))
			}
			if !slices.Contains(shown, m) {
				shown = append(shown, m)
			}
			style := line(m, 1.4, 1)
			if len(curves) > 1 {
				differ = true
				style = draw.LineStyle{Color: colour(m, 0.4), Width: 0.7}
			}
			p.Add(painted(func(c draw.Canvas, at func(x, y float64) vg.Point) {
				for _, curve := range curves {
					var points []vg.Point
					for e, v := range curve {
						points = append(points, at(float64(e+1), v))
					}
					c.StrokeLines(style, points)
				}
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
	caption := "As they were in the searches; all seeds of a variant have the same."
	if differ {
		caption = "As they were in the searches: each thin line is a run’s own."
	}
	return grid(panels, r.strokes(shown)).figure("schedules", "Schedules of the search", caption), true
}

// with adds a curve to some, unless one of them begins as it does, or in the place of one that it goes on with.
func with(curves [][]float64, c []float64) [][]float64 {
	if len(c) == 0 {
		return curves
	}
	for i, other := range curves {
		if n := min(len(c), len(other)); slices.Equal(c[:n], other[:n]) {
			if len(c) > n {
				curves[i] = c
			}
			return curves
		}
	}
	return append(curves, c)
}

package main

import (
	"image/color"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"hlrslab/core/search"
)

// The colours of the two branches, and of everything else, are the page's.
var (
	blue   = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	orange = color.RGBA{0xd5, 0x5e, 0x00, 0xff}
	green  = color.RGBA{0x00, 0x9e, 0x73, 0xff}
	grey   = color.RGBA{0x77, 0x77, 0x77, 0xff}
)

type curve struct {
	name   string
	colour color.Color
	y      func(search.Event) float64
}

// figures draws the run's curves over the epochs, one panel a question.
func (f *folder) figures(c search.Config) error {
	percent := func(v func(*search.Report) float64) func(search.Event) float64 {
		return func(e search.Event) float64 { return 100 * v(e.Report) }
	}
	panels := []struct {
		title, unit string
		curves      []curve
	}{
		{"Loss", "nats", []curve{
			{"weights", blue, func(e search.Event) float64 { return e.Loss }},
			{"architecture", orange, func(e search.Event) float64 { return e.ArchLoss }},
		}},
		{"Balanced test accuracy", "%", []curve{
			{"all", grey, percent(func(r *search.Report) float64 { return r.Accuracy })},
			{"head", blue, percent(func(r *search.Report) float64 { return r.Head })},
			{"medium", green, percent(func(r *search.Report) float64 { return r.Medium })},
			{"tail", orange, percent(func(r *search.Report) float64 { return r.Tail })},
		}},
		{"Schedules", "share of the peak", []curve{
			{"architecture rate", green, func(e search.Event) float64 { return e.ArchRate / max(c.ArchRate, 1e-30) }},
			{"weight rate", grey, func(e search.Event) float64 { return e.Rate / max(c.Rate, 1e-30) }},
			{"conventional branch", blue, func(e search.Event) float64 { return e.Mix }},
		}},
	}
	canvas := vgsvg.New(18*vg.Centimeter, 24*vg.Centimeter)
	tiles := draw.Tiles{Rows: len(panels), Cols: 1, PadX: vg.Millimeter, PadY: 4 * vg.Millimeter, PadTop: 2 * vg.Millimeter, PadBottom: 2 * vg.Millimeter, PadLeft: 2 * vg.Millimeter, PadRight: 2 * vg.Millimeter}
	for i, panel := range panels {
		p := plot.New()
		p.Title.Text, p.X.Label.Text, p.Y.Label.Text = panel.title, "epoch", panel.unit
		p.Legend.Top = true
		p.Add(plotter.NewGrid())
		if i > 0 {
			p.Y.Min = 0
		}
		for _, c := range panel.curves {
			var xy plotter.XYs
			for _, e := range f.past {
				if e.Kind == "epoch" {
					xy = append(xy, plotter.XY{X: float64(e.Epoch + 1), Y: c.y(e)})
				}
			}
			line, points, err := plotter.NewLinePoints(xy)
			if err != nil {
				return err
			}
			line.Color, line.Width, points.Color, points.Shape, points.Radius = c.colour, vg.Points(1.5), c.colour, draw.CircleGlyph{}, vg.Points(1.5)
			p.Add(line, points)
			p.Legend.Add(c.name, line)
		}
		if i > 0 {
			p.Y.Min, p.Y.Max = 0, p.Y.Max*1.25 // room for the legend
		}
		p.Draw(tiles.At(draw.New(canvas), 0, i))
	}
	return f.write("curves.svg", func(w *os.File) error {
		_, err := canvas.WriteTo(w)
		return err
	})
}

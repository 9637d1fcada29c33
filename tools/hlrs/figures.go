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

// dashes of the first, second, … curve of a panel.
var dashes = [][]vg.Length{nil, {vg.Points(6), vg.Points(3)}, {vg.Points(2), vg.Points(2)}, {vg.Points(8), vg.Points(2), vg.Points(2), vg.Points(2)}}

type curve struct {
	name   string
	colour color.Color
	y      func(search.Event) float64
}

// figures draws the run's curves over the epochs, one panel a question.
func (f *folder) figures(r search.Record) error {
	c := r.Config
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
		{"Learning rates", "share of the peak", []curve{
			{"architecture", orange, func(e search.Event) float64 { return e.ArchRate / max(c.ArchRate, 1e-30) }},
			{"weights", blue, func(e search.Event) float64 { return e.Rate / max(c.Rate, 1e-30) }},
		}},
		{"Mixing of the branches", "weight", []curve{
			{"conventional", blue, func(e search.Event) float64 { return e.Mix }},
			{"re-balancing", orange, func(e search.Event) float64 { return 1 - e.Mix }},
		}},
	}
	canvas := vgsvg.New(20*vg.Centimeter, 26*vg.Centimeter)
	tiles := draw.Tiles{
		Rows: len(panels), Cols: 1, PadY: 5 * vg.Millimeter,
		PadTop: 3 * vg.Millimeter, PadBottom: 3 * vg.Millimeter, PadLeft: 3 * vg.Millimeter, PadRight: 3 * vg.Millimeter,
	}
	for i, panel := range panels {
		p, legend := plot.New(), plot.NewLegend()
		p.Title.Text, p.X.Label.Text, p.Y.Label.Text = panel.title, "epoch", panel.unit
		legend.Top, legend.Left, legend.YPosition, legend.Padding = true, true, draw.PosCenter, vg.Points(4)
		p.Add(plotter.NewGrid())
		for k, c := range panel.curves {
			var xy plotter.XYs
			for _, e := range r.Events {
				if e.Kind == "epoch" {
					xy = append(xy, plotter.XY{X: float64(e.Epoch + 1), Y: c.y(e)})
				}
			}
			line, points, err := plotter.NewLinePoints(xy)
			if err != nil {
				return err
			}
			line.Color, line.Width = c.colour, vg.Points(1.5)
			line.Dashes = dashes[k] // curves that lie on each other both stay visible
			points.Color, points.Shape, points.Radius = c.colour, draw.CircleGlyph{}, vg.Points(1.5)
			p.Add(line, points)
			legend.Add(c.name, line)
		}
		if i > 0 {
			p.Y.Min = 0
			p.Y.Max = max(p.Y.Max*1.05, 1e-6)
		}
		tile := tiles.At(draw.New(canvas), 0, i)
		const aside = 4.6 * vg.Centimeter // the legend stands beside the curves, never on them
		p.Draw(draw.Crop(tile, 0, -aside, 0, 0))
		legend.Draw(draw.Crop(tile, tile.Max.X-tile.Min.X-aside+4*vg.Millimeter, 0, 0, -8*vg.Millimeter))
	}
	return f.write("curves.svg", func(w *os.File) error {
		_, err := canvas.WriteTo(w)
		return err
	})
}

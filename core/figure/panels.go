package figure

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/plotter"

	"hlrslab/core/run"
)

// Colour-blind readers tell these apart (Okabe and Ito's palette). The colours of the two branches, and of everything else, are
// the page's.
var (
	blue   = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	orange = color.RGBA{0xd5, 0x5e, 0x00, 0xff}
	green  = color.RGBA{0x00, 0x9e, 0x73, 0xff}
	pink   = color.RGBA{0xcc, 0x79, 0xa7, 0xff}
	grey   = color.RGBA{0x77, 0x77, 0x77, 0xff}
)

// panel answers one question.
type panel struct {
	title, unit string
	free        bool // the axis need not begin at 0
	curves      []curve
}

type curve struct {
	name   string
	colour color.Color
	points plotter.XYs
}

// over is f over r's epochs, which people count from 1.
func over(r run.Record, f func(run.Event) float64) (xy plotter.XYs) {
	for _, e := range r.Events {
		if e.Kind == run.EpochDone && e.Report != nil {
			xy = append(xy, plotter.XY{X: float64(e.Epoch + 1), Y: f(e)})
		}
	}
	return xy
}

func check(records []run.Record, names []string) error {
	if n := len(records); n < 1 || n > Most {
		return fmt.Errorf("%d runs: a figure is of 1 to %d", n, Most)
	}
	if len(names) != len(records) {
		return fmt.Errorf("%d names for %d runs: every run has one", len(names), len(records))
	}
	for i, r := range records {
		if len(over(r, mix)) == 0 {
			return fmt.Errorf("no epoch has ended yet: run %d has nothing to draw (%q)", i+1, names[i])
		}
	}
	return nil
}

func mix(e run.Event) float64 { return e.Mix }

func percent(of func(*run.Report) float64) func(run.Event) float64 {
	return func(e run.Event) float64 { return 100 * of(e.Report) }
}

func all(r *run.Report) float64    { return r.Accuracy }
func head(r *run.Report) float64   { return r.Head }
func medium(r *run.Report) float64 { return r.Medium }
func tail(r *run.Report) float64   { return r.Tail }

// one is a single run's panels.
func one(r run.Record) []panel {
	c := r.Config
	return []panel{
		{"Loss", "nats", true, []curve{
			{"weights", blue, over(r, func(e run.Event) float64 { return e.Loss })},
			{"architecture", orange, over(r, func(e run.Event) float64 { return e.ArchLoss })},
		}},
		{"Balanced test accuracy", "%", false, []curve{
			{"all", grey, over(r, percent(all))},
			{"head", blue, over(r, percent(head))},
			{"medium", green, over(r, percent(medium))},
			{"tail", orange, over(r, percent(tail))},
		}},
		{"Learning rates", "share of the peak", false, []curve{
			{"architecture", orange, over(r, func(e run.Event) float64 { return e.ArchRate / max(c.ArchRate, 1e-30) })},
			{"weights", blue, over(r, func(e run.Event) float64 { return e.Rate / max(c.Rate, 1e-30) })},
		}},
		{"Mixing of the branches", "weight", false, []curve{
			{"conventional", blue, over(r, mix)},
			{"re-balancing", orange, over(r, func(e run.Event) float64 { return 1 - e.Mix })},
		}},
	}
}

// several compares runs: a curve for each in every panel.
func several(records []run.Record, names []string) []panel {
	each := func(f func(run.Event) float64) (curves []curve) {
		for i, r := range records {
			curves = append(curves, curve{names[i], [Most]color.Color{blue, orange, green, pink}[i], over(r, f)})
		}
		return curves
	}
	return []panel{
		{"Balanced test accuracy", "%", false, each(percent(all))},
		{"Tail accuracy", "%", false, each(percent(tail))},
		{"Architecture rate", "rate", false, each(func(e run.Event) float64 { return e.ArchRate })},
		{"Mixing of the branches", "conventional weight", false, each(mix)},
		{"Mean entropy of alpha", "nats", true, each(func(e run.Event) float64 { return e.Report.Entropy })},
	}
}

package figure

import (
	"fmt"
	"image/color"
	"slices"

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
	ochre  = color.RGBA{0x9a, 0x7d, 0x0a, 0xff}
	red    = color.RGBA{0xb3, 0x12, 0x2f, 0xff}
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

func calibration(r *run.Report) float64 { return r.Calibration }
func normalised(r *run.Report) float64  { return r.TauNormalised }

func rate(e run.Event) float64 { return e.Rate }

// training says whether a run trains a network, and has no architecture to search.
func training(r run.Record) bool { return r.Config.Task == run.Train }

// mixed says whether a run has two branches to mix.
func mixed(r run.Record) bool { return r.Config.Branches != "none" }

// one is a single run's panels.
func one(r run.Record) []panel {
	c := r.Config
	losses := panel{"Loss", "nats", true, []curve{{"weights", blue, over(r, func(e run.Event) float64 { return e.Loss })}}}
	accuracy := panel{"Balanced test accuracy", "%", false, []curve{
		{"all", grey, over(r, percent(all))},
		{"head", blue, over(r, percent(head))},
		{"medium", green, over(r, percent(medium))},
		{"tail", orange, over(r, percent(tail))},
	}}
	mixing := panel{"Mixing of the branches", "weight", false, []curve{
		{"conventional", blue, over(r, mix)},
		{"re-balancing", orange, over(r, func(e run.Event) float64 { return 1 - e.Mix })},
	}}
	if !training(r) {
		arch := over(r, func(e run.Event) float64 { return e.ArchLoss })
		if c.FreezeAt > 0 { // from where on there is none
			arch = arch[:min(len(arch), c.FreezeAt)]
		}
		losses.curves = append(losses.curves, curve{"architecture", orange, arch})
		return []panel{losses, accuracy, {"Learning rates", "share of the peak", false, []curve{
			{"architecture", orange, over(r, func(e run.Event) float64 { return e.ArchRate / max(c.ArchRate, 1e-30) })},
			{"weights", blue, over(r, func(e run.Event) float64 { return e.Rate / max(c.Rate, 1e-30) })},
		}}, mixing}
	}
	losses.curves[0].name = "training"
	losses.curves = append(losses.curves, curve{"test", orange, over(r, func(e run.Event) float64 { return e.Report.TestLoss })})
	if c.Tau > 0 {
		accuracy.curves = append(accuracy.curves, curve{"all, τ-normalised", pink, over(r, percent(normalised))})
	}
	panels := []panel{
		losses, accuracy,
		{"Expected calibration error", "%", false, []curve{{"", blue, over(r, percent(calibration))}}},
		{"Learning rate", "rate", false, []curve{{"", blue, over(r, rate)}}},
	}
	if mixed(r) {
		panels = append(panels, mixing)
	}
	return panels
}

// several compares runs: a curve for each of those that have one in every panel, and no panel that no run has a curve in.
func several(records []run.Record, names []string) (panels []panel) {
	add := func(title, unit string, free bool, has func(run.Record) bool, of func(run.Event) float64) {
		p := panel{title: title, unit: unit, free: free}
		any := false
		for i, r := range records {
			c := curve{name: names[i], colour: [Most]color.Color{blue, orange, green, pink, ochre, red}[i]}
			if has(r) {
				c.points, any = over(r, of), true
			}
			p.curves = append(p.curves, c)
		}
		if any {
			panels = append(panels, p)
		}
	}
	each := func(run.Record) bool { return true }
	searching := func(r run.Record) bool { return !training(r) }
	trains := slices.ContainsFunc(records, training)
	tested := func(r run.Record) bool { return trains && r.Last().Report.TestLoss > 0 } // as older runs have none
	add("Balanced test accuracy", "%", false, each, percent(all))
	add("Tail accuracy", "%", false, each, percent(tail))
	add("Test loss", "nats", true, tested, func(e run.Event) float64 { return e.Report.TestLoss })
	add("Expected calibration error", "%", false, tested, percent(calibration))
	if !slices.ContainsFunc(records, searching) {
		add("Learning rate", "rate", false, each, rate)
	}
	add("Architecture rate", "rate", false, searching, func(e run.Event) float64 { return e.ArchRate })
	add("Mixing of the branches", "conventional weight", false, func(r run.Record) bool { return searching(r) || mixed(r) }, mix)
	add("Mean entropy of alpha", "nats", true, searching, func(e run.Event) float64 { return e.Report.Entropy })
	if len(panels)%2 == 0 { // one place is the legend's
		add("Head accuracy", "%", false, each, percent(head))
	}
	return panels
}

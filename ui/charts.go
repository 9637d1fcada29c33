package ui

import (
	"cmp"
	"fmt"

	"hlrslab/core/darts"
	"hlrslab/core/draw"
	"hlrslab/core/run"
)

// chartOf is a card that is a chart, and chartTable its numbers.
func (l *Lab) chartOf(id string) string {
	c := l.read(id, l.chart(id))
	return c.key() + c.svg()
}

func (l *Lab) chartTable(id string) string {
	if id == "loss" {
		return l.chart(id).table(Text.StepHead)
	}
	return l.chart(id).table(Text.Epoch)
}

// chart is the chart of a card that is one.
func (l *Lab) chart(id string) chart {
	r := l.Run()
	c := chart{first: Text.FirstEpoch, n: r.Record.Config.Epochs, at: -1, marks: marks(r.Changes, r.experiment()), format: "%.1f", top: 100}
	if e := r.at(l.Epoch); e != nil {
		c.at = e.Epoch
	}
	each := func(name, class string, v func(*run.Report) float64) {
		var y []float64
		for _, e := range r.Epochs {
			y = append(y, v(e.Report))
		}
		c.lines = append(c.lines, line{name: name, class: class, y: y})
	}
	switch id {
	case "accuracy":
		c.title = Text.AccuracyTitle
		each(Text.Head, "head", func(p *run.Report) float64 { return 100 * p.Head })
		each(Text.Medium, "medium", func(p *run.Report) float64 { return 100 * p.Medium })
		each(Text.Tail, "tail", func(p *run.Report) float64 { return 100 * p.Tail })
		each(Text.All, "plain", func(p *run.Report) float64 { return 100 * p.Accuracy })
		switch {
		case !r.trains():
			each(Text.CutOut, "run3"+dashed, func(p *run.Report) float64 { return 100 * p.Discrete })
		case r.experiment().Tau > 0:
			each(Text.TauNormalised, "run3"+dashed, func(p *run.Report) float64 { return 100 * p.TauNormalised })
		}
	case "loss":
		c.title, c.first, c.n, c.at, c.marks, c.format = Text.LossTitle, Text.FirstStep, 0, -1, nil, "%.2f"
		c.top = 3
		for _, v := range r.Losses {
			c.top = max(c.top, v)
		}
		c.lines = []line{{name: Text.Weights, class: "plain", y: r.Losses}}
	case "collapse":
		c.title, c.top, c.format = Text.CollapseTitle, 100, "%.0f"
		most := entropyOf(len(darts.Primitives))
		each(Text.EntropyShare, "rate", func(p *run.Report) float64 { return 100 * p.Entropy / most })
		each(Text.SkipShare, "tail", func(p *run.Report) float64 { return share(p, "skip") })
		each(Text.NoParameterShare, "conventional"+dashed, func(p *run.Report) float64 { return share(p, "skip") + share(p, "pool") })
	case "support":
		k := r.experiment()
		c.title, c.top, c.format = Text.SupportTitle, float64(len(darts.Primitives)), "%.2f"
		each(Text.Support, "plain", support)
		var cold []float64
		for e := range k.Epochs {
			cold = append(cold, darts.Temperature(k.Moving(e), k.Temperature, k.Cooling, k.CoolingEvery))
		}
		c.lines = append(c.lines, line{name: Text.Temperature, class: "rate" + dashed, y: cold})
	case "eigen":
		c.title, c.top, c.format = Text.EigenTitle, 0.1, "%.3f"
		last := 0. // an epoch without an estimate has the one before
		each(Text.Eigenvalue, "plain", func(p *run.Report) float64 {
			last = cmp.Or(p.Eigenvalue, last)
			c.top = max(c.top, last)
			return last
		})
	case "edge":
		c.title, c.top, c.format = fmt.Sprintf(Text.EdgeTitle, l.Edge.name()), 0.25, "%.3f"
		for k, op := range darts.Primitives {
			var y []float64
			for _, e := range r.Epochs {
				rows := e.Report.Normal
				if l.Edge.Reduce {
					rows = e.Report.Reduce
				}
				y = append(y, rows[min(l.Edge.Index, len(rows)-1)][k])
				c.top = max(c.top, y[len(y)-1])
			}
			c.lines = append(c.lines, line{name: draw.Short(op), class: "op", colour: draw.Colours[op], y: y})
		}
	}
	return c
}

// share is how many of a genotype's operations are of a kind, in per cent.
func share(p *run.Report, kind string) float64 {
	return 100 * float64(p.Counts[kind]) / float64(p.Counts["skip"]+p.Counts["pool"]+p.Counts["conv"])
}

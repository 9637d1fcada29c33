package ui

import (
	"fmt"
	"slices"

	"hlrslab/core/run"
)

// curve is the architecture's rate or the branch mixing over the epochs: as it was, and as the controls stand.
func (l *Lab) curve(which string) (c chart, ok bool) {
	r := l.Run()
	config := r.Config
	s, err := config.Schedules()
	if err != nil || config.Validate() != nil {
		return c, false
	}
	past, class := r.Rates, fmt.Sprint("run", l.Focus)
	var beside []line
	c = chart{title: Text.ArchTitle, first: "1", n: config.Epochs + 1, ends: true, at: -1, marks: marks(r.Changes, r.experiment()), format: "%.2g"}
	next, end := coming(which, config, s)
	if which == "mix" {
		c.title, c.top, c.format, c.wide = Text.MixTitle, 1, "%.2f", narrowW
		past, class = r.Mixes, "plain"
	} else {
		var rates []float64
		if other := l.rival(); other != nil { // the rate that it is compared with, over this run's epochs
			rates = other.Rates[:min(len(other.Rates), config.Epochs)]
			beside = []line{{name: other.Name, label: other.Name, class: fmt.Sprint("run", slices.Index(l.Runs, other)) + dashed, y: rates}}
		}
		c.top = slices.Max(slices.Concat(next, past, rates, []float64{config.ArchRate, 1e-4}))
	}
	switch n := len(past); {
	case n > 0 && (r.Fixed() || r.resumes() || r.Error != "" && !r.moved()):
		c.lines = []line{{name: Text.AsWas, class: class, y: past}, {name: Text.ToCome, class: class + dashed, y: append([]float64{past[n-1]}, next[min(n, len(next)):]...), from: n - 1}}
	case n > 0 && !r.moved():
		c.lines = []line{{name: Text.AsWas, class: class, y: past}}
	default:
		c.lines, c.marks = []line{{name: Text.AsSet, class: class, y: next}}, marks(nil, config)
	}
	if last := &c.lines[len(c.lines)-1]; last.from+len(last.y) == config.Epochs {
		last.end = &end
	}
	if len(beside) > 0 {
		if c.lines[0].label = r.Name; r.moved() {
			c.lines[0].label = Text.AsSet
		}
	}
	c.lines = append(c.lines, beside...)
	if l.moving.which == which {
		if s, err := l.moving.from.Schedules(); err == nil {
			y, end := coming(which, l.moving.from, s)
			c.lines = append(c.lines, line{class: "ghost", y: y, end: &end})
		}
	}
	if e := r.at(l.Epoch); e != nil && l.Epoch >= 0 {
		c.at = e.Epoch
	}
	c.hand = r.hand(which, c.top, c.plane().wide)
	return c, true
}

// coming is a schedule's curve as a configuration has it: at each epoch, and at the end.
func coming(which string, c run.Config, s run.Schedules) (y []float64, end float64) {
	if which == "mix" {
		return s.Mix.Sample(), s.Mix.At(c.Epochs, nil)
	}
	y, end = archRates(s)
	for i := range y {
		y[i] *= c.ArchRate
	}
	return y, end * c.ArchRate
}

// schedule draws it, and says how to move it.
func (l *Lab) schedule(which string) string {
	c, ok := l.curve(which)
	if !ok {
		return ""
	}
	r := l.Run()
	text := l.read(which, c).svg()
	if which == "arch" && r.Config.ArchEqual == "area" {
		var top float64
		for _, line := range c.lines {
			top = max(top, slices.Max(line.y))
		}
		text += note(fmt.Sprintf(Text.EqualArea, top/max(r.Config.ArchRate, 1e-12)))
	}
	return text
}

// scheduleTable has the numbers of a schedule's curve.
func (l *Lab) scheduleTable(which string) string {
	c, ok := l.curve(which)
	if !ok {
		return ""
	}
	return note(escape(Text.Drag)) + c.table(Text.Epoch)
}

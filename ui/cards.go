package ui

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"hlrslab/core/darts"
	"hlrslab/core/data"
	"hlrslab/core/draw"
	"hlrslab/core/folder"
	"hlrslab/core/run"
)

var escape = html.EscapeString

// Card is a part of the page that is painted: Lab.Paint(ID) is its content, and Lab.Paint(ID-table), if it has one, its numbers.
type Card struct {
	ID, Title   string
	Wide, Table bool
	Chapter     bool // a heading
	Hidden      bool // there is nothing to show in it
}

// part is a part of the page that is painted: a card, or what stands elsewhere.
type part struct {
	id            string
	at            where
	in            []Place // where it is to be seen; nil is the laboratory itself
	follows       follows
	paint, tabled func(*Lab) string // its content, and the numbers behind it
	hidden        func(*Lab) bool
}

// where says where a part stands: as a card over one column or both, or elsewhere.
type where int

const (
	outside where = iota
	narrow
	wide
	chapter // a heading, over those that follow
)

// follows is what a part's content depends on: all that is done and that happens but for steps within an epoch, those too, or the
// epoch shown.
type follows int

const (
	turns follows = iota
	steps
	epochs
)

// parts are all there are, cards in their order.
var parts []part

func init() { // which refer to themselves
	parts = []part{
		{id: "status", follows: steps, paint: (*Lab).status},
		{id: "notice", paint: (*Lab).notice},
		{id: "announcement", follows: steps, paint: func(l *Lab) string { return escape(l.Run().Announce()) }},
		{id: "offer", paint: (*Lab).offer},
		{id: "arch", paint: of((*Lab).schedule, "arch"), tabled: of((*Lab).scheduleTable, "arch")},
		{id: "mix", paint: of((*Lab).schedule, "mix"), tabled: of((*Lab).scheduleTable, "mix")},
		{id: "more", paint: (*Lab).more},
		{id: "journey", paint: (*Lab).journey},
		{id: "timeline", follows: steps, paint: (*Lab).timeline},

		{id: "lead", paint: (*Lab).lead},
		{id: "tail", paint: (*Lab).tail},
		{id: "branches", paint: (*Lab).batchesOf},
		{id: "forming", follows: epochs, paint: (*Lab).forming},
		{id: "outcomes", paint: (*Lab).outcomes},

		{id: "presenter", paint: (*Lab).presenter},
		{id: "lesson", at: wide, in: []Place{Learn}, follows: steps, paint: (*Lab).lesson},

		{id: "chapter-data", at: chapter},
		{id: "classes", at: narrow, paint: (*Lab).bars, tabled: (*Lab).classesTable},
		{id: "batches", at: narrow, follows: steps, paint: (*Lab).batches},

		{id: "chapter-run", at: chapter},
		{id: "time", at: wide, paint: (*Lab).time},
		{id: "accuracy", at: narrow, follows: epochs, paint: of((*Lab).chartOf, "accuracy"), tabled: of((*Lab).chartTable, "accuracy")},
		{id: "loss", at: narrow, follows: steps, paint: of((*Lab).chartOf, "loss"), tabled: of((*Lab).chartTable, "loss")},
		{id: "history", at: narrow, follows: epochs, paint: (*Lab).history, tabled: at((*Lab).historyTable)},
		{id: "confusion", at: narrow, follows: epochs, paint: (*Lab).confusion, tabled: at((*Lab).confusionTable)},

		{id: "chapter-architecture", at: chapter, hidden: trains},
		{id: "normal", at: narrow, follows: epochs, paint: of((*Lab).heat, "normal"), tabled: of((*Lab).heatTable, "normal"), hidden: trains},
		{id: "reduce", at: narrow, follows: epochs, paint: of((*Lab).heat, "reduce"), tabled: of((*Lab).heatTable, "reduce"), hidden: trains},
		{id: "edge", at: narrow, follows: epochs, paint: func(l *Lab) string { return l.edgeChoice() + l.chartOf("edge") }, tabled: of((*Lab).chartTable, "edge"), hidden: trains},
		{id: "collapse", at: narrow, follows: epochs, paint: of((*Lab).chartOf, "collapse"), tabled: of((*Lab).chartTable, "collapse"), hidden: trains},

		{id: "chapter-cell", at: chapter},
		{id: "cells", at: wide, paint: (*Lab).cells},
		{id: "results", at: wide, paint: (*Lab).results, tabled: (*Lab).resultsTable, hidden: func(l *Lab) bool { return l.variant() < 0 }},

		{id: "chapter-compare", at: chapter, in: []Place{Explore, Learn}, hidden: alone},
		{id: "compare", at: wide, in: []Place{Explore, Learn}, paint: (*Lab).compare, tabled: func(l *Lab) string { return l.compareChart().table(Text.Epoch) }, hidden: alone},

		{id: "chapter-keep", at: chapter},
		{id: "export", at: wide, paint: (*Lab).exports},
		{id: "kept", at: wide, in: []Place{Shelf}, paint: (*Lab).runs},
	}
}

// alone hides what compares runs.
func alone(l *Lab) bool { return len(l.Runs) == 1 }

// trains hides what only a search has.
func trains(l *Lab) bool { return l.Run().trains() }

// of is f for one of the things that it serves.
func of(f func(*Lab, string) string, which string) func(*Lab) string {
	return func(l *Lab) string { return f(l, which) }
}

// at is f at the epoch shown, if there is one.
func at(f func(*Lab, *run.Event) string) func(*Lab) string {
	return func(l *Lab) string {
		if e := l.Run().at(l.Epoch); e != nil {
			return f(l, e)
		}
		return ""
	}
}

// Cards are those of the page, in order.
func (l *Lab) Cards() (cards []Card) {
	for _, p := range parts {
		if p.at == outside {
			continue
		}
		c := Card{ID: p.id, Title: Text.Card[p.id], Wide: p.at == wide, Chapter: p.at == chapter, Table: p.tabled != nil, Hidden: !l.shows(p)}
		if p.id == "lesson" {
			c.Title = Lessons[l.Lesson].Title
		}
		cards = append(cards, c)
	}
	return cards
}

// partOf looks a part up by its id or that of its table.
func partOf(id string) (p part, table bool) {
	of, table := strings.CutSuffix(id, "-table")
	if i := slices.IndexFunc(parts, func(p part) bool { return p.id == of }); i >= 0 {
		p = parts[i]
	}
	return p, table
}

// Paint is a part's content.
func (l *Lab) Paint(id string) string {
	p, table := partOf(id)
	paint := p.paint
	if table {
		paint = p.tabled
	}
	if paint == nil {
		return ""
	}
	return paint(l)
}

// status is how the run stands, and the way to the setting that is wrong.
func (l *Lab) status() string {
	r := l.Run()
	text := escape(r.Say())
	if r.Wrong.Text != "" {
		if r.Fixed() {
			text += " " + escape(fmt.Sprintf(Text.WrongLater, r.Wrong.Text))
		}
		text += " " + button("wrong:"+r.Wrong.Field, Text.ShowWrong)
	}
	return text
}

// notice is what was just done, or could not be.
func (l *Lab) notice() string {
	text := escape(l.Notice)
	if l.undo != nil {
		text += " " + button("undo:", Text.Undo)
	}
	return text
}

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
	c := chart{first: Text.FirstEpoch, n: r.Record.Config.Epochs, at: -1, marks: r.Changes, format: "%.1f", top: 100}
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

// scheduleTable has the numbers of a schedule's curve.
func (l *Lab) scheduleTable(which string) string {
	c, ok := l.curve(which)
	if !ok {
		return ""
	}
	return note(escape(Text.Drag)) + c.table(Text.Epoch)
}

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
	c = chart{title: Text.ArchTitle, first: "1", n: config.Epochs + 1, ends: true, at: -1, marks: r.Changes, format: "%.2g"}
	next, end := coming(which, config, s)
	if which == "mix" {
		c.title, c.top, c.format, c.wide = Text.MixTitle, 1, "%.2f", narrowW
		past, class = r.Mixes, "plain"
	} else {
		var rates []float64
		if other := l.rival(); other != nil { // the rate that it is compared with
			rates = other.Rates
			beside = []line{{name: other.Name, label: other.Name, class: fmt.Sprint("run", slices.Index(l.Runs, other)) + dashed, y: rates}}
		}
		c.top = slices.Max(slices.Concat(next, past, rates, []float64{config.ArchRate, 1e-4}))
	}
	switch n := len(past); {
	case n > 0 && (r.Fixed() || r.resumes()):
		c.lines = []line{{name: Text.AsWas, class: class, y: past}, {name: Text.ToCome, class: class + dashed, y: append([]float64{past[n-1]}, next[min(n, len(next)):]...), from: n - 1}}
	case n > 0 && !r.moved():
		c.lines = []line{{name: Text.AsWas, class: class, y: past}}
	default:
		c.lines, c.marks = []line{{name: Text.AsSet, class: class, y: next}}, nil
	}
	if last := &c.lines[len(c.lines)-1]; last.from+len(last.y) == config.Epochs {
		last.end = &end
	}
	if len(beside) > 0 {
		c.lines[0].label = r.Name
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

// timeline is the slider over the epochs.
func (l *Lab) timeline() string {
	r := l.Run()
	e := r.at(l.Epoch)
	if e == nil {
		return ""
	}
	latest := ""
	if l.Epoch >= 0 && e.Epoch < len(r.Epochs)-1 {
		latest = button("epoch:-1", Text.Latest)
	}
	// The slider's value is set as an attribute: a new one is painted whenever the epoch changes.
	return fmt.Sprintf(`<label for="timeline">%s</label> <input id="timeline" type="range" data-slide="epoch" min="1" max="%d" value="%d"> %s`,
		fmt.Sprintf(Text.EpochShown, e.Epoch+1, r.Record.Config.Epochs), len(r.Epochs), e.Epoch+1, latest)
}

// time is what the shown epoch is like.
func (l *Lab) time() string {
	r := l.Run()
	e := r.at(l.Epoch)
	if e == nil {
		return note(Text.Later)
	}
	p := e.Report
	text := ""
	fact := func(name, format string, values ...any) {
		text += fmt.Sprintf(`<div><dt>%s</dt><dd>%s</dd></div>`, escape(name), escape(fmt.Sprintf(format, values...)))
	}
	text += `<dl class="facts">`
	fact(Text.Balanced, "%.1f %%", 100*p.Accuracy)
	if r.trains() {
		fact(Text.TestLoss, "%.3f", p.TestLoss)
		fact(Text.Calibration, "%.1f %%", 100*p.Calibration)
		if r.experiment().Tau > 0 {
			fact(Text.TauNormalised, "%.1f %%", 100*p.TauNormalised)
		}
		fact(Text.Params, "%d", r.Record.Facts.Params)
		fact(Text.WeightRate, "%.2g", e.Rate)
		return text + "</dl>"
	}
	fact(Text.CutOutOf, "%.1f %%", 100*p.Discrete)
	fact(Text.Gap, Text.Points, 100*(p.Accuracy-p.Discrete))
	fact(Text.Skips, Text.Of, p.Counts["skip"], p.Counts["skip"]+p.Counts["pool"]+p.Counts["conv"])
	fact(Text.NoParameters, "%.0f %%", share(p, "skip")+share(p, "pool"))
	fact(Text.AlphaEntropy, Text.OfNats, p.Entropy, entropyOf(len(darts.Primitives)))
	fact(Text.ArchRate, "%.2g", e.ArchRate)
	fact(Text.Conventional, "%.2f", e.Mix)
	return text + "</dl>"
}

// counts is the images of each class and the classes from head to tail: the run's, or what the controls would give.
func (l *Lab) counts() (counts, order []int, err error) {
	r := l.Run()
	if f := r.Record.Facts; f.Counts != nil {
		return f.Counts, f.Order, nil
	}
	counts, err = r.Config.Counts(l.classes(r.Config.Dataset))
	counts = data.Permute(counts, r.Config.ClassSeed)
	for i := range counts {
		order = append(order, i)
	}
	slices.SortStableFunc(order, func(a, b int) int { return counts[b] - counts[a] })
	return counts, order, err
}

// class is a class's name.
func (l *Lab) class(c int) string {
	names, set := l.Run().Record.Facts.Classes, l.Run().Config.Dataset
	switch {
	case names != nil: // the run's own
	case l.Own != nil && set == l.Own.Name:
		names = l.Own.Classes
	default:
		names = data.Classes(set)
	}
	if c < len(names) {
		return names[c]
	}
	return fmt.Sprintf(Text.ClassN, c+1)
}

// bars draws each class's images, before the long tail and in it, and its accuracy.
func (l *Lab) bars() string {
	counts, order, err := l.counts()
	if err != nil {
		return note(escape(err.Error()))
	}
	e := l.Run().at(l.Epoch)
	var b strings.Builder
	fmt.Fprintf(&b, `<p class="key"><span class="whole">%s</span> <span class="images">%s</span> <span class="head">%s</span></p>`, escape(Text.Before), escape(Text.ImagesKey), escape(Text.RightKey))
	fmt.Fprintf(&b, `<svg viewBox="0 0 410 %g" role="img" aria-label="%s">`, 6+20.5*float64(len(order)), escape(Text.ClassesDrawn))
	const wide = 180
	most := float64(max(1, counts[order[0]]))
	for i, c := range order {
		y := 4 + float64(i)*20.5
		fmt.Fprintf(&b, `<text x="%d" y="%g" text-anchor="end">%s</text><rect class="whole" x="%d" y="%g" width="%d" height="7"/><rect class="count" x="%[4]d" y="%[5]g" width="%.1[7]f" height="7"/><text x="404" y="%[2]g" text-anchor="end">%[8]s`,
			mapX-6, y+12, escape(l.class(c)), mapX, y+1, wide, wide*float64(counts[c])/most, escape(fmt.Sprintf(Text.NImages, counts[c])))
		if e != nil {
			acc := e.Report.PerClass[i]
			fmt.Fprintf(&b, `, %.0f %%</text><rect class="right" x="%d" y="%g" width="%.1f" height="7"/>`, 100*acc, mapX, y+9, wide*acc)
		} else {
			b.WriteString("</text>")
		}
	}
	b.WriteString("</svg>")
	return b.String()
}

// mapX is where maps begin, right of their rows' names, and mapW how wide they are; a drawing is 410 wide.
const mapX, mapW = 92, 314

// columns is how many epochs history has room for; of more, it shows some.
const columns = 100

// history draws each class's accuracy over the epochs, a row a class from head to tail.
func (l *Lab) history() string {
	r := l.Run()
	e := r.at(l.Epoch)
	if e == nil {
		return note(Text.Later)
	}
	classes, epochs := e.Report.Classes, max(r.Record.Config.Epochs, len(r.Epochs))
	stride := (epochs + columns - 1) / columns
	w := mapW / float64((epochs+stride-1)/stride)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 410 %d" role="img" aria-label="%s">`, 48+20*len(classes), escape(Text.HistoryDrawn))
	for i, c := range classes {
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, mapX-6, 17+20*i, escape(l.class(c)))
		for k := 0; k*stride < len(r.Epochs); k++ {
			at := r.Epochs[k*stride]
			fmt.Fprintf(&b, `<rect class="right" x="%.1f" y="%d" width="%.1f" height="18" fill-opacity="%.2f"/>`, mapX+w*float64(k), 4+20*i, w-min(1, w/3), 0.04+0.96*at.Report.PerClass[i])
			if w > 24 {
				fmt.Fprintf(&b, `<text class="over" x="%.1f" y="%d" text-anchor="middle">%.0f</text>`, mapX+w*(float64(k)+0.5), 17+20*i, 100*at.Report.PerClass[i])
			}
		}
	}
	fmt.Fprintf(&b, `<rect class="at" x="%.1f" y="3" width="%.1f" height="%d"/>`, mapX+w*float64(e.Epoch/stride)-0.5, w, 20*len(classes))
	b.WriteString(axis(epochs, Text.FirstEpoch, 4+20*float64(len(classes)), func(i int) float64 { return mapX + w*(float64(i/stride)+0.5) }) + scale("right", 32+20*len(classes), Text.ScaleRight, 100) + `</svg>`)
	return b.String()
}

// confusion draws the test images of each class by what they were taken for.
func (l *Lab) confusion() string {
	e := l.Run().at(l.Epoch)
	if e == nil || e.Report.Confusion == nil {
		return note(Text.Later)
	}
	p := e.Report
	n := len(p.Classes)
	w := mapW / float64(n)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 410 %.0f" role="img" aria-label="%s">`, 64+20*float64(n), escape(Text.ConfusionDrawn))
	for i, c := range p.Classes {
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text><text transform="translate(%.1f 54) rotate(-40)">%s</text>`, mapX-6, 75+20*i, escape(l.class(c)), mapX+w*(float64(i)+0.4), escape(l.class(c)))
		seen := 0
		for _, v := range p.Confusion[i] {
			seen += v
		}
		for k, v := range p.Confusion[i] {
			kind := "wrongly"
			if k == i {
				kind = "right"
			}
			f := float64(v) / float64(max(1, seen))
			fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="%d" width="%.1f" height="18" fill-opacity="%.2f"/>`, kind, mapX+w*float64(k), 62+20*i, w-1, 0.04+0.96*f)
			if v > 0 && n <= 12 {
				fmt.Fprintf(&b, `<text class="over" x="%.1f" y="%d" text-anchor="middle">%d</text>`, mapX+w*(float64(k)+0.5), 75+20*i, v)
			}
		}
	}
	b.WriteString("</svg>")
	return b.String()
}

// batches says what the branches' last batches hold; the page puts the images on the canvases.
func (l *Lab) batches() string {
	r := l.Run()
	if r.Batch == nil {
		return note(Text.NoBatch)
	}
	var b strings.Builder
	for branch, labels := range r.Batch.Labels {
		if len(labels) == 0 {
			continue
		}
		name, class, kind := Text.BatchConventional, "conventional", r.Record.Config.Sampler
		if branch == 1 {
			name, class, kind = Text.BatchTail, "tail", r.Record.Config.Rebalance
		}
		count := map[int]int{}
		for _, y := range labels {
			count[y]++
		}
		var parts []string
		_, order, _ := l.counts()
		for _, c := range order {
			if count[c] > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", count[c], l.class(c)))
			}
		}
		fmt.Fprintf(&b, `<h3 class="%s">%s</h3><canvas data-batch="%d" data-shown="%d %d" role="img" aria-label="%s"></canvas>%s`, class, escape(fmt.Sprintf(Text.BatchSampler, name, kind)), branch, r.slot, r.shown, escape(Text.BatchAlt), note(escape(strings.Join(parts, ", "))))
	}
	return b.String()
}

// heat draws the softmax of alpha: a row an edge, a column an operation.
func (l *Lab) heat(cell string) string {
	e := l.Run().at(l.Epoch)
	if e == nil {
		return note(Text.Later)
	}
	rows, says := e.Report.Normal, Text.NormalDrawn
	if cell == "reduce" {
		rows, says = e.Report.Reduce, Text.ReduceDrawn
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 410 %d" role="img" aria-label="%s">`, 82+14*len(rows), escape(says))
	top := 0.
	for _, row := range rows {
		top = max(top, slices.Max(row))
	}
	for k, op := range darts.Primitives {
		fmt.Fprintf(&b, `<text transform="translate(%d 50) rotate(-25)">%s</text>`, 70+k*37, draw.Short(op))
	}
	for i, row := range rows {
		class := ""
		if (l.Edge == Edge{cell == "reduce", i}) {
			class = ` class="chosen"`
		}
		fmt.Fprintf(&b, `<g%s data-act="edge:%s:%d"><text x="58" y="%d" text-anchor="end">%s</text>`, class, cell, i, 65+i*14, edgeName(i))
		for k, op := range darts.Primitives {
			fmt.Fprintf(&b, `<path d="M%d %dh35v13h-35z" fill="%s" fill-opacity="%.2f"/>`, 64+k*37, 54+i*14, draw.Colours[op], 0.04+0.96*row[k]/top)
		}
		b.WriteString("</g>")
	}
	b.WriteString(scale("shade", 66+14*len(rows), Text.ScaleWeight, top) + "</svg>")
	return b.String()
}

// scale says what the shades of a heat map mean: from 0 to top, below the map, at y.
func scale(class string, y int, what string, top float64) string {
	const wide, shades = 24, 8
	var b strings.Builder
	for i := range shades {
		fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%d" width="%d" height="10" fill-opacity="%.2f"/>`, class, mapX+wide*i, y, wide, 0.04+0.96*float64(i)/(shades-1))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">0</text><text x="%d" y="%[2]d">%.3[4]g %[5]s</text>`, mapX-6, y+9, mapX+wide*shades+6, top, escape(what))
	return b.String()
}

// edgeChoice is the edge looked at, as a list: the heat maps' rows choose it, too.
func (l *Lab) edgeChoice() string {
	e := l.Run().at(l.Epoch)
	if e == nil {
		return note(Text.Later)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<p><label for="edge">%s</label> <select id="edge" data-choose="edge">`, escape(Text.Edge))
	for _, cell := range []string{"normal", "reduce"} {
		rows := e.Report.Normal
		if cell == "reduce" {
			rows = e.Report.Reduce
		}
		for i := range rows {
			at := Edge{cell == "reduce", i}
			selected := ""
			if at == l.Edge {
				selected = " selected"
			}
			fmt.Fprintf(&b, `<option value="%s:%d"%s>%s</option>`, cell, i, selected, at.name())
		}
	}
	b.WriteString("</select></p>")
	return b.String()
}

func (e Edge) name() string {
	if e.Reduce {
		return fmt.Sprintf(Text.EdgeReduce, edgeName(e.Index))
	}
	return fmt.Sprintf(Text.EdgeNormal, edgeName(e.Index))
}

// edgeName is an edge's source and node, as draw names them: k−1→0 leads from the cell before to node 0.
func edgeName(e int) string {
	node := 0
	for e >= node+2 {
		e -= node + 2
		node++
	}
	return fmt.Sprintf("%s→%d", draw.State(e), node)
}

// cells draws the cells of the shown epoch's genotype, and its text.
func (l *Lab) cells() string {
	g, ok := l.Run().genotype(l.Epoch)
	switch {
	case !ok && l.Run().trains():
		return note(Text.NoCellsIn) + l.trainings()
	case !ok:
		return note(Text.NoCells) + l.trainings()
	}
	return l.trainings() + draw.Cell(Text.NormalCell, g.Normal, g.NormalConcat) + draw.Cell(Text.ReduceCell, g.Reduce, g.ReduceConcat) +
		`<p class="genotype">` + escape(g.String()) + `</p>`
}

// classesTable has what the card of classes draws.
func (l *Lab) classesTable() string {
	e := l.Run().at(l.Epoch)
	counts, order, err := l.counts()
	if err != nil {
		return ""
	}
	head := []string{Text.Class, Text.Images}
	if e != nil {
		head = append(head, Text.Accuracy)
	}
	var rows [][]string
	for i, c := range order {
		row := []string{l.class(c), fmt.Sprint(counts[c])}
		if e != nil {
			row = append(row, fmt.Sprintf("%.1f", 100*e.Report.PerClass[i]))
		}
		rows = append(rows, row)
	}
	return tabulate(Text.ClassesTable, head, rows)
}

// historyTable has a row a class, and a column an epoch, as far as there is room.
func (l *Lab) historyTable(e *run.Event) string {
	r, head := l.Run(), []string{Text.Class}
	stride := (len(r.Epochs) + columns - 1) / columns
	for i := 0; i < len(r.Epochs); i += stride {
		head = append(head, fmt.Sprintf(Text.EpochN, i+1))
	}
	var rows [][]string
	for i, c := range e.Report.Classes {
		row := []string{l.class(c)}
		for k := 0; k < len(r.Epochs); k += stride {
			row = append(row, fmt.Sprintf("%.0f", 100*r.Epochs[k].Report.PerClass[i]))
		}
		rows = append(rows, row)
	}
	return tabulate(Text.HistoryTable, head, rows)
}

// confusionTable has a row a class, and a column for each that its images were taken for.
func (l *Lab) confusionTable(e *run.Event) string {
	head := []string{Text.Class}
	var rows [][]string
	for i, c := range e.Report.Classes {
		head = append(head, l.class(c))
		row := []string{l.class(c)}
		for _, v := range e.Report.Confusion[i] {
			row = append(row, fmt.Sprint(v))
		}
		rows = append(rows, row)
	}
	return tabulate(Text.ConfusionTable, head, rows)
}

// heatTable has a row an edge of a cell, and a column an operation.
func (l *Lab) heatTable(cell string) string {
	e := l.Run().at(l.Epoch)
	if e == nil {
		return ""
	}
	values := e.Report.Normal
	if cell == "reduce" {
		values = e.Report.Reduce
	}
	head := []string{Text.Edge}
	for _, op := range darts.Primitives {
		head = append(head, draw.Short(op))
	}
	var rows [][]string
	for i, v := range values {
		row := []string{edgeName(i)}
		for _, x := range v {
			row = append(row, fmt.Sprintf("%.3f", x))
		}
		rows = append(rows, row)
	}
	return tabulate(Text.HeatTable, head, rows)
}

// exports are the ways to take a run along.
func (l *Lab) exports() string {
	return `<p>` + button("export:run", Text.ExportRun) + button("export:"+folder.GenotypeText, Text.ExportGenotype) + button("export:"+folder.Normal, Text.ExportNormal) +
		button("export:"+folder.Reduce, Text.ExportReduce) + button("export:csv", Text.ExportCSV) + button("export:svg", Text.ExportSVG) + button("export:png", Text.ExportPNG) +
		button("export:link", Text.ExportLink) + button("export:result", Text.ExportResult) + button("export:command", Text.ExportCommand) +
		`</p>` + note(fmt.Sprintf(Text.ExportNote, l.Run().experiment().Task))
}

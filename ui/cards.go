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
		{id: "places", paint: (*Lab).ways},
		{id: "tabs", paint: (*Lab).tabs},
		{id: "shown", paint: (*Lab).shown},
		{id: "actions", paint: (*Lab).actions},
		{id: "status", follows: steps, paint: (*Lab).status},
		{id: "notice", paint: (*Lab).notice},
		{id: "announcement", follows: steps, paint: func(l *Lab) string { return escape(l.Run().Announce()) }},
		{id: "offer", paint: (*Lab).offer},
		{id: "arch", paint: of((*Lab).schedule, "arch"), tabled: of((*Lab).scheduleTable, "arch")},
		{id: "mix", paint: of((*Lab).schedule, "mix"), tabled: of((*Lab).scheduleTable, "mix")},
		{id: "expected", paint: (*Lab).expected},
		{id: "device", paint: (*Lab).device},
		{id: "way", paint: (*Lab).way},
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

		{id: "atlas", at: wide, paint: (*Lab).theAtlas, tabled: (*Lab).atlasTable, hidden: func(l *Lab) bool { return trains(l) || l.atlas.Atlas == nil }},

		{id: "chapter-data", at: chapter},
		{id: "classes", at: wide, paint: (*Lab).bars, tabled: (*Lab).classesTable},
		{id: "batches", at: narrow, follows: steps, paint: (*Lab).batches},

		{id: "chapter-run", at: chapter},
		{id: "time", at: wide, paint: (*Lab).time},
		{id: "accuracy", at: wide, follows: epochs, paint: of((*Lab).chartOf, "accuracy"), tabled: of((*Lab).chartTable, "accuracy")},
		{id: "loss", at: narrow, follows: steps, paint: of((*Lab).chartOf, "loss"), tabled: of((*Lab).chartTable, "loss"), hidden: func(l *Lab) bool { return l.Run().Record.Thin }},
		{id: "history", at: narrow, follows: epochs, paint: (*Lab).history, tabled: at((*Lab).historyTable)},
		{id: "confusion", at: narrow, follows: epochs, paint: (*Lab).confusion, tabled: at((*Lab).confusionTable)},

		{id: "chapter-architecture", at: chapter, hidden: trains},
		{id: "collapse", at: wide, follows: epochs, paint: of((*Lab).chartOf, "collapse"), tabled: of((*Lab).chartTable, "collapse"), hidden: trains},
		{id: "normal", at: narrow, follows: epochs, paint: of((*Lab).heat, "normal"), tabled: of((*Lab).heatTable, "normal"), hidden: trains},
		{id: "reduce", at: narrow, follows: epochs, paint: of((*Lab).heat, "reduce"), tabled: of((*Lab).heatTable, "reduce"), hidden: trains},
		{id: "edge", at: narrow, paint: func(l *Lab) string { return l.edgeChoice() + l.chartOf("edge") + l.steering() }, tabled: of((*Lab).chartTable, "edge"), hidden: trains},
		{id: "support", at: narrow, follows: epochs, paint: of((*Lab).chartOf, "support"), tabled: of((*Lab).chartTable, "support"), hidden: func(l *Lab) bool { return !l.sparse() }},
		{id: "eigen", at: narrow, follows: epochs, paint: of((*Lab).chartOf, "eigen"), tabled: of((*Lab).chartTable, "eigen"), hidden: func(l *Lab) bool { return trains(l) || l.Run().experiment().HessianEvery == 0 }},
		{id: "rates", at: narrow, follows: epochs, paint: (*Lab).rateBars, tabled: (*Lab).rateBarsTable, hidden: func(l *Lab) bool { return !l.byClass() }},

		{id: "chapter-cell", at: chapter},
		{id: "cells", at: wide, paint: (*Lab).cells},
		{id: "results", at: wide, paint: (*Lab).results, tabled: (*Lab).resultsTable, hidden: func(l *Lab) bool { return l.variant() < 0 }},

		{id: "chapter-compare", at: chapter, in: []Place{Explore, Learn}, hidden: alone},
		{id: "compare", at: wide, in: []Place{Explore, Learn}, paint: (*Lab).compare, tabled: func(l *Lab) string { return l.compareChart().table(Text.Epoch) }, hidden: alone},

		{id: "chapter-keep", at: chapter},
		{id: "export", at: wide, paint: (*Lab).exports},
		{id: "kept", at: wide, in: []Place{Shelf}, paint: (*Lab).runs},

		{id: "studies", at: wide, in: []Place{Studies}, paint: (*Lab).studies},
		{id: "measured", at: wide, in: []Place{Studies}, paint: (*Lab).measured, tabled: (*Lab).measuredTable, hidden: func(l *Lab) bool { return l.study == nil }},
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
		if p.id == "studies" && l.study != nil && l.study.Plan.Study.Name != "" {
			c.Title = l.study.Plan.Study.Name
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
	if on := r.devices(); len(on) > 0 {
		fact(Text.ComputedOn, "%s", on)
	}
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
	if at := r.experiment().FreezeAt; r.experiment().Frozen(e.Epoch + 1) {
		fact(Text.FrozenAfter, Text.FrozenNote, at)
		if d := r.at(at - 1).Report.Dropped; d != nil {
			fact(Text.Dropped, Text.DroppedNote, d.Operations, d.Of, 100*d.Accuracy)
		}
	}
	fact(Text.Skips, Text.Of, p.Counts["skip"], p.Counts["skip"]+p.Counts["pool"]+p.Counts["conv"])
	fact(Text.NoParameters, "%.0f %%", share(p, "skip")+share(p, "pool"))
	if field("arch-rate").Counts(r.experiment()) {
		fact(Text.AlphaEntropy, Text.OfNats, p.Entropy, entropyOf(len(darts.Primitives)))
		fact(Text.ArchRate, "%.2g", e.ArchRate)
	}
	if p.Energy > 0 {
		fact(Text.RowEnergy, "%.0f", 100*p.Energy)
	}
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

// cells draws the cells of the shown epoch's genotype, and its text.
func (l *Lab) cells() string {
	g, ok := l.Run().genotype(l.Epoch)
	switch {
	case !ok && l.Run().trains():
		return note(Text.NoCellsIn) + l.trainings()
	case !ok:
		return note(Text.NoCells) + l.trainings()
	}
	return l.trainings() + `<h3>` + escape(Text.NormalCell) + `</h3>` + draw.Cell(Text.NormalCell, g.Normal, g.NormalConcat) +
		`<h3>` + escape(Text.ReduceCell) + `</h3>` + draw.Cell(Text.ReduceCell, g.Reduce, g.ReduceConcat) +
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

// exports are the ways to take a run along.
func (l *Lab) exports() string {
	r, whole, result := l.Run(), "", "" // what a recording has not, and what a run has after its first epoch
	if r.File != nil {
		whole = button("export:run", Text.ExportRun)
	}
	if len(r.Epochs) > 0 {
		result = button("export:result", Text.ExportResult)
	}
	return `<p>` + whole + button("export:"+folder.GenotypeText, Text.ExportGenotype) + button("export:"+folder.Normal, Text.ExportNormal) +
		button("export:"+folder.Reduce, Text.ExportReduce) + button("export:csv", Text.ExportCSV) + button("export:svg", Text.ExportSVG) + button("export:png", Text.ExportPNG) +
		button("export:link", Text.ExportLink) + result + button("export:command", Text.ExportCommand) +
		`</p>` + note(fmt.Sprintf(Text.ExportNote, r.experiment().Task))
}

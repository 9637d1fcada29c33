package ui

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"hlrslab/core/atlas"
	"hlrslab/core/darts"
	"hlrslab/core/draw"
	"hlrslab/core/run"
)

// atlasFile is the map of recorded runs that comes with the page, and is loaded when it is first asked for.
const atlasFile = "public/atlas.json.gz"

// nearest is how many runs of the map stand beside a prediction.
const nearest = 5

// theMap is the atlas, as far as it is there.
type theMap struct {
	*atlas.Atlas
	asked  bool
	failed string
	opened int // the run that is looked into; -1 is none
}

// askAtlas has the map loaded, once.
func (l *Lab) askAtlas() {
	if l.atlas.asked {
		return
	}
	l.atlas.asked, l.atlas.failed = true, ""
	l.Host.Load(atlasFile, func(raw []byte, err error) {
		if err == nil {
			l.atlas.Atlas, err = atlas.Read(bytes.NewReader(raw))
		}
		if err != nil { // it may be there another time
			l.atlas.asked, l.atlas.failed = false, err.Error()
		}
	})
}

// expectation is what the run in focus may come to, as the map has it.
type expectation struct {
	guesses []atlas.Prediction
	near    []atlas.Near
	differs []run.Field // where there are any, there are no guesses
}

// expect looks the run in focus up: the one that is shown, or the one that the controls ask for.
func (l *Lab) expect() (e expectation, ok bool) {
	r := l.Run()
	if l.atlas.Atlas == nil || r.trains() {
		return e, false
	}
	c := r.experiment()
	if r.moved() && !r.Fixed() {
		c = r.Config
	}
	if e.differs = l.atlas.Differs(c); len(e.differs) > 0 {
		return e, true
	}
	curves, err := atlas.CurvesOf(c)
	if err != nil {
		return e, false
	}
	if r.Fixed() || r.seen() && !r.moved() { // as they were, where a run was changed on its way
		copy(curves.Rate, r.Rates)
		copy(curves.Mix, r.Mixes)
	}
	e.guesses, e.near = l.atlas.At(curves)
	return e, true
}

// cameTo is what the run in focus has come to by an outcome so far, and whether that is its end.
func (l *Lab) cameTo(o atlas.Outcome) (v float64, ended, ok bool) {
	r := l.Run()
	if r.moved() && !r.Fixed() {
		return 0, false, false
	}
	if o.Trained {
		i := l.trained()
		if i < 0 {
			return 0, false, false
		}
		r = l.Runs[i]
	}
	if r.last() == nil {
		return 0, false, false
	}
	return o.Value(r.last().Report), len(r.Epochs) == r.experiment().Epochs, true
}

// expected is a line on what a run with the present curves may come to.
func (l *Lab) expected() string {
	switch {
	case l.Run().trains():
		return ""
	case l.atlas.failed != "":
		return note(escape(fmt.Sprintf(Text.NoAtlas, l.atlas.failed)) + " " + button("atlas:", Text.AskAtlas))
	case !l.atlas.asked:
		return button("atlas:", Text.AskAtlas)
	case l.atlas.Atlas == nil:
		return note(escape(Text.Loading))
	}
	e, ok := l.expect()
	if !ok {
		return ""
	}
	if len(e.differs) > 0 {
		return note(escape(l.offMap(e.differs)))
	}
	var parts []string
	for i, o := range l.atlas.Outcomes {
		if (o.ID == "search" || o.ID == "search-tail" || o.ID == "entropy") && l.atlas.Fits[i].Tells() {
			parts = append(parts, fmt.Sprintf(Text.ExpectShort, strings.ToLower(o.Title), digits(o, e.guesses[i].Mean), figure(o, width(e.guesses[i])/2)))
		}
	}
	text := Text.ExpectNothing
	if len(parts) > 0 {
		text = fmt.Sprintf(Text.Expect, strings.Join(parts, ", "))
	}
	if unknown(e) {
		text = Text.ExpectUnknown
	}
	return note(escape(text) + " " + button("look:atlas", Text.ShowAtlas))
}

// width is that of the interval of four runs of five.
func width(p atlas.Prediction) float64 { i := p.Interval(); return i.High - i.Low }

// unknown says whether no run of the map is like this one, by what is predicted best.
func unknown(e expectation) bool { return e.guesses[0].Known < 0.5 }

// offMap says why the map knows nothing of the run.
func (l *Lab) offMap(fields []run.Field) string {
	var names []string
	for _, f := range fields[:min(len(fields), 3)] {
		names = append(names, fmt.Sprintf("%s (%s: %s)", f.Label, Text.OnMap, f.Value(l.atlas.Base)))
	}
	return fmt.Sprintf(Text.OffMap, strings.Join(names, ", "))
}

// digits is an outcome's value with as many digits as it deserves, and figure that with its unit.
func digits(o atlas.Outcome, v float64) string {
	if o.Unit == "nats" {
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.1f", v)
}

func figure(o atlas.Outcome, v float64) string { return strings.TrimSpace(digits(o, v) + " " + o.Unit) }

// theAtlas draws, for each outcome, what all runs of the map came to, what is expected here, and what the run in focus comes to.
func (l *Lab) theAtlas() string {
	a := l.atlas.Atlas
	if a == nil {
		return note(Text.AtlasNote) + l.expected()
	}
	var b strings.Builder
	b.WriteString(note(escape(fmt.Sprintf(Text.AtlasOf, len(a.Runs), a.Study))))
	e, ok := l.expect()
	switch {
	case l.Run().trains():
		return b.String() + note(escape(Text.AtlasSearches))
	case !ok:
		return b.String() + note(escape(Text.OneWrongNow))
	case len(e.differs) > 0:
		return b.String() + note(escape(l.offMap(e.differs))) + `<p>` + button("atlas:base", Text.TakeBase) + `</p>`
	case unknown(e):
		b.WriteString(note(escape(Text.ExpectUnknown)))
	}
	fmt.Fprintf(&b, `<p class="key"><span class="dots">%s</span> <span class="near">%s</span> <span class="band">%s</span> <span class="came">%s</span></p>`,
		escape(Text.KeyAll), escape(Text.KeyNear), escape(Text.KeyBand), escape(Text.KeyCame))
	for _, tells := range []bool{true, false} {
		if !tells {
			b.WriteString(note(escape(Text.TellsNothing)))
		}
		b.WriteString(`<div class="strips">`)
		for i, o := range a.Outcomes {
			if a.Fits[i].Tells() == tells {
				l.strip(&b, e, i, o)
			}
		}
		b.WriteString(`</div>`)
	}
	b.WriteString(`<h3>` + escape(Text.NearestRuns) + `</h3><div class="nearest">`)
	for _, n := range e.near[:min(nearest, len(e.near))] {
		b.WriteString(l.neighbour(n))
	}
	b.WriteString(`</div>`)
	if l.atlas.opened >= 0 && l.atlas.opened < len(a.Runs) {
		b.WriteString(l.openedRun(l.atlas.opened))
	}
	return b.String()
}

// strip is a row of the map: an outcome.
func (l *Lab) strip(b *strings.Builder, e expectation, i int, o atlas.Outcome) {
	a, fit, guess := l.atlas.Atlas, l.atlas.Fits[i], e.guesses[i]
	expects, about := Text.ExpectOf, note(escape(fmt.Sprintf(Text.OffBy, digits(o, fit.Error), figure(o, fit.Spread))))
	if !fit.Tells() { // whatever the curves: what all runs came to
		guess = atlas.Prediction{Mean: fit.Kernel.Mean, SD: fit.Spread}
		expects, about = Text.WhateverCurves, ""
	}
	says := fmt.Sprintf(expects, figure(o, guess.Mean), digits(o, guess.Interval().Low), figure(o, guess.Interval().High))
	came, ended, here := l.cameTo(o)
	if here {
		verdict := Text.SoFar
		if ended {
			verdict = Text.CameWithin
			if !guess.Interval().Holds(came) {
				verdict = Text.CameOutside
			}
		}
		says += " " + fmt.Sprintf(verdict, figure(o, came))
	}
	fmt.Fprintf(b, `<div role="group" aria-label="%s"><h3>%[1]s <span>%s</span></h3>`, escape(o.Title), escape(says))
	low, high := guess.Interval().Low, guess.Interval().High
	for _, r := range a.Runs {
		low, high = min(low, r.Values[i]), max(high, r.Values[i])
	}
	if here {
		low, high = min(low, came), max(high, came)
	}
	ticks := ticksBetween(low, high)
	x := func(v float64) float64 { return 4 + 92*(v-ticks[0])/(ticks[len(ticks)-1]-ticks[0]) }
	b.WriteString(`<svg class="lane map" aria-hidden="true">`)
	for _, v := range ticks {
		fmt.Fprintf(b, `<line class="grid" x1="%.2f%%" x2="%.2[1]f%%" y1="0" y2="26"/><text x="%.2[1]f%%" y="38" text-anchor="middle">%s</text>`, x(v), fmt.Sprint(math.Round(1e6*v)/1e6))
	}
	fmt.Fprintf(b, `<rect class="band" x="%.2f%%" width="%.2f%%" y="2" height="22"/><line class="guess" x1="%.2f%%" x2="%.2[3]f%%" y1="2" y2="24"/>`,
		x(guess.Interval().Low), x(guess.Interval().High)-x(guess.Interval().Low), x(guess.Mean))
	for k, r := range a.Runs {
		fmt.Fprintf(b, `<circle class="dot" cx="%.2f%%" cy="%d" r="2"/>`, x(r.Values[i]), 7+k*5%13)
	}
	for _, n := range e.near[:min(nearest, len(e.near))] {
		fmt.Fprintf(b, `<g data-act="near:%d"><title>%s</title><circle class="hit" cx="%.2f%%" cy="13" r="9"/><circle class="near" cx="%.2[3]f%%" cy="13" r="4.5"/></g>`, n.Index, escape(l.about(n.Index)), x(a.Runs[n.Index].Values[i]))
	}
	if here {
		fmt.Fprintf(b, `<svg x="%.2f%%" y="13" overflow="visible"><path class="came" d="M0 -9L7 0L0 9L-7 0Z"/></svg>`, x(came))
	}
	b.WriteString(`</svg>` + about + `</div>`)
}

// about is what a run of the map was like, in words.
func (l *Lab) about(i int) string {
	a := l.atlas.Atlas
	c := a.Config(i)
	return fmt.Sprintf(Text.RunOfMap, a.Runs[i].Variant, c.ArchRate, c.Mix, a.Outcomes[0].Title, figure(a.Outcomes[0], a.Runs[i].Values[0]))
}

// neighbour is one of the nearest runs: its curves, what it was like, and how alike it is.
func (l *Lab) neighbour(n atlas.Near) string {
	curves, err := atlas.CurvesOf(l.atlas.Config(n.Index))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(`<button type="button" data-act="near:%d" aria-pressed="%v">%s<span>%s</span><small>%s</small></button>`, n.Index, n.Index == l.atlas.opened,
		sparks(curves), escape(l.about(n.Index)), escape(fmt.Sprintf(Text.Alike, 100*n.Alike)))
}

// sparks are the two curves, small.
func sparks(c atlas.Curves) string {
	path := func(y []float64, top float64) string {
		d := ""
		for i, v := range y {
			d += fmt.Sprintf("%c%.1f %.1f", "ML"[min(i, 1)], 2+56*float64(i)/float64(max(1, len(y)-1)), 18-16*v/max(top, 1e-9))
		}
		return d
	}
	return fmt.Sprintf(`<svg viewBox="0 0 60 20" aria-hidden="true"><path class="line rate" d="%s"/><path class="line plain next" d="%s"/></svg>`, path(c.Rate, slices.Max(c.Rate)), path(c.Mix, 1))
}

// openedRun looks into a run of the map.
func (l *Lab) openedRun(i int) string {
	a := l.atlas.Atlas
	r := a.Runs[i]
	g, err := darts.ReadGenotype(r.Genotype)
	if err != nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<section class="opened" aria-label="%s"><h3>%[1]s</h3><div class="two"><div>`, escape(l.about(i)))
	c := chart{title: Text.OpenedTitle, first: Text.FirstEpoch, n: a.Config(i).Epochs, at: -1, format: "%.1f", top: 100, lines: []line{{name: Text.Balanced, class: "plain", y: r.Epochs}}}
	c.top = max(10, 1.1*slices.Max(r.Epochs))
	b.WriteString(c.svg() + `<dl class="facts">`)
	for k, o := range a.Outcomes {
		fmt.Fprintf(&b, `<div><dt>%s</dt><dd>%s</dd></div>`, escape(o.Title), escape(figure(o, r.Values[k])))
	}
	b.WriteString(`</dl></div><div>` + draw.Cell(Text.NormalCell, g.Normal, g.NormalConcat) + `</div></div><p>` + button(fmt.Sprint("again:", i), Text.RunAgain) + `</p></section>`)
	return b.String()
}

// atlasTable has what theAtlas draws.
func (l *Lab) atlasTable() string {
	e, ok := l.expect()
	if !ok || len(e.differs) > 0 {
		return ""
	}
	var rows [][]string
	for i, o := range l.atlas.Outcomes {
		p, fit := e.guesses[i], l.atlas.Fits[i]
		row := []string{o.Title, figure(o, p.Mean), figure(o, p.Interval().Low), figure(o, p.Interval().High), fmt.Sprintf("%.0f %%", 100*p.Known), figure(o, fit.Error), figure(o, fit.Spread), fmt.Sprintf("%.0f %%", 100*fit.Within), "–"}
		if v, _, here := l.cameTo(o); here {
			row[8] = figure(o, v)
		}
		rows = append(rows, row)
	}
	return tabulate(Text.AtlasTable, []string{Text.OutcomeHead, Text.ExpectedHead, Text.FromEighty, Text.To, Text.KnownHead, Text.ErrorHead, Text.SpreadHead, Text.WithinHead, Text.CameHead}, rows)
}

// takeBase gives the run in focus the map's settings, but for its curves and seeds; one that is under way stays, and another begins.
func (l *Lab) takeBase() {
	r := l.Run()
	if l.atlas.Atlas == nil {
		return
	}
	c := r.Config
	for _, f := range l.atlas.Differs(c) {
		if err := f.Set(&c, f.Value(l.atlas.Base)); err != nil {
			l.say(err.Error())
			return
		}
	}
	if r.Fixed() {
		if r = l.beside(r, ""); r == nil {
			return
		}
	}
	r.settings(c)
	l.check(r, "")
}

// again begins a run of the map again, which comes to the same numbers on the same images.
func (l *Lab) again(i int) {
	if l.atlas.Atlas == nil || i < 0 || i >= len(l.atlas.Runs) {
		return
	}
	c := l.atlas.Config(i)
	l.oneOf(fmt.Sprintf(Text.AgainName, l.atlas.Runs[i].Variant, c.Seed), c, true, nil, func(r *Run) bool { return !r.trains() && r.experiment().Equal(c) })
}

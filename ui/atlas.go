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
			if l.atlas.Atlas, err = atlas.Read(bytes.NewReader(raw)); err != nil {
				err = fmt.Errorf(Text.BadAtlas, err)
			}
		}
		if err != nil { // it may be there another time
			l.atlas.asked, l.atlas.failed = false, err.Error()
		}
	})
}

// expect looks the run in focus up: the one that is shown, or the one that the controls ask for. Where fields differ from the map's, it
// knows nothing.
func (l *Lab) expect() (e atlas.Expectation, differs []run.Field, ok bool) {
	r := l.Run()
	if l.atlas.Atlas == nil || r.trains() {
		return e, nil, false
	}
	c := r.experiment()
	if r.moved() && !r.Fixed() {
		c = r.Config
	}
	if differs = l.atlas.Differs(c); len(differs) > 0 {
		return e, differs, true
	}
	curves, err := atlas.CurvesOf(c)
	if err != nil {
		return e, nil, false
	}
	if r.Fixed() || r.seen() && !r.moved() { // as they were, where a run was changed on its way
		copy(curves.Rate, r.Rates)
		copy(curves.Mix, r.Mixes)
	}
	return l.atlas.At(curves), nil, true
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
	e, differs, ok := l.expect()
	switch {
	case !ok:
		return ""
	case len(differs) > 0:
		return note(escape(l.offMap(differs)))
	}
	var parts []string
	for i, o := range l.atlas.Outcomes {
		if in := e.Outcomes[i].Interval(); l.atlas.Fits[i].Tells() {
			parts = append(parts, fmt.Sprintf(Text.ExpectShort, strings.ToLower(o.Title), digits(o, in.Low), figure(o, in.High)))
		}
	}
	text := fmt.Sprintf(Text.Expect, strings.Join(parts[:min(len(parts), 3)], "; "))
	switch {
	case !e.Known:
		text = Text.ExpectUnknown
	case len(parts) == 0:
		text = Text.ExpectNothing
	}
	return note(escape(text) + " " + button("look:atlas", Text.ShowAtlas))
}

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
		return ""
	}
	var b strings.Builder
	b.WriteString(note(escape(fmt.Sprintf(Text.AtlasOf, len(a.Runs), a.Study))))
	e, differs, ok := l.expect()
	switch {
	case l.Run().trains():
		return b.String() + note(escape(Text.AtlasSearches))
	case !ok:
		return b.String() + note(escape(Text.OneWrongNow))
	case len(differs) > 0:
		return b.String() + note(escape(l.offMap(differs))) + `<p>` + button("atlas:base", Text.TakeBase) + `</p>`
	case !e.Known:
		b.WriteString(note(escape(Text.ExpectUnknown)))
	}
	fmt.Fprintf(&b, `<p class="key"><span class="dots">%s</span> <span class="near">%s</span> <span class="band">%s</span> <span class="came">%s</span></p>`,
		escape(Text.KeyAll), escape(Text.KeyNear), escape(Text.KeyBand), escape(Text.KeyCame))
	for _, tells := range []bool{true, false} {
		rows := ""
		for i, o := range a.Outcomes {
			if a.Fits[i].Tells() == tells {
				rows += l.strip(e, i, o)
			}
		}
		if !tells && rows != "" {
			b.WriteString(note(escape(fmt.Sprintf(Text.TellsNothing, len(a.Runs)))))
		}
		b.WriteString(`<div class="strips">` + rows + `</div>`)
	}
	b.WriteString(`<h3>` + escape(Text.NearestRuns) + `</h3><div class="nearest">`)
	near := e.Near[:min(nearest, len(e.Near))]
	for _, i := range near {
		b.WriteString(l.neighbour(i))
	}
	b.WriteString(`</div>`)
	if l.atlas.opened >= 0 && l.atlas.opened < len(a.Runs) {
		b.WriteString(l.openedRun(l.atlas.opened))
	}
	return b.String()
}

// strip is a row of the map: an outcome.
func (l *Lab) strip(e atlas.Expectation, i int, o atlas.Outcome) string {
	a, fit, guess, expects := l.atlas.Atlas, l.atlas.Fits[i], e.Outcomes[i], Text.ExpectOf
	about := note(escape(fmt.Sprintf(Text.OffBy, figure(o, fit.Error), figure(o, fit.Spread))))
	guessed := e.Known
	if !fit.Tells() { // whatever the curves: what all runs came to
		guess, expects, about, guessed = fit.Whatever(), Text.WhateverCurves, "", true
	}
	in, says := guess.Interval(), ""
	if guessed {
		says = fmt.Sprintf(expects, figure(o, guess.Mean), digits(o, in.Low), figure(o, in.High))
	}
	came, ended, here := l.cameTo(o)
	if here {
		verdict := Text.SoFar
		switch {
		case ended && !guessed:
			verdict = Text.CameTo
		case ended && in.Holds(came):
			verdict = Text.CameWithin
		case ended:
			verdict = Text.CameOutside
		}
		says += " " + fmt.Sprintf(verdict, figure(o, came))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<div role="group" aria-label="%s"><h3>%[1]s <span>%s</span></h3>`, escape(o.Title), escape(says))
	low, high := in.Low, in.High
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
		fmt.Fprintf(&b, `<line class="grid" x1="%.2f%%" x2="%.2[1]f%%" y1="0" y2="26"/><text x="%.2[1]f%%" y="38" text-anchor="middle">%s</text>`, x(v), fmt.Sprint(math.Round(1e6*v)/1e6))
	}
	if guessed {
		fmt.Fprintf(&b, `<rect class="band" x="%.2f%%" width="%.2f%%" y="2" height="22"/><line class="guess" x1="%.2f%%" x2="%.2[3]f%%" y1="2" y2="24"/>`, x(in.Low), x(in.High)-x(in.Low), x(guess.Mean))
	}
	for k, r := range a.Runs {
		fmt.Fprintf(&b, `<circle class="dot" cx="%.2f%%" cy="%d" r="2"/>`, x(r.Values[i]), 7+k*5%13)
	}
	for _, n := range e.Near[:min(nearest, len(e.Near))] {
		fmt.Fprintf(&b, `<g data-act="near:%d"><title>%s</title><circle class="hit" cx="%.2f%%" cy="13" r="9"/><circle class="near" cx="%.2[3]f%%" cy="13" r="4.5"/></g>`, n, escape(l.about(n)), x(a.Runs[n].Values[i]))
	}
	if here {
		fmt.Fprintf(&b, `<svg x="%.2f%%" y="13" overflow="visible"><path class="came" d="M0 -9L7 0L0 9L-7 0Z"/></svg>`, x(came))
	}
	return b.String() + `</svg>` + about + `</div>`
}

// about is what a run of the map was like, in words.
func (l *Lab) about(i int) string {
	a := l.atlas.Atlas
	c := a.Config(i)
	return fmt.Sprintf(Text.RunOfMap, a.Runs[i].Variant, c.ArchRate, c.Mix, a.Outcomes[0].Title, figure(a.Outcomes[0], a.Runs[i].Values[0]))
}

// neighbour is one of the nearest runs: its curves, and what it was like.
func (l *Lab) neighbour(i int) string {
	curves, err := atlas.CurvesOf(l.atlas.Config(i))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(`<button type="button" data-act="near:%d" aria-pressed="%v">%s<span>%s</span></button>`, i, i == l.atlas.opened, sparks(curves), escape(l.about(i)))
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
	e, differs, ok := l.expect()
	if !ok || len(differs) > 0 {
		return ""
	}
	var rows [][]string
	for i, o := range l.atlas.Outcomes {
		p, fit := e.Outcomes[i], l.atlas.Fits[i]
		row := []string{o.Title, "–", "–", "–", figure(o, fit.Error), figure(o, fit.Spread), "–"}
		if e.Known {
			row[1], row[2], row[3] = figure(o, p.Mean), figure(o, p.Interval().Low), figure(o, p.Interval().High)
		}
		if v, _, here := l.cameTo(o); here {
			row[6] = figure(o, v)
		}
		rows = append(rows, row)
	}
	return tabulate(Text.AtlasTable, []string{Text.OutcomeHead, Text.ExpectedHead, Text.FromEighty, Text.To, Text.ErrorHead, Text.SpreadHead, Text.CameHead}, rows)
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

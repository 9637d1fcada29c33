package ui

import (
	"fmt"
	"slices"
	"strings"

	"hlrslab/core/run"
)

// lesson is the open lesson: the list of all, text, formulas, a question to predict the answer of, and what the runs say to it.
func (l *Lab) lesson() string {
	lesson := Lessons[l.Lesson]
	var b strings.Builder
	fmt.Fprintf(&b, `<nav aria-label="%s"><ol class="lessons">`, escape(Text.Lessons))
	for i, other := range Lessons {
		current := ""
		if i == l.Lesson {
			current = ` aria-current="true"`
		}
		fmt.Fprintf(&b, `<li><button type="button" data-act="lesson:%d"%s>%s</button></li>`, i, current, escape(other.Title))
	}
	b.WriteString(`</ol></nav>`)
	for _, p := range lesson.Text {
		fmt.Fprintf(&b, "<p>%s</p>", escape(p))
	}
	for _, f := range lesson.Formulas {
		fmt.Fprintf(&b, `<div class="formula">%s<p class="note">%s</p></div>`, f.MathML, escape(f.Says))
	}
	fmt.Fprintf(&b, `<p class="question"><b>%s</b></p><p>%s`, escape(lesson.Question), escape(Text.Predict))
	for _, t := range lesson.Trials {
		fmt.Fprintf(&b, ` <button type="button" data-act="predict:%s" aria-pressed="%v">%s</button>`, escape(t.Name), l.Predicted[lesson.ID] == t.Name, escape(t.Name))
	}
	fmt.Fprintf(&b, `</p><p>%s</p><ul class="trials">`, button("trials:", Text.RunTrials))
	records := map[string]run.Record{}
	for _, t := range lesson.Trials {
		state := ""
		if r := l.runOf(t); r != nil {
			records[t.Name] = r.Record
			state = " " + r.Say(-1)
		}
		fmt.Fprintf(&b, `<li>%s %s <span class="note">%s</span></li>`, button("trial:"+t.Name, t.Name), escape(t.Note), escape(state))
	}
	b.WriteString(`</ul>` + bars(lesson.Trials, records))
	text, done := lesson.Answer(records)
	switch expected := l.Predicted[lesson.ID]; {
	case done && expected == "":
		text = Text.PredictFirst
	case done:
		best := slices.MaxFunc(lesson.Trials, func(a, b Trial) int {
			return int(1e6 * (outcomeOf(a.Name, records[a.Name]).Accuracy - outcomeOf(b.Name, records[b.Name]).Accuracy))
		})
		says := Text.PredictedWrong
		if best.Name == expected {
			says = Text.PredictedRight
		}
		text = fmt.Sprintf(says, expected, best.Name) + " " + text
	}
	fmt.Fprintf(&b, `<p class="answer" role="status">%s</p>`, escape(text))
	return b.String()
}

// bars draws what trials came to so far: over all classes, in the head and in the tail.
func bars(trials []Trial, records map[string]run.Record) string {
	const left, width, row = 150., 210., 40.
	var b strings.Builder
	n := 0
	for i, t := range trials {
		o := outcomeOf(t.Name, records[t.Name])
		if o.Report == nil {
			continue
		}
		n++
		y := row * float64(i)
		fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="end">%s</text>`, left-8, y+18, escape(t.Name))
		for k, part := range []struct {
			class string
			value float64
		}{{"plain", o.Accuracy}, {"head", o.Head}, {"tail", o.Tail}} {
			fmt.Fprintf(&b, `<rect class="%s bar" x="%g" y="%g" width="%.1f" height="8"/><text class="small" x="%.1f" y="%g">%.0f</text>`, part.class, left, y+4+float64(k)*10, width*part.value, left+width*part.value+4, y+12+float64(k)*10, 100*part.value)
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(`<p class="key"><span class="plain">%s</span> <span class="head">%s</span> <span class="tail">%s</span></p><svg class="bars" viewBox="0 0 410 %g" role="img" aria-label="%s">%s</svg>`,
		escape(Text.All), escape(Text.Head), escape(Text.Tail), row*float64(len(trials)), escape(Text.AccuracyTitle), b.String())
}

// trials starts all of the open lesson's trials. Runs that are not theirs and stand still make room, if there is too little.
func (l *Lab) trials() {
	trials := Lessons[l.Lesson].Trials
	ours := func(r *Run) bool { return slices.ContainsFunc(trials, func(t Trial) bool { return t.is(r) }) }
	missing := 0
	for _, t := range trials {
		if l.runOf(t) == nil {
			missing++
		}
	}
	gone, back := l.clear(func() bool { return len(l.Runs)+missing <= Most }, ours)
	for _, t := range trials {
		if l.trial(t.Name); l.Notice != "" {
			return
		}
	}
	if len(gone) > 0 {
		l.canUndo(fmt.Sprintf(Text.MadeRoom, strings.Join(gone, ", ")), back)
	}
}

package ui

import (
	"fmt"
	"slices"
	"strings"
)

// shown are the runs on the page, and which of them is in focus.
func (l *Lab) shown() string {
	text := `<span>` + escape(Text.Shown) + `</span>`
	apart := slices.ContainsFunc(l.Runs, func(r *Run) bool { // at different epochs
		e, here := r.at(l.Epoch), l.Run().at(l.Epoch)
		return e != nil && here != nil && e.Epoch != here.Epoch
	})
	for i, r := range l.Runs {
		now := ""
		if e := r.at(l.Epoch); e != nil {
			if now = fmt.Sprintf(Text.RightNow, percent(e.Report.Accuracy)); apart {
				now = fmt.Sprintf(Text.AtEpoch, now, e.Epoch+1)
			}
		}
		text += fmt.Sprintf(` <button type="button" class="run%d" data-act="go:%[1]d" data-now="%s" aria-pressed="%v">%s</button>`, i, now, i == l.Focus, escape(r.Name))
	}
	return text
}

// actions are what can be done with the run in focus, and beside it.
func (l *Lab) actions() string {
	text := button("add", Text.AddRun)
	if len(l.Runs) > 1 {
		text += button("remove", Text.RemoveRun)
	}
	for i, b := range Baselines() {
		if !l.Run().trains() {
			text += fmt.Sprintf(`<button type="button" data-act="baseline:%d" title="%s">%s</button> `, i, escape(b.Note), escape(fmt.Sprintf(Text.AddBaseline, b.Name)))
		}
	}
	text += button("step", Text.OneEpoch) + button("reset", Text.Reset) + button("seed", Text.NewSeed)
	if l.CanRewind() {
		text += button("rewind:same", Text.Rewind) + button("rewind:halve", Text.RewindHalve)
	}
	return text
}

// status is how the run stands, the way to the setting that is wrong, and to another device.
func (l *Lab) status() string {
	r := l.Run()
	text := escape(r.Say(l.Epoch))
	switch { // a phone, too, has room for what has just changed, and for a line
	case r.Error != "" || r.Running && len(r.Epochs) == 0:
		text = `<span class="now">` + text + `</span>`
	case r.Running:
		text = `<span class="now brief">` + text + `</span>`
	}
	text = r.toProcessor() + text
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
	if l.Notice == "" {
		return ""
	}
	text := escape(l.Notice)
	if l.undo.do != nil {
		text += " " + button("undo:", l.undo.label)
	}
	return text + " " + button("dismiss:", Text.Close) // any action clears it
}

// Passing says whether a notice may go when there was time to read it: not one that offers to do something, nor, ending in …, of what
// is being done.
func (l *Lab) Passing() bool {
	return l.Notice != "" && l.undo.do == nil && !strings.HasSuffix(l.Notice, "…")
}

// timeline is the slider over the epochs.
func (l *Lab) timeline() string {
	r := l.Run()
	e := r.at(l.Epoch)
	if e == nil {
		return ""
	}
	latest := button("epoch:-1", Text.Latest)
	if l.Epoch < 0 || e.Epoch == len(r.Epochs)-1 { // its place is kept: the slider stays as it is
		latest = `<button type="button" class="off" disabled>` + escape(Text.Latest) + `</button>`
	}
	// The slider's value is set as an attribute: a new one is painted whenever the epoch changes.
	return fmt.Sprintf(`<label for="timeline">%s</label> <input id="timeline" type="range" data-slide="epoch" min="1" max="%d" value="%d"> %s`,
		fmt.Sprintf(Text.EpochShown, e.Epoch+1, r.Record.Config.Epochs), len(r.Epochs), e.Epoch+1, latest)
}

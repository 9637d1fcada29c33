package ui

import (
	"fmt"
	"time"
)

// progress is how a run that goes on gets ahead: since when and from which step on, and how long it will take at that, in words.
type progress struct {
	since time.Time
	from  int
	warm  bool // a step was heard of since: on a GPU the first takes longest
	left  string
}

// Before so long a time, and so many steps, a pace says nothing.
const (
	paceTime  = 4 * time.Second
	paceSteps = 3
)

// paced looks at how far the run has come, now that some of its steps were heard of; while it stands still there is no pace.
func (r *Run) paced(now time.Time) {
	done, all := r.steps(), r.Record.Facts.Steps*r.Record.Config.Epochs
	switch p := &r.progress; {
	case !r.Running || !r.asked:
		*p = progress{}
	case p.since.IsZero():
		p.since, p.from = now, done
	case r.OnGPU && !p.warm:
		if done > p.from {
			p.since, p.from, p.warm = now, done, true
		}
	case now.Sub(p.since) >= paceTime && done-p.from >= paceSteps:
		p.left = lasts(now.Sub(p.since) / time.Duration(done-p.from) * time.Duration(max(all-done, 0)))
	}
}

// lasts is a time in words, no finer than a guess is.
func lasts(d time.Duration) string {
	switch seconds, minutes := int(d.Seconds()+0.5), int(d.Minutes()+0.5); {
	case seconds < 10:
		return fmt.Sprintf(Text.Seconds, max(seconds, 1))
	case seconds < 90:
		return fmt.Sprintf(Text.Seconds, (seconds+4)/5*5)
	case minutes < 90:
		return fmt.Sprintf(Text.Minutes, minutes)
	default:
		return fmt.Sprintf(Text.Hours, int(d.Hours()+0.5))
	}
}

// Package ui is the laboratory's page: plain Go state, and one Vugu component that shows it.
package ui

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"hlrslab/core/search"
)

// Lab is the state of the page.
type Lab struct {
	Config search.Config // as the controls stand
	Do     func(do string, run int, c *search.Config, pack string)

	Running bool // as the worker has it; Asked is what the person wants
	Asked   bool
	Started bool
	Done    bool
	Pending bool   // schedules changed during a run, not yet in force
	Error   string // of the run
	Wrong   Wrong  // of the controls

	Facts   search.Facts
	Losses  []float64
	Rates   []float64 // of the architecture, epoch by epoch, as they were
	Mixes   []float64
	Epochs  []search.Event
	Changes []int // epochs from which a change holds
	run     int
	pack    string
	data    struct {
		State, Pack, Error string
		Done, Total        int64
	}
}

// Wrong is why the controls cannot stand as they do, and at which of them to say so.
type Wrong struct{ Field, Text string }

// classes of the sets a page can have.
const classes = 10

// NewLab is the page as it opens: the small preset on the toy set, until the real images are there.
func NewLab() *Lab { return &Lab{Config: preset} }

var preset = func() search.Config {
	c, err := search.Preset("small")
	if err != nil {
		panic(err)
	}
	c.Dataset = "toy"
	return c
}()

// Live says whether a field may change during a run.
func Live(f search.Field) bool { return f.Group == "schedule" || f.Name == "arch-rate" }

// Set gives a field the value of its control.
func (l *Lab) Set(name, value string) {
	f := field(name)
	if l.Started && !Live(f) {
		return
	}
	c := l.Config
	switch name { // another family has another parameter
	case "arch-schedule":
		c.ArchParam = 0
	case "mix":
		c.MixParam = 0
	}
	if err := f.Set(&c, value); err != nil {
		l.Wrong = Wrong{name, err.Error()}
		return
	}
	l.Config = c
	if l.check(name); l.Wrong.Text == "" && l.Started && !l.Done {
		l.Pending = true
		l.Do("change", l.run, &c, "")
	}
}

// check finds what is wrong with the controls; name is the one moved last.
func (l *Lab) check(name string) {
	l.Wrong = Wrong{}
	err := l.Config.Validate()
	if err == nil {
		_, err = l.Config.Counts(classes)
	}
	if err != nil {
		l.Wrong = Wrong{name, err.Error()}
		at, _, _ := strings.Cut(strings.Fields(err.Error())[0], ":")
		for _, c := range controls {
			if c.name == at {
				l.Wrong.Field = at
			}
		}
	}
}

// begin starts a run of the controls' configuration if there is none.
func (l *Lab) begin() bool {
	if l.Done || !l.Started && l.Wrong.Text != "" {
		return false
	}
	if !l.Started {
		c := l.Config
		l.run++
		l.Do("start", l.run, &c, l.pack)
		l.Started = true
	}
	return true
}

// Play starts or pauses.
func (l *Lab) Play() {
	if l.Done {
		l.Reset()
	}
	switch {
	case l.Asked:
		l.Asked = false
		l.Do("pause", l.run, nil, "")
	case l.begin():
		l.Asked, l.Running = true, true
		l.Do("play", l.run, nil, "")
	}
}

// Step takes one batch.
func (l *Lab) Step() {
	if l.begin() {
		l.Do("step", l.run, nil, "")
	}
}

// Reset goes back to the same start: the same seed, images and starting weights.
func (l *Lab) Reset() {
	if l.Started {
		l.Do("stop", l.run, nil, "")
	}
	*l = Lab{Config: l.Config, Do: l.Do, Wrong: l.Wrong, run: l.run, pack: l.pack, data: l.data}
}

// NewSeed resets to another start.
func (l *Lab) NewSeed() {
	l.Reset()
	l.Config.Seed = uint64(rand.IntN(1_000_000))
}

// UseReal takes the real images, from the next start on.
func (l *Lab) UseReal() {
	l.Reset()
	l.pack, l.Config.Dataset = l.data.Pack, "cifar10"
}

// Real says whether the real images are offered.
func (l *Lab) Real() bool { return l.data.State == "ready" && l.pack == "" }

// Images says what is trained on.
func (l *Lab) Images() string {
	if l.pack != "" {
		return "CIFAR-10, reduced to 16×16 pixels."
	}
	text := "Toy images, generated here: not CIFAR-10."
	switch l.data.State {
	case "downloading":
		text += fmt.Sprintf(" CIFAR-10 is downloading: %.0f of %.0f MB.", float64(l.data.Done)/1e6, float64(l.data.Total)/1e6)
	case "error":
		text += " CIFAR-10 could not be had: " + l.data.Error
	}
	return text
}

// Status takes the server's word on the real images; it says whether to ask again.
func (l *Lab) Status(raw []byte) bool {
	if json.Unmarshal(raw, &l.data) != nil {
		return false // a static host: there is no server to ask
	}
	if l.Real() && !l.Started {
		l.UseReal()
	}
	return l.data.State == "downloading" || l.data.State == "error" // it is tried again
}

// Hear takes a report of the worker on a run.
func (l *Lab) Hear(kind string, run int, events []search.Event, failure string, facts *search.Facts) {
	if run != l.run && kind != "lost" || !l.Started {
		return // of a run that was given up
	}
	switch kind {
	case "started":
		l.Facts = *facts
	case "paused":
		l.Running = l.Asked
	case "done":
		l.Running, l.Asked, l.Done, l.Pending = false, false, true, false
	case "error", "lost":
		l.Running, l.Asked, l.Done, l.Error = false, false, true, failure
	}
	for _, e := range events {
		switch e.Kind {
		case "step":
			l.Losses = append(l.Losses, e.Loss)
			l.Rates, l.Mixes = append(l.Rates[:min(e.Epoch, len(l.Rates))], e.ArchRate), append(l.Mixes[:min(e.Epoch, len(l.Mixes))], e.Mix)
		case "epoch":
			l.Epochs = append(l.Epochs, e)
		case "change":
			l.Changes, l.Pending = append(l.Changes, e.Epoch), false
		}
	}
}

// Say is the status line.
func (l *Lab) Say() string {
	var say string
	switch {
	case l.Error != "":
		return "The run has stopped: " + l.Error
	case !l.Started && l.Wrong.Text != "":
		return "One setting cannot stand: see below."
	case !l.Started:
		return "Ready. Start trains a search network in this tab."
	case l.Done:
		say = "Finished."
	case l.Running:
		say = "Training."
	default:
		say = "Paused."
	}
	say += fmt.Sprintf(" %d steps, %d of %d epochs.", len(l.Losses), len(l.Epochs), l.Config.Epochs)
	if n := len(l.Epochs); n > 0 {
		r := l.Epochs[n-1].Report
		say += fmt.Sprintf(" Balanced accuracy %.1f %% (head %.1f, medium %.1f, tail %.1f).", 100*r.Accuracy, 100*r.Head, 100*r.Medium, 100*r.Tail)
	}
	switch {
	case l.Pending && len(l.Rates) == l.Config.Epochs:
		say += " This is the last epoch: the change comes too late for this run."
	case l.Pending:
		say += " The change takes effect from the next epoch."
	}
	return say
}

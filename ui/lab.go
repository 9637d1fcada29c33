// Package ui is the laboratory's page: plain Go state, and one Vugu component that shows it.
package ui

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"hlrslab/core/search"
)

// Facts are what a started run knows of its data.
type Facts struct {
	Counts, Order []int
	Names         []string
	Params        int
}

// Lab is the state of the page.
type Lab struct {
	Config  search.Config // as the controls stand
	Do      func(do string, c *search.Config, pack string)
	Running bool
	Started bool
	Done    bool
	Error   string // of the run
	Wrong   string // of the controls
	Pending bool   // schedules changed during a run, not yet in force

	Facts   Facts
	Losses  []float64
	Epochs  []search.Event
	Changes []int // epochs from which a change holds
	pack    string
	data    struct {
		State, Pack, Error string
		Done, Total        int64
	}
}

// NewLab is the page as it opens: the small preset on the toy set, until the real images are there.
func NewLab() *Lab {
	c, err := search.Preset("small")
	if err != nil {
		panic(err)
	}
	c.Dataset = "toy"
	return &Lab{Config: c}
}

// Set gives a field the value of its control, and says beside the controls why it cannot.
func (l *Lab) Set(name, value string) {
	for _, f := range search.Fields() {
		if f.Name != name {
			continue
		}
		c := l.Config
		if err := f.Set(&c, value); err != nil {
			l.Wrong = err.Error()
			return
		}
		if name == "arch-schedule" {
			c.ArchParam = 0
		}
		if name == "mix" {
			c.MixParam = 0
		}
		l.Config = c
		if err := c.Validate(); err != nil {
			l.Wrong = err.Error()
			return
		}
		l.Wrong = ""
		if l.Started && (f.Group == "schedule" || f.Name == "arch-rate") {
			l.Pending = true
			l.Do("change", &c, "")
		}
	}
}

// Value is a field's value as text.
func (l *Lab) Value(name string) string {
	for _, f := range search.Fields() {
		if f.Name == name {
			return f.Value(l.Config)
		}
	}
	return ""
}

// begin starts a run of the controls' configuration if there is none.
func (l *Lab) begin() bool {
	if l.Wrong != "" {
		return false
	}
	if !l.Started {
		c := l.Config
		l.Do("start", &c, l.pack)
		l.Started = true
	}
	return true
}

// Play starts or pauses.
func (l *Lab) Play() {
	switch {
	case l.Running:
		l.Running = false
		l.Do("pause", nil, "")
	case l.begin():
		l.Running = true
		l.Do("play", nil, "")
	}
}

// Step takes one batch.
func (l *Lab) Step() {
	if l.begin() {
		l.Do("step", nil, "")
	}
}

// Reset goes back to the same start: the same seed, images and starting weights.
func (l *Lab) Reset() {
	if l.Running {
		l.Do("pause", nil, "")
	}
	l.Running, l.Started, l.Done, l.Pending, l.Error = false, false, false, false, ""
	l.Losses, l.Epochs, l.Changes, l.Facts = nil, nil, nil, Facts{}
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
	text := "CIFAR-10, 16×16"
	if l.pack == "" {
		text = "Toy images, generated here: not CIFAR-10."
		switch l.data.State {
		case "downloading":
			text += fmt.Sprintf(" CIFAR-10 is downloading: %.0f of %.0f MB.", float64(l.data.Done)/1e6, float64(l.data.Total)/1e6)
		case "error":
			text += " CIFAR-10 could not be had: " + l.data.Error
		}
	}
	return text
}

// Status takes the server's word on the real images; it says whether to ask again.
func (l *Lab) Status(raw []byte) bool {
	if json.Unmarshal(raw, &l.data) != nil {
		return false // a static host: there is no server to ask
	}
	if l.data.State == "ready" && !l.Started && l.pack == "" {
		l.UseReal()
	}
	return l.data.State == "downloading"
}

// Hear takes a report of the worker.
func (l *Lab) Hear(kind string, events []search.Event, failure string, facts Facts) {
	switch kind {
	case "started":
		l.Facts = facts
	case "done":
		l.Running, l.Done = false, true
	case "error":
		l.Running, l.Error = false, failure
	}
	if !l.Started {
		return // of a run that was reset
	}
	for _, e := range events {
		switch e.Kind {
		case "step":
			l.Losses = append(l.Losses, e.Loss)
		case "epoch":
			l.Epochs = append(l.Epochs, e)
		case "change":
			l.Changes, l.Pending = append(l.Changes, e.Epoch), false
		}
	}
}

// Say is the status line.
func (l *Lab) Say() string {
	switch {
	case l.Error != "":
		return l.Error
	case l.Done:
		return "Finished. " + l.accuracy()
	case l.Pending:
		return "The change takes effect from the next epoch. " + l.accuracy()
	case l.Started:
		return fmt.Sprintf("%d steps, %d of %d epochs. %s", len(l.Losses), len(l.Epochs), l.Config.Epochs, l.accuracy())
	}
	return "Ready. Start trains a search network in this tab."
}

func (l *Lab) accuracy() string {
	if len(l.Epochs) == 0 {
		return ""
	}
	r := l.Epochs[len(l.Epochs)-1].Report
	return fmt.Sprintf("Balanced accuracy %.1f %% (head %.1f, medium %.1f, tail %.1f).", 100*r.Accuracy, 100*r.Head, 100*r.Medium, 100*r.Tail)
}

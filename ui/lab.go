// Package ui is the laboratory's page: plain Go state, a Vugu component for the controls, and cards that are painted as text.
package ui

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"hlrslab/core/darts"
	"hlrslab/core/run"
	"hlrslab/ui/msg"
)

// File is a run's file, which may lie beyond this program's own memory.
type File interface{ Bytes() []byte }

// Host is what the page can do beyond itself: the browser's side, in package page.
type Host interface {
	// Send gives a command to the worker of a slot, which is started where there is none, with a file beside it or nil.
	Send(slot int, c msg.Command, file File)
	// End gives a slot's worker up.
	End(slot int)
	// Keep writes a run to this machine's store, and Forget deletes it. Fetch hands its file to f, nil if it is no longer there, and
	// whether this page may write it: a run that another tab has open is that one's.
	Keep(k Kept, file File)
	Forget(key string)
	Fetch(key string, f func(file File, ours bool))
	// Focus brings a control into view and gives it the focus.
	Focus(id string)
	// Save hands the person a file.
	Save(name, kind string, bytes []byte)
	// Figure draws records for publication and saves them as a file, of the format that its name ends in: svg or png.
	Figure(file string, records []run.Record, names []string)
	// Copy puts text on the clipboard.
	Copy(text string)
	// Load fetches a file of the page, unpacked, and hands it to f, or why it is not to be had.
	Load(file string, f func(raw []byte, err error))
	// Adapter hands f the name of the GPU that the browser offers, or why it offers none.
	Adapter(f func(name string, err error))
	// Page is the page's own address, without what follows #.
	Page() string
}

// Lab is the state of the page.
type Lab struct {
	Runs   []*Run
	Focus  int // the run that the controls and the cards are of
	Epoch  int // the epoch shown; -1 is the latest
	Edge   Edge
	Film   bool    // the epochs are being played, one after the other
	Speed  float64 // steps a second at most; 0 is no limit
	Lesson int     // the lesson that is open
	Kept   []Kept

	Place      Place
	Panel      string          // of the first screen, where there is room for one
	Presenting bool            // the chosen cards are shown alone, to be read from afar
	Chosen     map[string]bool // by the cards' IDs, and overview

	Predicted map[string]string // by lesson, the trial that the reader expects to do best
	Folded    map[string]bool   // what is folded out: the tables of cards, and the settings that are seldom used
	Operation int               // that is forbidden or pinned next, among the primitives
	Notice    string            // what was just done, or could not be
	Own       *Own              // the person's own images, if there are some
	GPU       GPU               // whether runs start on one

	Recording *run.Recording // what comes with the page, once it is there

	Host Host
	undo remedy   // of what the notice tells
	pack string   // where the real images are, once they are there
	peek struct { // the place of a chart that the pointer is at
		part string
		at   int
	}
	shelf  shelf
	left   map[string]bool // runs that were left unfinished when the page was left, by their keys; nil until the store is known
	study  *openStudy
	atlas  theMap
	moving struct { // a schedule whose points are being moved
		which string
		from  run.Config
	}
	pace  int // of the film
	slots int
	lives int
	turns int // what happened, but for steps
	steps int // reports of steps
	data  struct {
		State, Pack, Error string
		Done, Total        int64
	}
}

// Edge is an edge of a cell whose operations are looked at.
type Edge struct {
	Reduce bool
	Index  int
}

var preset = func() run.Config {
	c, err := run.Preset("small")
	if err != nil {
		panic(err)
	}
	return c
}()

// NewLab is the page as it opens: the small preset, on the toy set until the real images are there.
func NewLab(host Host) *Lab {
	l := &Lab{Host: host, Epoch: -1, pace: pace, Chosen: presented(), Panel: Panels[0].ID, shelf: shelf{order: "when", ticked: map[string]bool{}}, Folded: map[string]bool{}, Predicted: map[string]string{}, atlas: theMap{opened: -1}}
	c := preset
	c.Dataset = "toy"
	l.add("A", c)
	return l
}

// remedy is what can be done about what a notice tells.
type remedy struct {
	label string
	do    func()
}

// say tells what was done, or could not be; canUndo also offers to take it back, and propose to do something else.
func (l *Lab) say(text string) { l.Notice, l.undo = text, remedy{} }

func (l *Lab) canUndo(text string, undo func()) { l.propose(text, Text.Undo, undo) }

func (l *Lab) propose(text, label string, do func()) { l.Notice, l.undo = text, remedy{label, do} }

// Run is the run in focus.
func (l *Lab) Run() *Run { return l.Runs[l.Focus] }

// Set gives a field of the run in focus the value of its control.
func (l *Lab) Set(name, value string) {
	if name == "way" {
		l.goes(value)
		return
	}
	r, f := l.Run(), field(name)
	if r.Fixed() && !f.Live {
		return
	}
	c, typed := r.Config, maps.Clone(r.Typed)
	delete(typed, name)
	if err := f.Set(&c, value); err != nil { // what was typed stays in its field, with what is wrong with it
		if typed == nil {
			typed = map[string]string{}
		}
		typed[name] = value
	}
	r.Typed = typed
	switch name { // another family has another parameter
	case "arch-schedule":
		c.ArchParam = 0
		if value == "drawn" && c.ArchPoints == "" {
			c.ArchPoints = archPoints(r.Config)
		}
	case "mix":
		c.MixParam = 0
		if value == "drawn" && c.MixPoints == "" {
			c.MixPoints = mixPoints(r.Config)
		}
	case "epochs": // by which a way may go
		if w := r.Config.Way(); w != nil {
			c, _ = c.Goes(w.ID)
		}
	case "dataset":
		r.Picked = true
		c = l.fit(c)
	}
	l.change(c, name)
}

// change takes a configuration for the run in focus; a run under way takes its schedules from the next epoch on.
func (l *Lab) change(c run.Config, name string) {
	r := l.Run()
	r.Config = c
	if l.check(r, name); r.Wrong.Text == "" && r.Fixed() {
		r.Record.Next = &c
		l.Host.Send(r.slot, msg.Command{Do: "change", Run: r.live, Config: &c}, nil)
	}
}

// Hear takes a report of a slot's worker, and what came beside it.
func (l *Lab) Hear(slot int, m msg.Report, beside File) {
	i := slices.IndexFunc(l.Runs, func(r *Run) bool { return r.slot == slot })
	if i < 0 {
		return
	}
	r := l.Runs[i]
	if m.Kind == "without" {
		l.costs(r, m)
		return
	}
	if m.Kind == "lost" {
		r.costs = nil
		l.turns++
	}
	if m.Run != r.live && m.Kind != "lost" || !r.Started {
		return // of a run that was given up
	}
	switch m.Kind {
	case "started":
		r.Record.Facts, r.Device = *m.Facts, m.Device
	case "paused":
		r.Running = r.asked
	case "batch":
		r.Batch, r.Pixels = m.Batch, beside.Bytes()
		r.shown++
	case "snapshot":
		r.File = beside
		l.keep(r)
		if r.moving {
			l.arrive(r)
		}
	case "images":
		l.without(r, m.Error)
	case "done":
		r.Running, r.asked, r.Done, r.moving, r.Record.Next = false, false, true, false, nil
		l.settle()
	case "error", "lost":
		r.Running, r.asked, r.Done, r.moving, r.Error = false, false, true, false, m.Error
	}
	r.hear(m.Events)
	r.paced(time.Now())
	if l.steps++; !m.Steps() {
		l.turns++
	}
}

// Act does what a painted card's control is for: a verb, and what follows its colon.
func (l *Lab) Act(act string) {
	undo := l.undo
	l.say("")
	verb, what, _ := strings.Cut(act, ":")
	n, _ := strconv.Atoi(what)
	switch verb {
	case "undo":
		if undo.do != nil {
			undo.do()
		}
	case "wrong":
		l.show(what)
	case "add":
		l.beside(l.Run(), "")
	case "remove":
		l.Remove(l.Focus)
	case "step":
		l.Step("epoch")
	case "reset":
		l.Reset()
	case "seed":
		l.NewSeed()
	case "baseline":
		l.baseline(Baselines()[n])
	case "train":
		l.train(n)
	case "go":
		if n >= 0 && n < len(l.Runs) {
			l.FocusOn(n)
		}
	case "look":
		l.look(what)
	case "place":
		l.visit(Place(what), "")
	case "present":
		l.Place, l.Presenting = Explore, !l.Presenting
	case "choose":
		l.Chosen[what] = !l.Chosen[what]
	case "panel":
		l.Panel = what
	case "all":
		l.PlayAll(what == "play")
	case "epoch":
		l.Film, l.Epoch = false, n
	case "film":
		l.film()
	case "edge":
		cell, e, _ := strings.Cut(what, ":")
		n, _ = strconv.Atoi(e)
		l.Edge = Edge{cell == "reduce", n}
	case "operation":
		l.Operation = min(max(n, 0), len(darts.Primitives)-1)
	case "steer":
		l.steer(what)
	case "cost":
		l.askCost()
	case "drawer":
		l.Folded[verb] = !l.Folded[verb]
	case "fold":
		l.Folded[what] = !l.Folded[what]
	case "rest":
		l.moving.which = ""
	case "point":
		l.askAtlas()
		l.point(what)
	case "lesson":
		l.Lesson = n
		l.visit(Learn, "")
	case "predict":
		l.Predicted[Lessons[l.Lesson].ID] = what
	case "trials":
		l.trials()
	case "trial":
		l.trial(what)
	case "export":
		l.export(what)
	case "measure":
		if l.study != nil {
			l.measure(what)
		}
	case "job":
		l.job(n)
	case "atlas":
		if l.askAtlas(); what == "base" {
			l.takeBase()
		}
	case "near":
		if l.atlas.opened == n {
			n = -1
		}
		l.atlas.opened = n
	case "again":
		l.again(n)
	case "sort":
		l.shelf.sort(what)
	case "filter":
		l.shelf.filter = what
	case "group":
		l.shelf.grouped = !l.shelf.grouped
	case "tick":
		key, _, _ := strings.Cut(what, ":")
		l.shelf.ticked[key] = !l.shelf.ticked[key]
	case "compare":
		l.compareTicked()
	case "rename":
		key, name, _ := strings.Cut(what, ":")
		l.rename(key, name)
	case "open":
		l.open(what)
	case "file":
		l.Host.Fetch(what, func(file File, _ bool) { l.save(l.kept(what).Name, file) })
	case "later":
		l.left = map[string]bool{}
	case "forget":
		l.forget(what)
	case "device":
		l.useGPU(what == msg.GPU)
	case "rescue":
		l.rescue()
	case "rewind":
		l.Rewind(what == "halve")
	}
}

// show brings a field's control into view.
func (l *Lab) show(name string) {
	switch name { // drawn schedules have their families' controls
	case "arch-points":
		name = "arch-schedule"
	case "mix-points":
		name = "mix"
	}
	l.Place, l.Presenting, l.Folded["drawer"] = Explore, false, true
	switch usual, slider := control(name); {
	case !usual:
		l.Folded["more"] = true
	case slider:
		name += valueField
	}
	l.Host.Focus(name)
}

// FocusOn has the controls and cards be those of another run.
func (l *Lab) FocusOn(i int) {
	l.moving.which = ""
	if l.Focus = i; !l.Film { // which shows all of them
		l.Epoch = -1
	}
}

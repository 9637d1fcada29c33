// Package ui is the laboratory's page: plain Go state, a Vugu component for the controls, and cards that are painted as text.
package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"hlrslab/core/search"
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
	// Keep writes a run to this machine's store, Forget deletes it; Fetch gets its file and hands it to f.
	Keep(k Kept, file File)
	Forget(key string)
	Fetch(key string, f func(file File))
	// Save hands the person a file.
	Save(name, kind string, bytes []byte)
	// Figure draws records for publication and saves them as a file: "svg" or "png".
	Figure(format string, records []search.Record, names []string)
	// Copy puts text on the clipboard.
	Copy(text string)
}

// Most is how many runs stand side by side.
const Most = 4

// Lab is the state of the page.
type Lab struct {
	Runs   []*Run
	Focus  int // the run that the controls and the cards are of
	Epoch  int // the epoch shown; -1 is the latest
	Edge   Edge
	Speed  float64 // steps a second at most; 0 is no limit
	Lesson int     // the lesson that is open, or -1
	Kept   []Kept
	Order  string          // the column by which Kept is sorted
	Folded map[string]bool // what is folded out: the tables of cards, and the settings that are seldom used
	Notice string          // what was just done, or could not be
	Own    *Own            // the person's own images, if there are some

	Host    Host
	pack    string
	slots   int
	lives   int
	classes int
	turns   int  // what happened, but for steps
	steps   int  // reports of steps
	forced  bool // the address names the data
	data    struct {
		State, Pack, Error string
		Done, Total        int64
	}
}

// Edge is an edge of a cell whose operations are looked at.
type Edge struct {
	Reduce bool
	Index  int
}

var preset = func() search.Config {
	c, err := search.Preset("small")
	if err != nil {
		panic(err)
	}
	return c
}()

// NewLab is the page as it opens: the small preset, on the toy set until the real images are there.
func NewLab(host Host) *Lab {
	l := &Lab{Host: host, Epoch: -1, Lesson: -1, classes: 10, Order: "when", Folded: map[string]bool{}}
	c := preset
	c.Dataset = "toy"
	l.add("A", c)
	return l
}

func (l *Lab) add(name string, c search.Config) *Run {
	l.slots++
	r := &Run{Name: name, Config: c, slot: l.slots}
	r.check("", l.classes)
	l.Runs = append(l.Runs, r)
	l.Focus = len(l.Runs) - 1
	return r
}

// Run is the run in focus.
func (l *Lab) Run() *Run { return l.Runs[l.Focus] }

// Live says whether a field may change during a run.
func Live(f search.Field) bool { return f.Group == "schedule" || f.Name == "arch-rate" }

// Set gives a field of the run in focus the value of its control.
func (l *Lab) Set(name, value string) {
	r, f := l.Run(), field(name)
	if r.Fixed() && !Live(f) {
		return
	}
	c := r.Config
	switch name { // another family has another parameter
	case "arch-schedule":
		c.ArchParam = 0
		if value == "drawn" && c.ArchPoints == "" {
			c.ArchPoints = archPoints(c)
		}
	case "mix":
		c.MixParam = 0
		if value == "drawn" && c.MixPoints == "" {
			c.MixPoints = mixPoints(c)
		}
	}
	if err := f.Set(&c, value); err != nil {
		r.Wrong = Wrong{name, err.Error()}
		return
	}
	l.change(c, name)
}

// change takes a configuration for the run in focus; a run under way takes its schedules from the next epoch on.
func (l *Lab) change(c search.Config, name string) {
	r := l.Run()
	r.Config = c
	if r.check(name, l.classes); r.Wrong.Text == "" && r.Fixed() {
		r.Pending = true
		l.Host.Send(r.slot, msg.Command{Do: "change", Run: r.live, Config: &c}, nil)
	}
}

// begin starts a run of the controls' configuration if there is none, or goes on with the one that is kept.
func (l *Lab) begin(r *Run) bool {
	if r.Fixed() {
		return true
	}
	if r.Wrong.Text != "" {
		return false
	}
	command, file := msg.Command{Do: "start"}, File(nil)
	if r.Recorded && r.File != nil && !r.moved() && len(r.Epochs) < r.Record.Config.Epochs {
		command.Do, file = "restore", r.File
		r.Recorded, r.Error = false, ""
	} else {
		if r.Name == Text.RecordedRun {
			r.Name = "A"
		}
		r.clear()
		r.Record.Config = r.Config
	}
	if l.Run() == r {
		l.Epoch = -1
	}
	l.launch(r, command, file)
	return true
}

func (l *Lab) launch(r *Run, c msg.Command, file File) {
	l.lives++
	r.live, r.Started, r.Done = l.lives, true, false
	config := r.Config
	c.Run, c.Config, c.Speed = r.live, &config, l.Speed
	switch {
	case l.Own != nil && config.Dataset == l.Own.Name:
		c.Pack = "own"
	case config.Dataset == "cifar10":
		c.Pack = l.pack
	}
	if r.Key == "" {
		r.Key = fmt.Sprintf("%x", rand.Uint64())
	}
	l.Host.Send(r.slot, c, file)
}

// Play starts or pauses the run in focus.
func (l *Lab) Play() { l.play(l.Run(), !l.Run().asked) }

// PlayAll starts or pauses all runs together, but for those that have come to their end.
func (l *Lab) PlayAll(on bool) {
	for _, r := range l.Runs {
		finished := (r.Done || r.Recorded && len(r.Epochs) == r.Record.Config.Epochs) && !r.moved()
		if on != r.asked && !(on && finished) {
			l.play(r, on)
		}
	}
}

func (l *Lab) play(r *Run, on bool) {
	switch {
	case !on:
		r.asked = false
		l.Host.Send(r.slot, msg.Command{Do: "pause", Run: r.live}, nil)
	case l.begin(r):
		r.asked, r.Running = true, true
		l.Host.Send(r.slot, msg.Command{Do: "play", Run: r.live}, nil)
	}
}

// Step takes one batch, or goes on to the end of the epoch.
func (l *Lab) Step(do string) {
	if r := l.Run(); l.begin(r) {
		r.asked, r.Running = false, do == "epoch"
		l.Host.Send(r.slot, msg.Command{Do: do, Run: r.live}, nil)
	}
}

// SetSpeed limits the steps a second; "0" is no limit.
func (l *Lab) SetSpeed(text string) {
	l.Speed, _ = strconv.ParseFloat(text, 64)
	for _, r := range l.Runs {
		if r.Fixed() {
			l.Host.Send(r.slot, msg.Command{Do: "speed", Run: r.live, Speed: l.Speed}, nil)
		}
	}
}

// Reset goes back to the same start: the same seed, images and starting weights.
func (l *Lab) Reset() {
	r := l.Run()
	if r.Started {
		l.Host.Send(r.slot, msg.Command{Do: "stop", Run: r.live}, nil)
	}
	r.clear()
	l.Epoch = -1
}

// NewSeed resets to another start.
func (l *Lab) NewSeed() {
	l.Reset()
	r := l.Run()
	r.Config.Seed = uint64(rand.IntN(1_000_000))
}

// Rewind goes back to the end of the last whole epoch after a failure; halve takes half the architecture's rate from there.
func (l *Lab) Rewind(halve bool) {
	r := l.Run()
	file, config := r.File, r.Config
	if file == nil {
		return
	}
	record, err := search.ReadRecord(bytes.NewReader(file.Bytes()))
	if err != nil {
		l.Notice = err.Error()
		return
	}
	key := r.Key
	r.show(record)
	r.File, r.Key = file, key
	l.launch(r, msg.Command{Do: "restore"}, file)
	if halve {
		config.ArchRate /= 2
		l.change(config, "arch-rate")
	}
	r.asked, r.Running = false, false
}

// Add puts another run beside the others, with the settings of the one in focus and those given.
func (l *Lab) Add(name string, set map[string]string) *Run {
	if len(l.Runs) == Most {
		l.Notice = fmt.Sprintf(Text.NoRoom, Most)
		return nil
	}
	c := l.Run().Config
	for _, f := range search.Fields() {
		if v, ok := set[f.Name]; ok {
			if err := f.Set(&c, v); err != nil {
				l.Notice = err.Error()
			}
		}
	}
	if name == "" {
		name = l.letter()
	}
	return l.add(name, c)
}

// letter is the first that no run has; the recorded one will be A.
func (l *Lab) letter() string {
	for c := 'A'; ; c++ {
		if !slices.ContainsFunc(l.Runs, func(r *Run) bool { return r.Name == string(c) || c == 'A' && r.Name == Text.RecordedRun }) {
			return string(c)
		}
	}
}

// Remove takes a run off the page; what was kept of it stays kept.
func (l *Lab) Remove(i int) {
	if len(l.Runs) == 1 || i >= len(l.Runs) {
		return
	}
	l.Host.End(l.Runs[i].slot)
	l.Runs = slices.Delete(l.Runs, i, i+1)
	l.Focus = min(l.Focus, len(l.Runs)-1)
	l.Epoch = -1
}

// Baselines are comparisons at one press, by name: settings over the run's own.
func Baselines() []Trial {
	return []Trial{
		{Text.Random, Text.RandomNote, map[string]string{"arch-rate": "0"}},
		{Text.Plain, Text.PlainNote, map[string]string{"branches": "none", "arch-schedule": "const"}},
	}
}

// UseReal takes the real images for all runs, from their next start on.
func (l *Lab) UseReal() {
	l.pack = l.data.Pack
	l.use("cifar10", 10)
}

func (l *Lab) use(dataset string, classes int) {
	l.classes = classes
	for i, r := range l.Runs {
		if !r.Fixed() && !r.Recorded {
			focus := l.Focus
			l.Focus = i
			l.Reset()
			l.Focus = focus
			r.Config.Dataset = dataset
			r.check("dataset", classes)
		}
	}
}

// Real says whether the real images are offered.
func (l *Lab) Real() bool {
	return l.data.State == "ready" && (l.pack == "" || l.Run().Config.Dataset != "cifar10")
}

// Images says what is trained on.
func (l *Lab) Images() string {
	switch l.Run().Config.Dataset {
	case "own":
		if l.Own == nil {
			return Text.NoOwn
		}
		return fmt.Sprintf(Text.OwnCounts, l.Own.Train, l.Own.Test, len(l.Own.Classes))
	case "cifar10":
		if l.pack != "" || l.Own != nil {
			return Text.Reduced
		}
		if l.Run().Recorded {
			return Text.AsRecorded
		}
	}
	text := Text.Toy
	switch l.data.State {
	case "downloading":
		text += " " + fmt.Sprintf(Text.Downloading, float64(l.data.Done)/1e6, float64(l.data.Total)/1e6)
	case "error":
		text += " " + fmt.Sprintf(Text.NotHad, l.data.Error)
	}
	return text
}

// Status takes the server's word on the real images; it says whether to ask again.
func (l *Lab) Status(raw []byte) bool {
	if json.Unmarshal(raw, &l.data) != nil {
		return false // a static host: there is no server to ask
	}
	if l.data.State == "ready" && l.pack == "" {
		l.pack = l.data.Pack
		if !l.forced {
			l.UseReal()
		}
	}
	return l.data.State == "downloading" || l.data.State == "error" // it is tried again
}

// Hear takes a report of a slot's worker, and what came beside it.
func (l *Lab) Hear(slot int, m msg.Report, beside File) {
	i := slices.IndexFunc(l.Runs, func(r *Run) bool { return r.slot == slot })
	if i < 0 {
		return
	}
	r := l.Runs[i]
	if m.Run != r.live && m.Kind != "lost" || !r.Started {
		return // of a run that was given up
	}
	switch m.Kind {
	case "started":
		r.Record.Facts = *m.Facts
	case "paused":
		r.Running = r.asked
	case "batch":
		r.Batch, r.Pixels = m.Batch, beside.Bytes()
		r.shown++
	case "snapshot":
		r.File = beside
		l.keep(r)
	case "done":
		r.Running, r.asked, r.Done, r.Pending = false, false, true, false
	case "error", "lost":
		r.Running, r.asked, r.Done, r.Error = false, false, true, m.Error
	}
	r.hear(m.Events)
	if l.steps++; !m.Steps() {
		l.turns++
	}
}

// Own is what there is of the person's own images.
type Own struct {
	Name               string // "own", or "cifar10" where it is that
	Classes            []string
	Train, Test, Least int // images in all, and training images of the smallest class
}

// Take takes the person's own images for all runs that have none under way.
func (l *Lab) Take(own Own) {
	l.Own, l.Notice = &own, ""
	l.use(own.Name, len(own.Classes))
	for _, r := range l.Runs {
		if r.Fixed() {
			continue
		}
		r.Config.NMax = min(r.Config.NMax, own.Least)
		r.Config.TestImages = min(r.Config.TestImages, own.Test/len(own.Classes)*len(own.Classes))
		r.check("n-max", l.classes)
	}
}

// Act does what a painted card's control is for: a verb, and what follows its colon.
func (l *Lab) Act(act string) {
	l.Notice = ""
	verb, what, _ := strings.Cut(act, ":")
	n, _ := strconv.Atoi(what)
	switch verb {
	case "add":
		l.Add("", nil)
	case "baseline":
		b := Baselines()[n]
		if r := l.Add(b.Name, b.Set); r != nil {
			l.play(r, true)
		}
	case "all":
		l.PlayAll(what == "play")
	case "epoch":
		l.Epoch = n
	case "edge":
		cell, e, _ := strings.Cut(what, ":")
		n, _ = strconv.Atoi(e)
		l.Edge = Edge{cell == "reduce", n}
	case "fold":
		l.Folded[what] = !l.Folded[what]
	case "draw":
		l.Set(map[string]string{"arch": "arch-schedule", "mix": "mix"}[what], "drawn")
	case "point":
		l.point(what)
	case "lesson":
		l.Lesson = n
	case "trial":
		l.trial(what)
	case "export":
		l.export(what)
	case "sort":
		l.Order = what
	case "open":
		l.Host.Fetch(what, func(file File) { l.Import(l.kept(what).Name, what, file) })
	case "file":
		l.Host.Fetch(what, func(file File) { l.save(l.kept(what).Name, file) })
	case "forget":
		l.Host.Forget(what)
	case "rewind":
		l.Rewind(what == "halve")
	}
}

// FocusOn has the controls and cards be those of another run.
func (l *Lab) FocusOn(i int) {
	l.Focus, l.Epoch = i, -1
}

// CanRewind says whether a stopped run can go back to its last whole epoch.
func (l *Lab) CanRewind() bool { return l.Run().Error != "" && l.Run().File != nil }

// offer asks whether to go on with a run that a closed page left unfinished.
func (l *Lab) offer() string {
	k := l.Unfinished()
	if k == nil {
		return ""
	}
	return `<p class="offer">` + fmt.Sprintf(Text.Offer, escape(k.Name), k.Epochs, k.Config.Epochs) + " " + button("open:"+k.Key, Text.GoOn) + `</p>`
}

package ui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hlrslab/core/run"
	"hlrslab/ui/msg"
)

// Run is one experiment on the page: its controls, how its worker stands, and what was seen of it.
type Run struct {
	Name   string
	Config run.Config        // as the controls stand
	Typed  map[string]string // by field, what was typed into its control and is no value
	Wrong  Wrong             // of the controls
	Picked bool              // the person has chosen the images
	Of     *run.Config       // of a baseline, the experiment that it is compared with
	Link   string            // what a link carried, if the run is from one
	Story  string            // the variant of the recording that comes with the page, if it is that one's

	Record  run.Record // what is shown
	Losses  []float64  // the rest is made from the record's events
	Rates   []float64  // of the architecture, epoch by epoch, as they were
	Mixes   []float64
	Epochs  []run.Event
	Changes []int // epochs from which a change holds

	Started  bool // by this page
	Running  bool // as the worker has it; asked is what the person wants
	Done     bool
	Recorded bool   // shown from a record that no worker has
	Coming   bool   // what there is to see of it is being loaded
	Error    string // of the run

	Batch  *msg.Batch // what the branches were last shown
	Pixels []byte
	File   File   // the run as it stood at its last whole epoch
	Key    string // under which it is kept on this machine
	moving bool   // what is saved of it next goes on on another device
	OnGPU  bool   // its worker was told to train on a GPU …
	Device string // … and trains on this one
	copyOf string // the key of the run that another tab has open, of which this is a copy

	costs     map[int]string // of an edge, by its place among the run's parts: what is to say
	costEpoch int            // after how many epochs it was asked for

	progress progress
	shown    int // how many batches there were to see
	asked    bool
	did      string // the last command to take steps
	slot     int    // which worker
	live     int    // which of its runs
}

// Wrong is why the controls cannot stand as they do, and at which of them to say so.
type Wrong struct{ Field, Text string }

// Fixed says whether there is a run under way, which only its schedules can change.
func (r *Run) Fixed() bool { return r.Started && !r.Done }

// hear takes events into what is shown.
func (r *Run) hear(events []run.Event) {
	for _, e := range events {
		if e.Kind != run.StepDone { // of which a long run has too many to keep whole
			r.Record.Events = append(r.Record.Events, e)
		}
		switch e.Kind {
		case run.StepDone:
			r.Losses = append(r.Losses, e.Loss)
			r.Rates = append(r.Rates[:min(e.Epoch, len(r.Rates))], e.ArchRate)
			r.Mixes = append(r.Mixes[:min(e.Epoch, len(r.Mixes))], e.Mix)
		case run.EpochDone:
			r.Epochs = append(r.Epochs, e)
			if r.Record.Thin { // whose steps would have said it
				r.Rates, r.Mixes = append(r.Rates, e.ArchRate), append(r.Mixes, e.Mix)
			}
		case run.Changed:
			r.Changes, r.Record.Next = append(r.Changes, e.Epoch), nil
		}
	}
}

// show takes a whole record in the place of what is shown.
func (r *Run) show(record run.Record) {
	r.clear()
	events := record.Events
	record.Events = nil
	r.Record, r.Config = record, record.Config
	r.hear(events)
	r.Record.Next = record.Next
	r.Config = r.due()
}

// clear forgets what was seen and done; the controls stay.
func (r *Run) clear() {
	*r = Run{Name: r.Name, Config: r.Config, Typed: r.Typed, Wrong: r.Wrong, Picked: r.Picked, Of: r.Of, slot: r.slot, live: r.live}
}

// settings has the controls stand as c says.
func (r *Run) settings(c run.Config) { r.Config, r.Typed = c, nil }

// seen says whether there is anything to see of the run, and fresh whether nothing was made of it yet.
func (r *Run) seen() bool  { return len(r.Losses) > 0 || len(r.Epochs) > 0 }
func (r *Run) fresh() bool { return !r.Started && !r.Recorded && !r.Coming && !r.seen() }

// steps is how many were taken.
func (r *Run) steps() int {
	if r.Record.Thin {
		return len(r.Epochs) * r.Record.Facts.Steps
	}
	return len(r.Losses)
}

// last is the event of the last whole epoch, or nil.
func (r *Run) last() *run.Event { return r.at(-1) }

// at is the event of an epoch, or of the last one there is for -1 or one that is not there; nil if there is none.
func (r *Run) at(epoch int) *run.Event {
	n := len(r.Epochs)
	if n == 0 {
		return nil
	}
	if epoch < 0 || epoch >= n {
		epoch = n - 1
	}
	return &r.Epochs[epoch]
}

// due is the configuration that the run shown goes on with, or ended with.
func (r *Run) due() run.Config {
	if r.Record.Next != nil {
		return *r.Record.Next
	}
	return r.Record.InForce()
}

// experiment is what the run is: what it ran, or will.
func (r *Run) experiment() run.Config {
	if r.Fixed() || r.seen() {
		return r.due()
	}
	return r.Config
}

// marks are the epochs from which on schedules were changed, or the architecture is frozen, in their order.
func marks(changes []int, c run.Config) (all []mark) {
	for _, e := range changes {
		all = append(all, mark{e, Text.Changed})
	}
	if c.Frozen(c.FreezeAt) {
		all = append(all, mark{c.FreezeAt, Text.Frozen})
	}
	slices.SortStableFunc(all, func(a, b mark) int { return a.at - b.at })
	return all
}

// moved says whether the controls ask for another run than is shown.
func (r *Run) moved() bool { return r.seen() && !r.due().Equal(r.Config) }

// Say is the run's status, with what it came to at an epoch; -1 is the latest.
func (r *Run) Say(epoch int) string {
	var say string
	switch {
	case r.Coming:
		return Text.Loading
	case r.Error != "":
		return fmt.Sprintf(Text.Stopped, r.Error)
	case !r.Fixed() && r.Wrong.Text != "":
		return fmt.Sprintf(Text.OneWrong, r.Wrong.Text)
	case r.Recorded && r.moved():
		return fmt.Sprintf(Text.Moved, r.Name, r.playLabel())
	case r.Recorded && !r.Record.Done():
		say = Text.KeptRun
	case r.Recorded:
		say = Text.FinishedRun
	case !r.Started:
		return Text.Ready
	case r.Done:
		say = Text.Finished
	case r.moving:
		say = Text.Moving
	case r.Running && r.OnGPU && r.Device == "":
		say = Text.GettingGPU
	case r.Running:
		if say = Text.Training; r.OnGPU {
			say = fmt.Sprintf(Text.TrainingOn, r.Device)
		}
		if r.progress.left != "" {
			say += " " + fmt.Sprintf(Text.TimeLeft, r.progress.left)
		} else if r.OnGPU && r.steps() == 0 {
			say += " " + Text.SlowStart
		}
	default:
		say = Text.Paused
	}
	say += " " + fmt.Sprintf(Text.Progress, count(r.steps(), "step"), len(r.Epochs), r.Record.Config.Epochs)
	if e := r.at(epoch); e != nil {
		p := e.Report
		say += " " + fmt.Sprintf(Text.Accuracies, 100*p.Accuracy, 100*p.Head, 100*p.Medium, 100*p.Tail)
	}
	if why := r.Record.Ended(); why != "" {
		say += " " + fmt.Sprintf(Text.Ended, why)
	}
	switch {
	case r.Record.Next != nil && len(r.Rates) == r.Config.Epochs:
		say += " " + Text.TooLate
	case r.Record.Next != nil:
		say += " " + Text.NextEpoch
	}
	return say
}

// Announce is what is said aloud: how the run stands, and every epoch, but not every step.
func (r *Run) Announce() string {
	switch {
	case !r.Fixed():
		return r.Say(-1)
	case len(r.Epochs) == 0 && r.Running:
		return Text.Training
	case !r.Running:
		return Text.Paused
	}
	e := r.last()
	return fmt.Sprintf(Text.Announce, e.Epoch+1, r.Record.Config.Epochs, 100*e.Report.Accuracy)
}

// check finds what is wrong with a run's controls; name is the one moved last.
func (l *Lab) check(r *Run, name string) {
	r.Wrong = Wrong{}
	err := l.wrong(r)
	if err == nil {
		return
	}
	r.Wrong = Wrong{name, worded(err)}
	if at, ok := errors.AsType[run.FieldError](err); ok {
		r.Wrong.Field = at.Field
	}
}

// worded is what is wrong with a field as the page says it: by the labels of the controls in the place of the fields' names.
func worded(err error) string {
	at, ok := errors.AsType[run.FieldError](err)
	if !ok {
		return err.Error()
	}
	text := strings.TrimPrefix(at.Err.Error(), at.Field+" ")
	for _, f := range run.Fields() {
		if strings.Contains(f.Name, "-") { // the others are words
			text = strings.ReplaceAll(text, f.Name, "“"+f.Label+"”")
		}
	}
	label := at.Field
	if f, known := run.FieldOf(at.Field); known {
		label = f.Label
	}
	return label + ": " + text
}

func (l *Lab) wrong(r *Run) error {
	c := r.Config
	for _, f := range run.Fields() {
		if text, ok := r.Typed[f.Name]; ok {
			return f.Set(&c, text)
		}
	}
	if err := c.Validate(); err != nil {
		return err
	}
	counts, err := c.Counts(l.classes(c.Dataset))
	if err == nil {
		err = l.lacks(c)
	}
	if err == nil {
		_, err = c.Steps(counts)
	}
	return err
}

package ui

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hlrslab/core/run"
)

// Most is how many runs stand side by side: of so many there are colours.
const Most = 6

func (l *Lab) add(name string, c run.Config) *Run {
	l.slots++
	r := &Run{Name: name, Config: c, slot: l.slots}
	l.Runs = append(l.Runs, r)
	l.Focus, l.Epoch = len(l.Runs)-1, -1
	l.check(r, "")
	return r
}

// full says, and tells, that there is no room for another run.
func (l *Lab) full() bool {
	full := len(l.Runs) >= Most
	if full {
		l.say(fmt.Sprintf(Text.NoRoom, Most))
	}
	return full
}

// beside puts another run beside one, with its settings; it is nil if there is no room.
func (l *Lab) beside(r *Run, name string) *Run {
	if l.full() {
		return nil
	}
	if name == "" {
		name = l.letter()
	}
	next := l.add(l.unique(name, ""), r.Config)
	next.Picked, next.Typed = r.Picked, r.Typed
	l.check(next, "")
	return next
}

// letter is the first that no run has.
func (l *Lab) letter() string {
	for c := 'A'; ; c++ {
		if l.unique(string(c), "") == string(c) {
			return string(c)
		}
	}
}

// unique is a name that no run on the page has, and none that is kept but for that of a key: this one, or with another number.
func (l *Lab) unique(name, key string) string {
	here := func(key string) bool { return slices.ContainsFunc(l.Runs, func(r *Run) bool { return r.Key == key }) }
	n, try := 2, name
	if i := strings.LastIndex(name, " ("); i > 0 && strings.HasSuffix(name, ")") { // it was numbered before
		if last, err := strconv.Atoi(name[i+2 : len(name)-1]); err == nil && last > 0 {
			name, n = name[:i], last+1
		}
	}
	for ; ; n++ {
		if !slices.ContainsFunc(l.Runs, func(r *Run) bool { return r.Name == try }) &&
			!slices.ContainsFunc(l.Kept, func(k Kept) bool { return k.Name == try && k.Key != key && !here(k.Key) }) {
			return try
		}
		try = fmt.Sprintf("%s (%d)", name, n)
	}
}

// Remove takes a run off the page; what was kept of it stays kept.
func (l *Lab) Remove(i int) {
	if len(l.Runs) == 1 || i >= len(l.Runs) {
		return
	}
	r := l.Runs[i]
	l.putAway(r)
	l.Host.End(r.slot)
	l.Runs = slices.Delete(l.Runs, i, i+1)
	l.Focus, l.Epoch = min(l.Focus, len(l.Runs)-1), -1
	l.canUndo(fmt.Sprintf(Text.WasRemoved, r.Name), func() {
		if l.full() {
			return
		}
		l.Runs = slices.Insert(l.Runs, min(i, len(l.Runs)), r.asKept())
		l.Focus, l.Epoch = i, -1
	})
}

// clear takes runs that stand still and lose nothing by it off the page, but for those that stay, until there is enough room; those
// that come with the page last. It says which, and how to put them back.
func (l *Lab) clear(enough func() bool, stays func(*Run) bool) (gone []string, back func()) {
	var backs []func()
	for _, recorded := range []bool{false, true} {
		for _, r := range slices.Clone(l.Runs) {
			saved := r.Recorded || r.File != nil || !r.seen()
			if enough() || len(l.Runs) == 1 || recorded != (r.Story != "") || r.asked || r.Running || r.Coming || !saved || stays(r) {
				continue
			}
			l.Remove(slices.Index(l.Runs, r))
			gone, backs = append(gone, r.Name), append(backs, l.undo.do)
		}
	}
	l.say("")
	return gone, func() {
		for _, back := range slices.Backward(backs) {
			back()
		}
	}
}

// asKept is a run as it stood when it was last kept, or its settings alone if it never was.
func (r *Run) asKept() *Run {
	n := *r
	if r.Recorded && !r.Started {
		return &n
	}
	n.clear()
	if r.File == nil {
		return &n
	}
	if record, err := run.ReadRecord(bytes.NewReader(r.File.Bytes())); err == nil {
		n.show(record)
		n.File, n.Key, n.Recorded = r.File, r.Key, true
	}
	return &n
}

// Baselines are comparisons at one press, by name: settings over those of the run that they are compared with.
func Baselines() []Trial {
	return []Trial{
		{Name: Text.Random, Note: Text.RandomNote, Set: map[string]string{"arch-rate": "0"}},
		{Name: Text.Plain, Note: Text.PlainNote, Set: map[string]string{
			"branches": "none", "sampler": "instance", "loss": "ce", "arch-loss": "mix",
			"arch-schedule": "const", "arch-param": "0", "arch-warmup": "0", "arch-floor": "0", "arch-equal": "peak",
		}},
	}
}

// baseline adds a baseline of the run in focus, or of the run that this one is a baseline of, and starts it. Where it stands
// already, it is brought into focus.
func (l *Lab) baseline(b Trial) {
	of, picked := l.Run().Config, l.Run().Picked
	if l.Run().Of != nil {
		of = *l.Run().Of
	}
	c := b.config(of)
	if _, still := b.Set["arch-rate"]; !still && c.ArchRate == 0 {
		c.ArchRate = preset.ArchRate // of a search that does search
	}
	is := func(r *Run) bool { return r.Of != nil && r.experiment().Equal(c) }
	l.oneOf(b.Name, c, picked, &of, is)
}

// trial starts an experiment of the open lesson: the small preset but for what the trial sets, with the seed and the images of
// the lesson's other trials, or else of the run in focus.
func (l *Lab) trial(name string) {
	trials := Lessons[l.Lesson].Trials
	i := slices.IndexFunc(trials, func(t Trial) bool { return t.Name == name })
	if i < 0 {
		return
	}
	like := l.Run()
	for _, t := range trials {
		if r := l.runOf(t); r != nil {
			like = r
			break
		}
	}
	c := trials[i].experiment()
	c.Dataset, c.Seed = like.Config.Dataset, like.Config.Seed
	l.oneOf(name, c, like.Picked, nil, trials[i].is)
}

// oneOf brings the run that is what is asked for into focus, or adds it; and has it go on, if it is not at its end.
func (l *Lab) oneOf(name string, c run.Config, picked bool, of *run.Config, is func(*Run) bool) {
	i := slices.IndexFunc(l.Runs, is)
	if i < 0 {
		r := l.Run()
		if of == nil && r.fresh() && len(l.Runs) == 1 { // the page's first run, of which nothing was made yet
			r.Name = name
		} else if r = l.beside(r, name); r == nil {
			return
		}
		r.settings(c)
		r.Picked, r.Of = picked, of
		l.check(r, "")
		i = slices.Index(l.Runs, r)
	}
	l.FocusOn(i)
	if r := l.Run(); !r.asked && (r.Fixed() || r.resumes() || r.fresh()) {
		l.play(r, true)
	}
}

// config is a trial's experiment over a base.
func (t Trial) config(base run.Config) run.Config {
	for name, v := range t.Set {
		if err := field(name).Set(&base, v); err != nil {
			panic(err) // a test sets them all
		}
	}
	return base
}

// experiment is a lesson's trial: over the preset small of searches, or of trainings.
func (t Trial) experiment() run.Config {
	if t.Train {
		return t.config(presetOf(run.Train))
	}
	return t.config(preset)
}

// is says whether a run is a trial: by what it does, whatever its name; only images and seeds are its own.
func (t Trial) is(r *Run) bool {
	c, want := r.experiment(), t.experiment()
	for _, f := range run.Fields() {
		if f.Group != "seeds" && f.Name != "dataset" && f.Value(c) != f.Value(want) {
			return false
		}
	}
	return true
}

// runOf is the run that is a trial, or nil.
func (l *Lab) runOf(t Trial) *Run {
	if i := slices.IndexFunc(l.Runs, t.is); i >= 0 {
		return l.Runs[i]
	}
	return nil
}

package ui

import (
	"bytes"
	"encoding/json"
	"slices"

	"hlrslab/core/run"
)

// session is what is on the page, for when it is loaded again: what was kept of a run comes back from this machine's store.
type session struct {
	Runs    []entry
	Focus   int
	Lesson  int
	Place   Place
	Address string
	GPU     bool
}

// entry is a run on the page.
type entry struct {
	Name   string
	Key    string // under which it is kept, or empty
	Config run.Config
	Picked bool
	Of     *run.Config
	Story  string
	Link   string
	Next   *run.Config // what it was changed to, perhaps since it was kept
}

// Session is what is on the page, as text.
func (l *Lab) Session() []byte {
	s := session{Focus: l.Focus, Lesson: l.Lesson, Place: l.Place, Address: l.Address(), GPU: l.GPU.On}
	for _, r := range l.Runs {
		p := entry{Name: r.Name, Config: r.Config, Picked: r.Picked, Of: r.Of, Story: r.Story, Link: r.Link, Next: r.Record.Next}
		if r.File != nil {
			p.Key = r.Key
		}
		s.Runs = append(s.Runs, p)
	}
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err) // no number of a configuration is infinite: Set refuses it
	}
	return raw
}

// Return puts what a session had back on an empty page, and says at which address it was; a run that was under way comes back as
// it stood at the end of its last epoch.
func (l *Lab) Return(raw []byte) (address string, ok bool) {
	var s session
	if json.Unmarshal(raw, &s) != nil || len(s.Runs) == 0 || s.Focus < 0 || s.Focus >= len(s.Runs) {
		return "", false
	}
	l.Runs = nil
	for _, p := range s.Runs {
		r := l.add(p.Name, p.Config)
		r.Picked, r.Of, r.Story = p.Picked, p.Of, p.Story
		if record, err := run.Linked(p.Link); err == nil {
			r.show(record)
			r.Recorded, r.Link, r.Picked = true, p.Link, p.Picked
		}
		if r.Coming = p.Key != "" || p.Story != ""; p.Key == "" {
			continue
		}
		l.Host.Fetch(p.Key, func(file File, ours bool) {
			r.Coming = false
			l.turns++
			if file == nil || !r.fresh() {
				return
			}
			record, err := run.ReadRecord(bytes.NewReader(file.Bytes()))
			if err != nil {
				l.say(err.Error())
				return
			}
			key := p.Key
			if !ours {
				key = ""
			}
			l.fill(r, key, record, file)
			r.Picked, r.Of = p.Picked, p.Of
			if p.Next != nil && r.resumes() && r.Record.InForce().MayBecome(*p.Next) == nil {
				r.Record.Next, r.Config = p.Next, *p.Next
			}
		})
	}
	l.Focus, l.Lesson, l.Place = s.Focus, max(0, min(s.Lesson, len(Lessons)-1)), s.Place
	if s.GPU {
		l.useGPU(true)
	}
	return s.Address, true
}

// Await has the page's first run await those that come with it, which are being loaded.
func (l *Lab) Await() {
	r := l.Run()
	r.Name, r.Story, r.Coming = Text.RecordedRun, Text.RecordedRun, true
}

// Awaits says whether recorded runs are yet to come.
func (l *Lab) Awaits() bool {
	return slices.ContainsFunc(l.Runs, func(r *Run) bool { return r.Story != "" && r.Coming })
}

// Late says that they do not come.
func (l *Lab) Late() {
	for _, r := range l.Runs {
		if r.Story != "" && r.Coming {
			r.Name, r.Story, r.Coming = l.letter(), "", false
		}
	}
}

// Recorded says whether a run that comes with the page is on it.
func (l *Lab) Recorded() bool {
	return slices.ContainsFunc(l.Runs, func(r *Run) bool { return r.Story != "" })
}

// Keys are the runs that this page may write.
func (l *Lab) Keys() (keys []string) {
	for _, r := range l.Runs {
		if r.Key != "" {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

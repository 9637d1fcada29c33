package ui

import "fmt"

// Turn says that anything on the page may have changed.
func (l *Lab) Turn() { l.turns++ }

// Version says on what a part's content depends: as long as it stays, so does Paint.
func (l *Lab) Version(id string) string {
	p, _ := partOf(id)
	switch p.follows {
	case epochs:
		r := l.Run()
		return fmt.Sprintf("%d %d %p %d %d %v %v %d", r.slot, r.live, r.Epochs, len(r.Epochs), l.Epoch, l.Edge, r.Changes, r.Record.Config.Epochs)
	case steps:
		return fmt.Sprint(l.turns, l.steps)
	}
	return fmt.Sprint(l.turns)
}

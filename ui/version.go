package ui

import "fmt"

// Turn says that anything on the page may have changed.
func (l *Lab) Turn() { l.turns++ }

// Version says on what a part's content depends: as long as it stays, so does Paint.
func (l *Lab) Version(id string) string {
	p, _ := partOf(id)
	peek := ""
	if l.peek.part == id {
		peek = fmt.Sprint(" at ", l.peek.at)
	}
	switch p.follows {
	case epochs:
		r := l.Run()
		return fmt.Sprintf("%d %d %p %d %d %v %v %d", r.slot, r.live, r.Epochs, len(r.Epochs), l.Epoch, l.Edge, r.Changes, r.Record.Config.Epochs) + peek
	case steps:
		return fmt.Sprint(l.turns, l.steps) + peek
	}
	return fmt.Sprint(l.turns) + peek
}

// Peek has a part's chart tell its values at a place; no part is none.
func (l *Lab) Peek(part string, at int) { l.peek.part, l.peek.at = part, at }

// read has a chart be one whose values can be read under the pointer.
func (l *Lab) read(part string, c chart) chart {
	if c.id = part; l.peek.part == part && l.peek.at >= 0 && l.peek.at < int(c.plane().n) {
		c.peek = &l.peek.at
	}
	return c
}

package ui

import (
	"fmt"
	"slices"
	"strings"
)

// Place is one of the page's places, each with cards of its own.
type Place string

// The places: the laboratory itself, the lessons, the runs on this machine, and the study that is open.
const (
	Explore Place = ""
	Learn   Place = "lessons"
	Shelf   Place = "runs"
	Studies Place = "studies"
)

// Places are all of them, with what leads to each.
var Places = []struct {
	ID   Place
	Name string
}{{Explore, Text.Explore}, {Learn, Text.Lessons}, {Shelf, Text.RunsHere}, {Studies, Text.Studies}}

// Second classes: of a page in one column, and of what is opened.
const (
	single = " single"
	opened = " open"
)

// Panels are those of the first screen, of which a phone shows one, and the card that each leads to.
var Panels = []struct{ ID, Name, Card string }{{"data", Text.TabData, "classes"}, {"branches", Text.TabBranches, "batches"}, {forming, Text.TabSearch, "cells"}, {"result", Text.TabResult, "accuracy"}}

// forming is the panel of the search.
const forming = "search"

// overview is the first screen, which a presentation can show like a card.
const overview = "overview"

// presented is what a presentation begins with.
func presented() map[string]bool {
	return map[string]bool{overview: true, "accuracy": true, "results": true}
}

// visit goes to a place, to one of its cards or to its top.
func (l *Lab) visit(p Place, card string) {
	l.Place, l.Presenting = p, false
	if card == "" {
		card = map[Place]string{Explore: overview, Learn: "card-lesson", Shelf: "card-kept", Studies: "card-studies"}[p]
	}
	l.Host.Focus(card)
}

// look goes to a card, in the place where it is.
func (l *Lab) look(id string) {
	p, _ := partOf(id)
	to := l.Place
	if !slices.Contains(p.places(), to) {
		to = p.places()[0]
	}
	l.visit(to, "card-"+id)
}

// places are where a part stands.
func (p part) places() []Place {
	if p.in == nil {
		return []Place{Explore}
	}
	return p.in
}

// shows says whether a card is to be seen.
func (l *Lab) shows(p part) bool {
	switch {
	case p.hidden != nil && p.hidden(l):
		return false
	case l.Presenting:
		return l.Chosen[p.id]
	}
	return slices.Contains(p.places(), l.Place)
}

// Overview says whether the first screen is to be seen, and Settings whether the settings are.
func (l *Lab) Overview() bool { return l.Settings() || l.Presenting && l.Chosen[overview] }

// Settings belong to the laboratory itself.
func (l *Lab) Settings() bool { return l.Place == Explore && !l.Presenting }

// ways are the ways to all places.
func (l *Lab) ways() (text string) {
	for _, p := range Places {
		here := ""
		if p.ID == l.Place && !l.Presenting {
			here = ` aria-current="page"`
		}
		text += fmt.Sprintf(`<button type="button" data-act="place:%s"%s>%s</button> `, p.ID, here, escape(p.Name))
	}
	return text
}

// tabs are the ways to the first screen's panels, where there is room for one; from an open one its tab leads on, as its title does.
func (l *Lab) tabs() (text string) {
	for _, p := range Panels {
		act := "panel:" + p.ID
		if p.ID == l.Panel {
			act = "look:" + p.Card
		}
		text += fmt.Sprintf(`<button type="button" data-act="%s" aria-pressed="%v">%s</button> `, act, p.ID == l.Panel, escape(p.Name))
	}
	return text
}

// presenter is what a presentation can show.
func (l *Lab) presenter() string {
	if !l.Presenting {
		return ""
	}
	var b strings.Builder
	b.WriteString(button("present:", Text.PresentEnd))
	fmt.Fprintf(&b, `<button type="button" class="fold" data-act="fold:presenter" aria-expanded="%v">%s</button>`, l.Folded["presenter"], escape(Text.Presents))
	if !l.Folded["presenter"] {
		return b.String()
	}
	choice := func(id, title string) {
		fmt.Fprintf(&b, `<button type="button" data-act="choose:%s" aria-pressed="%v">%s</button> `, id, l.Chosen[id], escape(title))
	}
	choice(overview, Text.Overview)
	for _, p := range parts {
		if p.at != outside && p.at != chapter && p.in == nil && (p.hidden == nil || !p.hidden(l)) {
			choice(p.id, Text.Card[p.id])
		}
	}
	return b.String()
}

// Class is that of the whole page.
func (c *Root) Class() string {
	switch {
	case c.Lab.Presenting:
		return "lab" + single + " presenting"
	case !c.Lab.Settings():
		return "lab" + single
	}
	return "lab"
}

// Drawer is the class of the settings, which a phone shows when they are asked for.
func (c *Root) Drawer() string {
	if c.Lab.Folded["drawer"] {
		return "settings" + opened
	}
	return "settings"
}

// Panel is a panel's class.
func (c *Root) Panel(id string) string {
	if id == c.Lab.Panel {
		return "panel" + opened
	}
	return "panel"
}

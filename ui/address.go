package ui

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"hlrslab/core/run"
)

// Address is the run in focus as the part of the page's address after #: the settings that differ from the small preset's. The
// images are named where the person has picked them, or the run is on the toy set: else a link should take what is there. A lesson
// that is open is named by its number, and runs and studies as places.
func (l *Lab) Address() string {
	r := l.Run()
	v := map[string]string{}
	for _, f := range run.Fields() {
		if f.Name == "dataset" {
			if r.Config.Dataset != "own" && (r.Picked || r.Config.Dataset == "toy" && (r.Fixed() || r.seen())) {
				v[f.Name] = r.Config.Dataset
			}
			continue
		}
		if text := f.Value(r.Config); text != f.Value(preset) {
			v[f.Name] = text
		}
	}
	switch l.Place {
	case Learn:
		v["lesson"] = strconv.Itoa(l.Lesson + 1)
	case Shelf, Studies:
		v["place"] = string(l.Place)
	}
	return query(v)
}

// Go takes an address: what it does not name is the small preset's, and names that are none are said. A run of which something was
// made stays, and another one beside it takes the settings.
func (l *Lab) Go(address string) {
	address = strings.TrimPrefix(address, "#")
	if address == "" || address == l.Address() {
		return
	}
	v, err := parse(address)
	if err != nil {
		l.say(fmt.Sprintf(Text.BadAddress, err))
		return
	}
	if n, err := strconv.Atoi(v["lesson"]); err == nil && n >= 1 && n <= len(Lessons) {
		l.Lesson, l.Place = n-1, Learn
		delete(v, "lesson")
	}
	if p := Place(v["place"]); p == Shelf || p == Studies {
		l.Place = p
		delete(v, "place")
	}
	if text := v["record"]; text != "" { // what stands beside it are its settings
		l.linked(v["name"], text)
		return
	}
	if len(v) == 0 {
		return
	}
	r := l.Run()
	if !r.fresh() {
		if r = l.beside(r, ""); r == nil {
			return
		}
	}
	c := preset
	c.Dataset, r.Picked = r.Config.Dataset, r.Config.Dataset == "own"
	typed := map[string]string{}
	var wrong []string
	for name, value := range v {
		f, known := run.FieldOf(name)
		if !known {
			wrong = append(wrong, fmt.Sprintf(Text.NoSetting, name))
		} else if err := f.Set(&c, value); err != nil {
			typed[name] = value
		} else if name == "dataset" {
			r.Picked = true
		}
	}
	r.Config, r.Typed = c, typed
	if l.settle(); len(wrong) > 0 {
		l.say(fmt.Sprintf(Text.PassedOver, strings.Join(wrong, "; ")))
	}
}

// linked puts the record that a link carries on the page.
func (l *Lab) linked(name, text string) {
	record, err := run.Linked(text)
	if err != nil {
		l.say(fmt.Sprintf(Text.BadRecord, err))
		return
	}
	l.linkedRun(cmp.Or(name, Text.Linked), record, text)
}

// linkedRun puts a record on the page that a link can carry, and brings it into focus; it says whether there is room.
func (l *Lab) linkedRun(name string, record run.Record, text string) bool {
	r := l.Run()
	if r.fresh() {
		r.Name = ""
	} else if l.full() {
		return false
	} else {
		r = l.add("", r.Config)
	}
	r.Name = l.unique(name, "")
	r.show(record)
	r.Recorded, r.Picked, r.Link = true, true, text
	l.Epoch = -1
	l.check(r, "")
	return true
}

// Bare says whether an address names no settings, but at most a place.
func Bare(address string) bool {
	v, err := parse(address)
	delete(v, "lesson")
	delete(v, "place")
	return err == nil && len(v) == 0
}

func field(name string) run.Field {
	f, ok := run.FieldOf(name)
	if !ok {
		panic("ui: no field " + name)
	}
	return f
}

package ui

import (
	"fmt"
	"net/url"
	"strings"

	"hlrslab/core/search"
)

// Address is the run in focus as the part of the page's address after #: the settings that differ from the small preset's. The
// data are named only where a link should not take what is there.
func (l *Lab) Address() string {
	c := l.Run().Config
	v := url.Values{}
	for _, f := range search.Fields() {
		if f.Name == "dataset" && (c.Dataset != "toy" || l.pack == "") {
			continue
		}
		if text := f.Value(c); text != f.Value(preset) {
			v.Set(f.Name, text)
		}
	}
	return v.Encode()
}

// Go takes an address: what it does not name is the small preset's, and names that are none are said.
func (l *Lab) Go(address string) {
	address = strings.TrimPrefix(address, "#")
	if address == "" || address == l.Address() {
		return
	}
	v, err := url.ParseQuery(address)
	if err != nil {
		l.Notice = fmt.Sprintf(Text.BadAddress, err)
		return
	}
	l.Reset()
	r := l.Run()
	c := preset
	c.Dataset = r.Config.Dataset
	var wrong []string
	for name := range v {
		f, known := find(name)
		if !known {
			wrong = append(wrong, fmt.Sprintf(Text.NoSetting, name))
		} else if err := f.Set(&c, v.Get(name)); err != nil {
			wrong = append(wrong, err.Error())
		} else if name == "dataset" {
			l.forced = true
		}
	}
	r.Config = c
	r.check("", l.classes)
	if len(wrong) > 0 {
		l.Notice = fmt.Sprintf(Text.PassedOver, strings.Join(wrong, "; "))
	}
}

func find(name string) (search.Field, bool) {
	for _, f := range search.Fields() {
		if f.Name == name {
			return f, true
		}
	}
	return search.Field{}, false
}

func field(name string) search.Field {
	f, ok := find(name)
	if !ok {
		panic("ui: no field " + name)
	}
	return f
}

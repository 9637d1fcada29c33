package ui

import (
	"fmt"
	"reflect"
	"strings"

	"hlrslab/core/run"
)

// elsewhere are the fields that are set by other means than a control of their own.
var elsewhere = map[string]bool{"arch-points": true, "mix-points": true, "task": true}

// more is all settings beside the usual ones, by their groups.
func (l *Lab) more() string {
	var groups []string
	text := map[string]string{}
	for _, f := range run.Fields() {
		if usual, _ := control(f.Name); usual || elsewhere[f.Name] || !f.Of(l.Run().Config.Task) {
			continue
		}
		if text[f.Group] == "" {
			groups = append(groups, f.Group)
		}
		text[f.Group] += l.input(f)
	}
	var b strings.Builder
	for _, g := range groups {
		fmt.Fprintf(&b, `<fieldset><legend>%s</legend>%s</fieldset>`, strings.ToUpper(g[:1])+g[1:], text[g])
	}
	return b.String()
}

// input is a field's label, control, help and what is wrong with it.
func (l *Lab) input(f run.Field) string {
	s := l.control(f, f.Label)
	attrs := fmt.Sprintf(`id="%s" data-set="%[1]s" aria-describedby="%[1]s-help"`, f.Name)
	if l.Run().Fixed() && !f.Live {
		attrs += " disabled"
	}
	var control string
	switch {
	case f.Enum != nil:
		for _, o := range f.Enum {
			selected := ""
			if o == s.Value {
				selected = " selected"
			}
			control += fmt.Sprintf(`<option%s>%s</option>`, selected, o)
		}
		control = `<select ` + attrs + `>` + control + `</select>`
	case f.Kind == reflect.Bool:
		if s.Value == "true" {
			attrs += " checked"
		}
		control = `<input type="checkbox" ` + attrs + `>`
	case f.Kind == reflect.String, f.Kind == reflect.Slice:
		control = fmt.Sprintf(`<input type="text" %s value="%s">`, attrs, escape(s.Value))
	default: // a field for text keeps what was typed, even if it is no number
		control = fmt.Sprintf(`<input type="text" inputmode="decimal" %s value="%s">`, attrs, escape(s.Value))
	}
	return fmt.Sprintf(`<div class="control"><label for="%s">%s <output>%s</output></label>%s<small id="%s-help">%s</small><small class="wrong" role="alert">%s</small></div>`,
		f.Name, s.Label, s.Text, control, f.Name, escape(s.Help), escape(s.Wrong))
}

package ui

import (
	"fmt"
	"strings"

	"hlrslab/core/darts"
	"hlrslab/core/draw"
)

// steering is what forbids and pins operations by hand, on the edge that is looked at or on all.
func (l *Lab) steering() string {
	c := l.Run().Config
	var b strings.Builder
	fmt.Fprintf(&b, `<p class="steer"><label for="operation">%s</label> <select id="operation" data-choose="operation">`, escape(Text.Operation))
	for k, op := range darts.Primitives {
		selected := ""
		if k == l.Operation {
			selected = " selected"
		}
		fmt.Fprintf(&b, `<option value="%d"%s>%s</option>`, k, selected, escape(draw.Short(op)))
	}
	b.WriteString(`</select> ` + button("steer:-here", Text.Forbid) + button("steer:+here", Text.Pin) + button("steer:-all", Text.ForbidAll))
	if c.Steer == "" {
		return b.String() + `</p>` + note(escape(Text.SteerNote))
	}
	return b.String() + button("steer:lift", Text.Lift) + `</p>` + note(escape(fmt.Sprintf(Text.Steered, strings.ReplaceAll(c.Steer, ",", ", "))))
}

// steer adds a rule, or takes all of them away.
func (l *Lab) steer(how string) {
	c := l.Run().Config
	if how == "lift" {
		c.Steer = ""
		l.change(c, "steer")
		return
	}
	op, cell := darts.Primitives[l.Operation], "normal"
	if l.Edge.Reduce {
		cell = "reduce"
	}
	rule := how[:1] + op
	if how[1:] == "here" {
		rule = fmt.Sprintf("%s%s:%s:%s", how[:1], cell, darts.EdgeName(l.Edge.Index), op)
	}
	rules := append(strings.FieldsFunc(c.Steer, func(x rune) bool { return x == ',' }), rule)
	c.Steer = strings.Join(rules, ",")
	if _, err := darts.ParseSteering(c.Steer, c.Nodes); err != nil {
		l.say(fmt.Sprintf(Text.NotSteered, err))
		return
	}
	l.change(c, "steer")
}

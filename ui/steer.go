package ui

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"hlrslab/core/darts"
	"hlrslab/core/draw"
	"hlrslab/core/run"
	"hlrslab/ui/msg"
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
		b.WriteString(`</p>` + note(escape(Text.SteerNote)))
	} else {
		b.WriteString(button("steer:lift", Text.Lift) + `</p>` + note(escape(fmt.Sprintf(Text.Steered, rules(c.Steer)))))
	}
	return b.String() + l.cost()
}

// rules are those of a steering, in words.
func rules(steering string) string {
	var words []string
	for rule := range strings.FieldsFuncSeq(steering, func(r rune) bool { return r == ',' || r == ' ' }) {
		parts := strings.Split(rule[1:], ":")
		where, op := Text.Everywhere, draw.Short(parts[len(parts)-1])
		if len(parts) > 1 {
			if where = Text.NormalCell; parts[0] == "reduce" {
				where = Text.ReduceCell
			}
			where = strings.ToLower(where)
		}
		if len(parts) > 2 {
			where += ", " + strings.NewReplacer("-", "−", ">", "→").Replace(parts[1])
		}
		says := Text.Forbidden
		if rule[0] == '+' {
			says = Text.Pinned
		}
		words = append(words, fmt.Sprintf(says, op, where))
	}
	return strings.Join(words, "; ")
}

// part is the place of the edge that is looked at among a run's parts.
func (l *Lab) part() int {
	if l.Edge.Reduce {
		return darts.Edges(l.Run().Config.Nodes) + l.Edge.Index
	}
	return l.Edge.Index
}

// cost asks what accuracy the edge that is looked at is worth, or says so.
func (l *Lab) cost() string {
	r := l.Run()
	if r.File == nil || len(r.Epochs) == 0 {
		return ""
	}
	said := Text.CostNote
	if answer, asked := r.costs[l.part()]; asked {
		said = answer
	}
	return `<p class="steer">` + button("cost:here", Text.AskCost) + `</p><p class="note" role="status">` + escape(said) + `</p>`
}

// askCost has the worker test the run in focus, as it was kept last, without the edge that is looked at.
func (l *Lab) askCost() {
	r := l.Run()
	if r.File == nil {
		return
	}
	kept, err := run.ReadRecord(bytes.NewReader(r.File.Bytes()))
	if err != nil {
		l.say(err.Error())
		return
	}
	if kept.Last() == nil {
		return
	}
	r.costs = map[int]string{l.part(): Text.CostComing}
	r.costEpoch = kept.Last().Epoch + 1
	l.Host.Send(r.slot, msg.Command{Do: "without", Run: r.live, Pack: l.packOf(kept.Config), Part: l.part()}, r.File)
}

// costs takes the answer, if it is still waited for.
func (l *Lab) costs(r *Run, m msg.Report) {
	if r.costs[m.Part] != Text.CostComing {
		return
	}
	l.turns++
	said := fmt.Sprintf(Text.CostFailed, m.Error)
	if m.Error == "" {
		edges := darts.Edges(r.Config.Nodes)
		said = fmt.Sprintf(Text.CostIs, r.costEpoch, percent(m.Accuracies[0]), Edge{m.Part >= edges, m.Part % edges}.name(), percent(m.Accuracies[1]))
	}
	r.costs = map[int]string{m.Part: said}
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
	edge := rule[1:max(1, strings.LastIndex(rule, ":")+1)] // empty where it is for all
	var rules []string
	for _, r := range append(strings.FieldsFunc(c.Steer, func(x rune) bool { return x == ',' }), rule) {
		if how == "+here" && r != rule && strings.HasPrefix(r[1:], edge) || slices.Contains(rules, r) {
			continue // a pin takes the place of what was said of its edge
		}
		rules = append(rules, r)
	}
	c.Steer = strings.Join(rules, ",")
	if _, err := darts.ParseSteering(c.Steer, c.Nodes); err != nil {
		l.say(fmt.Sprintf(Text.NotSteered, err))
		return
	}
	l.change(c, "steer")
}

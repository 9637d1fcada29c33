package ui

import (
	"fmt"
	"math"

	"github.com/vugu/vugu"

	"hlrslab/core/sched"
	"hlrslab/core/search"
)

// Root is the page.
type Root struct {
	Lab *Lab
}

// PlayLabel says what the first button does.
func (c *Root) PlayLabel() string {
	switch {
	case c.Lab.Asked:
		return "Pause"
	case c.Lab.Started && !c.Lab.Done:
		return "Continue"
	case c.Lab.Done:
		return "Start again"
	}
	return "Start"
}

// Group is settings that belong together, with the curve they make.
type Group struct {
	Legend, Chart string
	Controls      []Control
	Fixed         bool // while there is a run
}

// Control is one setting as the page shows it.
type Control struct {
	Name, Label, Text, Value, Help string
	Min, Max, Step                 string
	Enum                           []string
	Wrong                          string
	Number                         bool // to type; otherwise a slider, if there is no Enum
}

// controls are the usual settings, and the range of their sliders; without a range it is a number to type.
var controls = []struct {
	group, name, label string
	min, max, step     float64
}{
	{"rate", "arch-schedule", "Family", 0, 0, 0},
	{"rate", "arch-param", "", 0, 0, 0},
	{"rate", "arch-rate", "Peak rate", 0, 0.02, 0.0001},
	{"mix", "mix", "Family", 0, 0, 0},
	{"mix", "mix-param", "", 0, 0, 0},
	{"start", "imbalance", "Imbalance factor", 1, 250, 1},
	{"start", "n-max", "Images of the largest class", 20, 500, 10},
	{"start", "epochs", "Epochs", 1, 50, 1},
	{"start", "seed", "Seed", 0, 0, 1},
}

// Groups are the settings: both schedules, which may change during a run, and what a run starts with.
func (c *Root) Groups() []Group {
	l := c.Lab
	return []Group{
		{"Architecture rate (HLRS)", l.RateChart(), c.controls("rate"), false},
		{"Branch mixing", l.MixChart(), c.controls("mix"), false},
		{"The run", "", c.controls("start"), l.Started},
	}
}

// controls are a group's settings; a family's parameter stands there only where it has one.
func (c *Root) controls(group string) (out []Control) {
	for _, v := range controls {
		if v.group != group {
			continue
		}
		f := field(v.name)
		s := Control{Name: v.name, Label: v.label, Value: f.Value(c.Lab.Config), Enum: f.Enum, Help: f.Help + " Default " + f.Value(preset) + "."}
		s.Text = s.Value + " " + f.Unit
		families, id := sched.Families, c.Lab.Config.ArchSchedule
		if group == "mix" {
			families, id = sched.Mixes, c.Lab.Config.Mix
		}
		family, _ := sched.Find(families, id)
		switch v.name {
		case "arch-schedule", "mix":
			s.Text, s.Help = family.Formula, family.Note
		case "arch-param", "mix-param":
			p := family.Param
			if p.Name == "" {
				continue
			}
			v.min, v.max = p.Min, min(p.Max, 20)
			if p.Unit == "epochs" {
				v.max = float64(c.Lab.Config.Epochs)
			}
			v.step = 0.01
			if v.max-v.min >= 5 {
				v.step = math.Ceil((v.max-v.min)/1000*10) / 10
			}
			if s.Value == "0" {
				s.Value = fmt.Sprint(min(p.Default, v.max))
			}
			s.Label, s.Text, s.Help = "Parameter "+p.Name, s.Value+" "+p.Unit, fmt.Sprintf("%v to %v, default %v.", v.min, v.max, p.Default)
		}
		if c.Lab.Wrong.Field == v.name {
			s.Wrong = c.Lab.Wrong.Text
		}
		s.Number = s.Enum == nil && v.min == v.max
		s.Min, s.Max, s.Step = fmt.Sprint(v.min), fmt.Sprint(v.max), fmt.Sprint(v.step)
		out = append(out, s)
	}
	return out
}

// Selected is the attribute of the option in force.
func (s Control) Selected(option string) vugu.VGAttributeListerFunc {
	return flag("selected", option == s.Value)
}

// Disabled is the attribute of a group that cannot change now.
func (g Group) Disabled() vugu.VGAttributeListerFunc { return flag("disabled", g.Fixed) }

// flag is an attribute that stands or does not.
func flag(name string, on bool) vugu.VGAttributeListerFunc {
	return func() (attrs []vugu.VGAttribute) {
		if on {
			attrs = append(attrs, vugu.VGAttribute{Key: name, Val: name})
		}
		return attrs
	}
}

func field(name string) search.Field {
	for _, f := range search.Fields() {
		if f.Name == name {
			return f
		}
	}
	panic("ui: no field " + name)
}

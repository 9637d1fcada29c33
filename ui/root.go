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
	if c.Lab.Running {
		return "Pause"
	}
	return "Start"
}

// Control is one setting as the page shows it.
type Control struct {
	Name, Label, Text, Value, Help string
	Min, Max, Step                 string
	Enum                           []string
}

// Selected is the attribute of the option in force.
func (s Control) Selected(option string) vugu.VGAttributeListerFunc {
	return func() (attrs []vugu.VGAttribute) {
		if option == s.Value {
			attrs = append(attrs, vugu.VGAttribute{Key: "selected", Val: "selected"})
		}
		return attrs
	}
}

// Controls are the usual settings; a family's parameter stands there only where it has one.
func (c *Root) Controls() (out []Control) {
	for _, v := range []struct {
		name, label    string
		min, max, step float64
	}{
		{"arch-schedule", "Architecture rate over the epochs (HLRS)", 0, 0, 0},
		{"arch-param", "", 0, 0, 0},
		{"arch-rate", "Peak architecture rate", 0, 0.02, 0.0001},
		{"mix", "Branch mixing over the epochs", 0, 0, 0},
		{"mix-param", "", 0, 0, 0},
		{"imbalance", "Imbalance factor", 1, 100, 1},
		{"epochs", "Epochs", 1, 50, 1},
		{"n-max", "Images of the largest class", 50, 500, 10},
	} {
		f := field(v.name)
		s := Control{Name: v.name, Label: v.label, Value: f.Value(c.Lab.Config), Enum: f.Enum, Help: f.Help + " Default " + f.Default + "."}
		s.Text = s.Value + " " + f.Unit
		var p sched.Param
		switch v.name {
		case "arch-schedule", "arch-param":
			family, _ := sched.Find(sched.Families, c.Lab.Config.ArchSchedule)
			p = family.Param
			s.Text = family.Formula
		case "mix", "mix-param":
			family, _ := sched.Find(sched.Mixes, c.Lab.Config.Mix)
			p = family.Param
			s.Text = family.Formula
		}
		if v.name == "arch-param" || v.name == "mix-param" {
			if p.Name == "" {
				continue
			}
			s.Label, v.min, v.max, v.step = "Its parameter "+p.Name, p.Min, p.Max, (p.Max-p.Min)/100
			if math.IsInf(v.max, 0) || v.max > 100 {
				v.max, v.step = 100, 0.5
			}
			if s.Value == "0" {
				s.Value = fmt.Sprint(p.Default)
			}
			s.Text = s.Value + " " + p.Unit
		}
		s.Min, s.Max, s.Step = fmt.Sprint(v.min), fmt.Sprint(v.max), fmt.Sprint(v.step)
		out = append(out, s)
	}
	return out
}

func field(name string) search.Field {
	for _, f := range search.Fields() {
		if f.Name == name {
			return f
		}
	}
	panic("ui: no field " + name)
}

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
	r := c.Lab.Run()
	switch {
	case r.asked:
		return Text.Pause
	case r.Fixed(), r.Recorded && !r.moved() && r.File != nil && len(r.Epochs) < r.Record.Config.Epochs:
		return Text.Continue
	case r.Done:
		return Text.StartAgain
	}
	return Text.Start
}

// Group is settings that belong together, with the curve they make.
type Group struct {
	ID, Legend string
	Curve      bool
	Controls   []Control
	Fixed      bool // while there is a run
}

// Control is one setting as the page shows it.
type Control struct {
	Name, Label, Text, Value, Help string
	Min, Max, Step                 string
	Enum                           []string
	Wrong                          string
	Number                         bool // to type; otherwise a slider, if there is no Enum
	Hidden                         bool // a parameter that its family lacks
}

// controls are the usual settings, and the range of their sliders; without a range it is a number to type.
var controls = []struct {
	group, name    string
	min, max, step float64
}{
	{"rate", "arch-schedule", 0, 0, 0},
	{"rate", "arch-param", 0, 0, 0},
	{"rate", "arch-rate", 0, 0.02, 0.0001},
	{"rate", "arch-equal", 0, 0, 0},
	{"mix", "mix", 0, 0, 0},
	{"mix", "mix-param", 0, 0, 0},
	{"start", "imbalance", 1, 250, 1},
	{"start", "n-max", 20, 500, 10},
	{"start", "epochs", 1, 50, 1},
	{"start", "branches", 0, 0, 0},
	{"start", "seed", 0, 0, 1},
}

// Groups are the usual settings: both schedules, which may change during a run, and what a run starts with.
func (c *Root) Groups() []Group {
	fixed := c.Lab.Run().Fixed()
	return []Group{
		{"arch", Text.GroupArch, true, c.controls("rate"), false},
		{"mix", Text.GroupMix, true, c.controls("mix"), false},
		{"start", Text.GroupStart, false, c.controls("start"), fixed},
	}
}

// control is what the table of limits says of a field.
func (l *Lab) control(f search.Field, label string) Control {
	r := l.Run()
	s := Control{Name: f.Name, Label: label, Value: f.Value(r.Config), Enum: f.Enum, Help: f.Help}
	s.Text = f.Unit
	if !math.IsNaN(f.Min) {
		s.Min, s.Max = fmt.Sprint(f.Min), fmt.Sprint(f.Max)
		s.Help += " " + fmt.Sprintf(Text.Range, s.Min, s.Max)
	}
	if d := f.Value(preset); d != "" {
		s.Help += " " + fmt.Sprintf(Text.Default, d)
	}
	if r.Wrong.Field == f.Name {
		s.Wrong = r.Wrong.Text
	}
	return s
}

// controls are a group's settings; a family's parameter stands there only where it has one.
func (c *Root) controls(group string) (out []Control) {
	config := c.Lab.Run().Config
	for _, v := range controls {
		if v.group != group {
			continue
		}
		f := field(v.name)
		s := c.Lab.control(f, Text.Label[v.name])
		s.Text = s.Value + " " + f.Unit
		families, id := sched.Families, config.ArchSchedule
		if group == "mix" {
			families, id = sched.Mixes, config.Mix
		}
		family, _ := sched.Find(families, id)
		switch v.name {
		case "arch-schedule", "mix":
			s.Text, s.Help = family.Formula, family.Note
			if points := v.name[:3]; s.Wrong == "" && (c.Lab.Run().Wrong.Field == points+"-points" || c.Lab.Run().Wrong.Field == "arch-points" && points == "arc") {
				s.Wrong = c.Lab.Run().Wrong.Text
			}
		case "arch-param", "mix-param":
			p := family.Param
			if s.Hidden = p.Name == ""; s.Hidden {
				break
			}
			v.min, v.max = p.Min, min(p.Max, 20)
			if p.Unit == "epochs" {
				v.max = float64(config.Epochs)
			}
			v.step = 0.01
			if v.max-v.min >= 5 {
				v.step = math.Ceil((v.max-v.min)/1000*10) / 10
			}
			if s.Value == "0" {
				s.Value = fmt.Sprint(min(p.Default, v.max))
			}
			s.Label, s.Text, s.Help = fmt.Sprintf(Text.Parameter, p.Name), s.Value+" "+p.Unit, fmt.Sprintf(Text.RangeDefault, v.min, v.max, p.Default)
		}
		s.Number = s.Enum == nil && v.min == v.max
		if !s.Number {
			s.Min, s.Max = fmt.Sprint(v.min), fmt.Sprint(v.max)
		}
		s.Step = fmt.Sprint(v.step)
		out = append(out, s)
	}
	return out
}

// Names are those of the runs, and nothing in the place of one that may come.
func (c *Root) Names() []string {
	names := make([]string, Most)
	for i, r := range c.Lab.Runs {
		names[i] = r.Name
	}
	return names
}

// Current marks the run in focus.
func (c *Root) Current(i int) vugu.VGAttributeListerFunc {
	return func() []vugu.VGAttribute {
		return []vugu.VGAttribute{{Key: "aria-pressed", Val: fmt.Sprint(i == c.Lab.Focus)}}
	}
}

// TableOf names a table that a button folds out.
func (c *Root) TableOf(title string) string { return fmt.Sprintf(Text.TableOf, title) }

// AddBaseline is the label of a button that adds one.
func (c *Root) AddBaseline(name string) string { return fmt.Sprintf(Text.AddBaseline, name) }

// Expanded says whether what a button folds out is out.
func (c *Root) Expanded(id string) vugu.VGAttributeListerFunc {
	return func() []vugu.VGAttribute {
		return []vugu.VGAttribute{{Key: "aria-expanded", Val: fmt.Sprint(c.Lab.Folded[id])}}
	}
}

// Class of a card.
func (c Card) Class() string {
	if c.Wide {
		return "card" + broad
	}
	return "card"
}

// RunClass has the colour of a run in comparisons.
func (c *Root) RunClass(i int) string { return fmt.Sprint("run", i) }

// Baseline is what adds one.
func (c *Root) Baseline(i int) string { return fmt.Sprint("baseline:", i) }

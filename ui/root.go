package ui

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/vugu/vugu"

	"hlrslab/core/run"
	"hlrslab/core/sched"
)

// Root is the page.
type Root struct {
	Lab *Lab
}

// PlayLabel says what the first button does.
func (c *Root) PlayLabel() string { return c.Lab.Run().playLabel() }

func (r *Run) playLabel() string {
	switch {
	case r.asked:
		return Text.Pause
	case r.Fixed(), r.resumes():
		return Text.Continue
	case r.Story != "":
		return Text.RunHere
	case r.Done, len(r.Epochs) > 0:
		return Text.StartAgain
	}
	return Text.Start
}

// FilmLabel says what the button of the film does.
func (c *Root) FilmLabel() string {
	switch {
	case c.Lab.Film:
		return Text.FilmPause
	case c.Lab.Run().Story != "":
		return Text.Film
	}
	return Text.FilmOn
}

// Primary is the class of the one button that matters most: the film's where there is a recorded run to see, or else Start.
func (c *Root) Primary(film bool) string {
	if film == (c.Lab.Run().Story != "" && !c.Lab.Run().moved()) {
		return "primary"
	}
	return ""
}

// Stuck says whether a setting keeps a run from beginning, as aria-disabled has it: a press says which.
func (c *Root) Stuck() string {
	r := c.Lab.Run()
	return strconv.FormatBool(!r.Fixed() && r.Wrong.Text != "")
}

// Mixes says whether two branches are mixed in the run in focus.
func (c *Root) Mixes() bool { return field("mix").Counts(c.Lab.Run().Config) }

// Group is settings that belong together.
type Group struct {
	ID       string // of the curve that they make, if they make one
	Legend   string
	Controls []Control
	Fixed    bool   // while there is a run
	Note     string // why nothing can be set here now
}

// Control is one setting as the page shows it.
type Control struct {
	Name, Label, Text, Value, Help string
	Min, Max                       string
	Enum, Off                      []string // the choices, and those that are not to be had now
	Wrong                          string
	Hidden                         bool // it has no part in the run as it is set

	Slider     bool   // beside the value to type
	Place, Top string // where the slider stands, and its last place
	stops      []float64
}

// controls are the usual settings.
var controls = []struct {
	group, name string
	slider      bool
}{
	{"rate", "arch-schedule", false},
	{"rate", "arch-param", true},
	{"rate", "arch-rate", true},
	{"rate", "arch-equal", false},
	{"mix", "mix", false},
	{"mix", "mix-param", true},
	{"start", "dataset", false},
	{"start", "imbalance", true},
	{"start", "n-max", true},
	{"start", "epochs", true},
	{"start", "branches", false},
	{"start", "seed", false},
}

// valueField ends the id of the field beside a slider.
const valueField = "-value"

// control says whether a field has a control among the usual ones, which are always there, and a slider.
func control(name string) (usual, slider bool) {
	for _, v := range controls {
		if v.name == name {
			return true, v.slider
		}
	}
	return false, false
}

// Groups are the usual settings: both schedules, which may change during a run, and what a run starts with.
func (c *Root) Groups() []Group {
	rate := Group{ID: "arch", Legend: Text.GroupArch, Controls: c.controls("rate")}
	if !field("arch-schedule").Counts(c.Lab.Run().Config) {
		if rate.ID, rate.Note = "", Text.NoArchitecture; !trains(c.Lab) {
			rate.Note = Text.NoAlphas
		}
		for i := range rate.Controls {
			rate.Controls[i].Hidden = true
		}
	}
	mix := Group{ID: "mix", Legend: Text.GroupMix, Controls: c.controls("mix")}
	start := Group{Legend: Text.GroupStart, Controls: c.controls("start"), Fixed: c.Lab.Run().Fixed()}
	if !c.Mixes() {
		mix.ID, mix.Note = "", Text.NoMixing
		for i := range mix.Controls {
			mix.Controls[i].Hidden = true
		}
	}
	if start.Fixed {
		start.Note = Text.Fixed
	}
	return []Group{rate, mix, start}
}

// control is what the table of limits says of a field.
func (l *Lab) control(f run.Field, label string) Control {
	r := l.Run()
	s := Control{Name: f.Name, Label: label, Value: f.Value(r.Config), Enum: f.Enum, Help: f.Help}
	s.Text = f.Unit
	if !math.IsNaN(f.Min) {
		s.Min, s.Max = fmt.Sprint(f.Min), fmt.Sprint(f.Max)
		s.Help += " " + fmt.Sprintf(Text.Range, s.Min, s.Max)
	}
	if d := f.Value(presetOf(r.Config.Task)); d != "" {
		s.Help += " " + fmt.Sprintf(Text.Default, d)
	}
	if r.Wrong.Field == f.Name {
		s.Wrong = r.Wrong.Text
	}
	if text, ok := r.Typed[f.Name]; ok {
		c := r.Config
		s.Value, s.Wrong = text, worded(f.Set(&c, text))
	}
	for _, o := range s.Enum {
		if _, here := l.holds(o); f.Name == "dataset" && !here {
			s.Off = append(s.Off, o)
		}
	}
	return s
}

// controls are a group's settings; a family's parameter is to be seen only where it has one.
func (c *Root) controls(group string) (out []Control) {
	r := c.Lab.Run()
	for _, v := range controls {
		if v.group != group {
			continue
		}
		f := field(v.name)
		s := c.Lab.control(f, f.Label)
		min, max := f.Min, f.Max
		whole := f.Kind == reflect.Int || f.Kind == reflect.Uint64
		switch v.name {
		case "arch-schedule", "mix":
			family, _ := sched.Find(run.Families(v.name), s.Value)
			s.Text, s.Help = family.Formula, family.Note
			if points := v.name[:3]; s.Wrong == "" && (r.Wrong.Field == points+"-points" || r.Wrong.Field == "arch-points" && points == "arc") {
				s.Wrong = r.Wrong.Text
			}
		case "arch-param", "mix-param":
			family, _ := f.Family(r.Config)
			p := family.Param
			if s.Hidden = p.Name == ""; s.Hidden {
				break
			}
			min, max = p.Min, p.Max
			if p.Unit == "epochs" {
				max, whole = float64(r.Config.Epochs), true
			}
			if s.Value == "0" {
				s.Value = fmt.Sprint(math.Min(p.Default, max))
			}
			s.Label, s.Text, s.Help = fmt.Sprintf(Text.Parameter, p.Name), p.Unit, fmt.Sprintf(Text.RangeDefault, min, max, p.Default)
		case "n-max": // of more there is no choice
			max = float64(r.Config.Pool)
			s.Help = f.Help + " " + fmt.Sprintf(Text.Range, fmt.Sprint(min), fmt.Sprint(max)) + " " + fmt.Sprintf(Text.Default, f.Value(preset))
		}
		if s.Slider = v.slider; v.slider {
			at, _ := strconv.ParseFloat(s.Value, 64)
			s.stops = stops(min, max, whole || min == 1) // between 1 and 2 times as many images nobody looks
			s.Place, s.Top = strconv.Itoa(place(s.stops, at)), strconv.Itoa(len(s.stops)-1)
			s.Min, s.Max = fmt.Sprint(min), fmt.Sprint(max)
		}
		out = append(out, s)
	}
	return out
}

// Disabled says whether a choice is not to be had.
func (s Control) Disabled(option string) bool { return slices.Contains(s.Off, option) }

// Typed is the id of a control's field to type in: that of the control, unless it has a slider.
func (s Control) Typed() string {
	if s.Slider {
		return s.Name + valueField
	}
	return s.Name
}

// Spoken is what a slider says of where it stands.
func (s Control) Spoken() string { return strings.TrimSpace(s.Value + " " + s.Text) }

// TableOf names a table that a button folds out.
func (c *Root) TableOf(title string) string { return fmt.Sprintf(Text.TableOf, title) }

// Expanded says whether what a button folds out is out.
func (c *Root) Expanded(id string) vugu.VGAttributeListerFunc {
	return func() []vugu.VGAttribute {
		return []vugu.VGAttribute{{Key: "aria-expanded", Val: fmt.Sprint(c.Lab.Folded[id])}}
	}
}

// Class of a card.
func (c Card) Class() string {
	switch {
	case c.Chapter:
		return "chapter" + broad
	case c.Wide:
		return "card" + broad
	}
	return "card"
}

// Trains says whether the run in focus trains a network.
func (c *Root) Trains() bool { return c.Lab.Run().trains() }

// Law is the formula of the schedule that a field is the parameter of, as the controls stand.
func (c *Root) Law(name string) string {
	family, _ := field(name).Family(c.Lab.Run().Config)
	return family.Formula
}

// Third is the title of the third panel: of a search, or of the cell that is trained.
func (c *Root) Third() string {
	if c.Trains() {
		return Text.PanelCell
	}
	return Text.PanelSearch
}

package ui

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"hlrslab/core/run"
)

// element is one of a drawing.
type element struct {
	name, text string
	attr       map[string]string
}

func (e element) number(name string) float64 {
	v, err := strconv.ParseFloat(e.attr[name], 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// elements are those of a drawing, in order.
func elements(t *testing.T, svg string) (out []element) {
	t.Helper()
	at := strings.Index(svg, "<svg viewBox")
	d := xml.NewDecoder(strings.NewReader(svg[at : at+strings.Index(svg[at:], "</svg>")+len("</svg>")]))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("%v: %s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{token.Name.Local, "", map[string]string{}}
			for _, a := range token.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			out = append(out, e)
		case xml.CharData:
			if len(out) > 0 {
				out[len(out)-1].text += string(token)
			}
		}
	}
}

// curve is the points of a drawing's first line.
func curve(t *testing.T, all []element) (x, y []float64) {
	t.Helper()
	for _, e := range all {
		if !strings.HasPrefix(e.attr["class"], "line") {
			continue
		}
		for part := range strings.FieldsFuncSeq(e.attr["d"], func(r rune) bool { return r == 'M' || r == 'L' }) {
			var px, py float64
			if _, err := fmt.Sscan(part, &px, &py); err != nil {
				t.Fatal(err)
			}
			x, y = append(x, px), append(y, py)
		}
		return x, y
	}
	t.Fatal("no line")
	return nil, nil
}

func number(t *testing.T, all []element, label string) element {
	t.Helper()
	for _, e := range all {
		if e.name == "text" && e.text == label {
			return e
		}
	}
	t.Fatalf("no label %q", label)
	return element{}
}

// TestScheduleChart has every epoch's number stand below its value, and every control point on its curve, whatever the run beside it.
func TestScheduleChart(t *testing.T) {
	for _, rival := range []int{0, 3, 200} { // epochs
		testScheduleChart(t, rival)
	}
}

func testScheduleChart(t *testing.T, rival int) {
	for _, set := range []map[string]string{
		{},
		{"arch-schedule": "drawn"},
		{"arch-schedule": "drawn", "arch-equal": "area"},
		{"arch-schedule": "drawn", "arch-floor": "0.2", "arch-warmup": "2"},
		{"arch-schedule": "parabolic", "epochs": "4"},
		{"arch-schedule": "drawn", "arch-points": "0:0,0.4:0.9,1:0.3", "arch-equal": "area", "arch-floor": "0.1", "arch-warmup": "3", "epochs": "50"},
	} {
		l := NewLab(nil)
		for _, f := range run.Fields() {
			if v, ok := set[f.Name]; ok {
				l.Set(f.Name, v)
			}
		}
		epochs := l.Run().Config.Epochs
		if rival > 0 {
			r := l.add("rival", l.Run().Config)
			r.Config.Epochs = rival
			r.Record.Config = r.Config
			for e := range rival {
				r.hear([]run.Event{{Kind: run.StepDone, Epoch: e, ArchRate: 0.02}, {Kind: run.EpochDone, Epoch: e, Report: &run.Report{}}})
			}
			l.FocusOn(0)
		}
		all := elements(t, l.Paint("arch"))
		x, y := curve(t, all)
		if len(x) != epochs+1 || x[len(x)-1] != chartX+chartW {
			t.Errorf("%v: the curve has %d points and ends at %v, not %d at %v", set, len(x), x[len(x)-1], epochs+1, chartX+chartW)
		}
		for _, n := range []int{min(10, epochs), epochs} {
			if at := number(t, all, fmt.Sprint(n)).number("x"); math.Abs(at-x[n-1]) > 0.11 {
				t.Errorf("%v: epoch %d's number is at %v, its value at %v", set, n, at, x[n-1])
			}
		}
		knobs := 0
		for _, e := range all {
			if !strings.HasPrefix(e.attr["class"], "knob") {
				continue
			}
			knobs++
			cx, cy := e.number("cx"), e.number("cy")
			nearest := math.Inf(1) // of the curve's points, and of those between them
			for i := range x[1:] {
				for k := range 21 {
					f := float64(k) / 20
					nearest = min(nearest, math.Hypot(x[i]+f*(x[i+1]-x[i])-cx, y[i]+f*(y[i+1]-y[i])-cy))
				}
			}
			if nearest > 3 {
				t.Errorf("%v: a control point is %.1f from its curve, at %v %v", set, nearest, cx, cy)
			}
			for _, text := range all {
				if text.name == "text" && text.attr["text-anchor"] == "end" && text.number("x") > cx-8 && math.Abs(text.number("y")-4-cy) < 10 {
					t.Errorf("%v: a control point lies over %q", set, text.text)
				}
			}
			// Taken hold of and let go at once, it stays where it was.
			svg := all[0]
			from, to := Share{svg.number("data-from-u"), svg.number("data-from-v")}, Share{svg.number("data-to-u"), svg.number("data-to-v")}
			if at := ShareAt(cx/(chartX+svg.number("data-wide")+chartEnd), cy/chartTall, svg.number("data-wide"), from, to); math.Abs(at.U-e.number("data-u")) > 0.001 || math.Abs(at.V-e.number("data-v")) > 0.001 {
				t.Errorf("%v: the hand finds %v at the point %s %s", set, at, e.attr["data-u"], e.attr["data-v"])
			}
		}
		if want := len(l.Run().points("arch")); knobs != want {
			t.Errorf("%v: %d control points, not %d", set, knobs, want)
		}
	}
}

// TestTicks numbers places by round numbers, none over another.
func TestTicks(t *testing.T) {
	for n, want := range map[int]string{1: "epoch 1", 3: "epoch 1 2 3", 10: "epoch 1 2 4 6 8 10", 23: "epoch 1 5 10 15 20 23", 50: "epoch 1 10 20 30 40 50", 1000: "epoch 1 200 400 600 800 1000"} {
		p := plane{float64(n), 1, chartW}
		var got []string
		end := math.Inf(-1)
		for _, e := range elements(t, `<svg viewBox="">`+axis(n, "epoch 1", 100, func(i int) float64 { return p.x(float64(i)) })+"</svg>") {
			if e.name != "text" {
				continue
			}
			got = append(got, e.text)
			half := 3.2 * float64(len(e.text))
			if e.number("x")-half < end {
				t.Errorf("of %d, %s lies over the one before", n, e.text)
			}
			end = e.number("x") + half
		}
		if strings.Join(got, " ") != want {
			t.Errorf("of %d: %v, not %s", n, got, want)
		}
	}
}

// TestChanged has what says that a schedule was changed lie over no number.
func TestChanged(t *testing.T) {
	l := NewLab(nil)
	r := l.Run()
	r.Started, r.Rates, r.Changes = true, []float64{0.003, 0.002, 0.001}, []int{1, 2}
	all := elements(t, l.Paint("arch"))
	changed := number(t, all, Text.Changed)
	for _, e := range all {
		if e.name == "text" && e.text != Text.Changed && math.Abs(e.number("y")-changed.number("y")) < 11 && e.attr["text-anchor"] != "end" {
			t.Errorf("%q stands in the row of %q", Text.Changed, e.text)
		}
	}
}

// TestFrozenMark: where the architecture is to be frozen stands in its charts, before a run and after; and a way that goes by the epochs
// goes on by them when there are more.
func TestFrozenMark(t *testing.T) {
	l := NewLab(nil)
	r := l.Run()
	l.Set("way", "single")
	half := r.Config.FreezeAt
	l.Set("epochs", fmt.Sprint(2*r.Config.Epochs))
	if w := r.Config.Way(); w == nil || w.ID != "single" || r.Config.FreezeAt != 2*half || half == 0 {
		t.Errorf("with twice the epochs the freeze is after %d, and was after %d", r.Config.FreezeAt, half)
	}
	at := number(t, elements(t, l.Paint("arch")), Text.Frozen).number("x")
	r.Record.Config, r.Started = r.Config, true
	for e := range r.Config.Epochs {
		p := &run.Report{Accuracy: 0.3, Discrete: 0.1}
		if r.Config.Drops(e) {
			p.Dropped = &run.Drop{Operations: 7, Of: 224, Accuracy: 0.25}
		}
		r.hear([]run.Event{{Kind: run.EpochDone, Epoch: e, Report: p}})
	}
	r.Rates, r.Changes = []float64{0.003, 0.002, 0.001}, []int{1}
	for _, id := range []string{"arch", "accuracy"} {
		if got := number(t, elements(t, l.Paint(id)), Text.Frozen).number("x"); id == "arch" && got != at {
			t.Errorf("before the run the freeze was drawn at %v, and now at %v", at, got)
		}
	}
	for epoch, told := range map[int]bool{2*half - 2: false, 2*half - 1: true, 4*half - 1: true} {
		l.Epoch = epoch
		if text := l.time(); strings.Contains(text, "7 of 224, which left 25.0 %") != told || strings.Contains(text, fmt.Sprintf("after epoch %d", 2*half)) != told {
			t.Errorf("epoch %d: %s", epoch+1, text)
		}
	}
}

// TestSliders has every slider reach the limits that its help names, in steps that hand and keys can take, and every value be typed.
func TestSliders(t *testing.T) {
	l := NewLab(nil)
	c := &Root{l}
	limits := map[string][2]float64{"imbalance": {1, 1000}, "n-max": {2, 500}, "epochs": {1, 1000}, "arch-rate": {0, 0.1}, "arch-param": {0.1, 10}, "mix-param": {0.01, 1}}
	l.Set("arch-schedule", "power")
	l.Set("mix", "mirror")
	for _, g := range c.Groups() {
		for _, s := range g.Controls {
			want, ok := limits[s.Name]
			if !ok {
				if s.Slider {
					t.Errorf("%s is a slider", s.Name)
				}
				continue
			}
			delete(limits, s.Name)
			if s.Hidden || !s.Slider || s.stops[0] != want[0] || s.stops[len(s.stops)-1] != want[1] || len(s.stops) > 120 {
				t.Errorf("%s goes from %v to %v in %d stops", s.Name, s.stops[0], s.stops[len(s.stops)-1], len(s.stops))
			}
			if !strings.Contains(s.Help, fmt.Sprintf("%v to %v", want[0], want[1])) {
				t.Errorf("%s reaches from %v to %v, and says: %s", s.Name, want[0], want[1], s.Help)
			}
			for i, v := range s.stops {
				c.Slide(s, fmt.Sprint(i))
				now := c.control(s.Name)
				if got, err := strconv.ParseFloat(now.Value, 64); err != nil || got != v && v != 0 || now.Place != fmt.Sprint(i) && v != 0 {
					t.Fatalf("%s at stop %d: %s, at place %s; not %v", s.Name, i, now.Value, now.Place, v)
				}
			}
		}
	}
	if len(limits) > 0 {
		t.Errorf("no control: %v", limits)
	}
	l.Set("arch-rate", "0.00317")
	if s := c.control("arch-rate"); s.Value != "0.00317" || s.stops[place(s.stops, 0.00317)] != 0.003 {
		t.Errorf("0.00317 was typed, and there stands %s", s.Value)
	}
}

func (c *Root) control(name string) Control {
	for _, g := range c.Groups() {
		for _, s := range g.Controls {
			if s.Name == name {
				return s
			}
		}
	}
	return Control{}
}

// TestNoMixing has no mixing factor to set where nothing is mixed.
func TestNoMixing(t *testing.T) {
	l := NewLab(nil)
	c := &Root{l}
	if g := c.Groups()[1]; g.Note != "" || g.Controls[0].Hidden || !c.Mixes() {
		t.Errorf("with two branches: %+v", g)
	}
	l.Set("branches", "none")
	if g := c.Groups()[1]; g.Note != Text.NoMixing || !g.Controls[0].Hidden || !g.Controls[1].Hidden || c.Mixes() {
		t.Errorf("with one branch: %+v", g)
	}
}

// TestPoints adds a control point where the chart is pressed, unless another is there, and takes one away; the family becomes drawn.
func TestPoints(t *testing.T) {
	l := NewLab(host{})
	n := len(l.Run().points("arch"))
	l.Act("point:arch:new:0.3:0.9")
	points := l.Run().points("arch")
	if len(points) != n+1 || points[2].U != 0.3 || points[2].V != 0.9 || l.Run().Config.ArchSchedule != "drawn" {
		t.Fatalf("%s: %v", l.Run().Config.ArchSchedule, points)
	}
	for _, none := range []string{"new:0.31:0.5", "new:-1:0.5", "new:2:0.5", "new:x:0.5", "new:0.5:y"} {
		if l.Act("point:arch:" + none); len(l.Run().points("arch")) != n+1 {
			t.Errorf("%s: %v", none, l.Run().points("arch"))
		}
	}
	if l.Act("point:arch:2:take:"); len(l.Run().points("arch")) != n {
		t.Errorf("%v", l.Run().points("arch"))
	}
}

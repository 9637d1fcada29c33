package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hlrslab/core/atlas"
	"hlrslab/core/run"
)

// shelfHost is a host that has the page's files.
type shelfHost struct {
	host
	files map[string][]byte
}

func (h shelfHost) Load(file string, f func([]byte, error)) {
	raw, ok := h.files[file]
	if !ok {
		f(nil, errors.New("no such file"))
		return
	}
	f(raw, nil)
}

// mapped is a page with what comes with it: the recording, and the map.
func mapped(t *testing.T) (*Lab, *atlas.Atlas) {
	t.Helper()
	raw, err := os.ReadFile("../public/atlas.json")
	if err != nil {
		t.Fatal(err)
	}
	a, err := atlas.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	l := NewLab(shelfHost{files: map[string][]byte{atlasFile: raw}})
	recorded, err := os.ReadFile("../public/replay.json")
	if err != nil {
		t.Fatal(err)
	}
	var r run.Recording
	if err := json.Unmarshal(recorded, &r); err != nil {
		t.Fatal(err)
	}
	l.Await()
	l.Show(r)
	return l, a
}

// TestExpectation: what the page expects of a run is what the map has for its curves, at every move of a point; of other settings it
// says that it knows nothing, and of a run that was seen, whether it came to what was expected.
func TestExpectation(t *testing.T) {
	l, a := mapped(t)
	if text := l.Paint("expected"); !strings.Contains(text, Text.AskAtlas) || strings.Contains(text, "±") {
		t.Errorf("before the map is there: %s", text)
	}
	l.Act("atlas:")
	says := func(c run.Config) {
		t.Helper()
		curves, err := atlas.CurvesOf(c)
		if err != nil {
			t.Fatal(err)
		}
		if r := l.Run(); r.seen() && !r.moved() { // as they were, which the recording has rounded
			copy(curves.Rate, r.Rates)
			copy(curves.Mix, r.Mixes)
		}
		e := a.At(curves)
		card := l.Paint("atlas")
		for i, o := range a.Outcomes {
			guess, expects := e.Outcomes[i], Text.ExpectOf
			if !a.Fits[i].Tells() {
				guess, expects = a.Fits[i].Whatever(), Text.WhateverCurves
			} else if !e.Known {
				continue
			}
			if want := fmt.Sprintf(expects, figure(o, guess.Mean), digits(o, guess.Interval().Low), figure(o, guess.Interval().High)); !strings.Contains(card, escape(want)) {
				t.Errorf("%s: %q is not in %s", o.ID, want, card)
			}
		}
	}
	says(l.Run().Config)
	card := l.Paint("atlas")
	came := a.Outcomes[0].Value(l.Run().last().Report)
	if !strings.Contains(card, fmt.Sprintf(strings.Split(Text.CameWithin, ",")[0], figure(a.Outcomes[0], came))) {
		t.Errorf("%v is not in %s", came, card)
	}
	before := card
	l.Act("point:arch:2:0.4:0.05")
	l.Act("point:mix:1:0.3:0.2")
	if card = l.Paint("atlas"); card == before || strings.Contains(card, `class="came" d=`) {
		t.Error("a moved point is not looked up, or what another run came to stands beside it")
	}
	says(l.Run().Config)
	if table := l.Paint("atlas-table"); !strings.Contains(table, a.Outcomes[3].Title) {
		t.Error(table)
	}

	l.Set("layers", "8")
	for _, id := range []string{"expected", "atlas"} {
		if text := l.Paint(id); !strings.Contains(text, field("layers").Label) || strings.Contains(text, "±") || strings.Contains(text, `class="lane`) {
			t.Errorf("of eight layers, %s says %s", id, text)
		}
	}
	if l.Act("atlas:base"); l.Run().Config.Layers != a.Base.Layers || l.Run().Config.MixPoints == "" {
		t.Errorf("%+v", l.Run().Config)
	}
	says(l.Run().Config)

	// Where no run is near, nothing is estimated.
	l.Set("arch-rate", "0.9")
	for _, id := range []string{"expected", "atlas"} {
		if text := l.Paint(id); !strings.Contains(text, escape(Text.ExpectUnknown)) || strings.Contains(text, "expected ") {
			t.Errorf("of a rate of 0.9, %s says %s", id, text)
		}
	}
	l.Set("arch-rate", "0.02")

	// A run of the map is looked into, and begun again.
	around := a.At(atlas.Curves{Rate: slices.Repeat([]float64{0.03}, 20), Mix: slices.Repeat([]float64{0.5}, 20)})
	i := around.Near[0]
	l.Act(fmt.Sprint("near:", i))
	if text := l.Paint("atlas"); !strings.Contains(text, escape(l.about(i))) || !strings.Contains(text, "<svg") {
		t.Error(text)
	}
	l.Act(fmt.Sprint("again:", i))
	if r := l.Run(); !r.Fixed() || !r.Config.Equal(a.Config(i)) && r.Config.Dataset != "toy" {
		t.Errorf("%+v", r.Config)
	}
	for _, act := range []string{"near:99999", "again:99999", "near:-7", "again:-7"} {
		l.Act(act)
		l.Paint("atlas")
	}
}

// TestExpectationUnderWay: a run that is changed on its way is looked up by the curves that it has had, and will.
func TestExpectationUnderWay(t *testing.T) {
	l, a := mapped(t)
	l.Act("atlas:")
	r := l.Run()
	c := r.Record.Config
	c.ArchRate /= 10
	r.Rates = slices.Clone(r.Rates)
	want, err := atlas.CurvesOf(c)
	if err != nil {
		t.Fatal(err)
	}
	r.Started, r.Done, r.Recorded, r.Config = true, false, false, c
	n := 7
	r.Epochs, r.Rates, r.Mixes = r.Epochs[:n], r.Rates[:n], r.Mixes[:n]
	r.Record.Next = &c
	copy(want.Rate, r.Rates)
	copy(want.Mix, r.Mixes)
	e, differs, ok := l.expect()
	if e2 := a.At(want); !ok || differs != nil || e.Outcomes[0] != e2.Outcomes[0] {
		t.Errorf("%+v, want %+v", e.Outcomes, e2.Outcomes)
	}
}

// TestNoMap: a page whose map cannot be loaded says so, and another press tries again.
func TestNoMap(t *testing.T) {
	l := NewLab(shelfHost{})
	for range 2 {
		l.Act("atlas:")
		if text := l.Paint("expected"); !strings.Contains(text, "no such file") || !strings.Contains(text, Text.AskAtlas) {
			t.Error(text)
		}
	}
	l.Host = shelfHost{files: map[string][]byte{atlasFile: []byte("{}")}}
	if l.Act("atlas:"); !strings.Contains(l.Paint("expected"), "atlas: ") {
		t.Error(l.Paint("expected"))
	}
}

// TestAtlas asks the page what runs like the recorded one come to, moves a point of its curve, follows the map to a run near it, and
// looks at all that on a desk and on a phone.
func TestAtlas(t *testing.T) {
	t.Parallel()
	script := axe(t)
	if info, err := os.Stat("../public/atlas.json.gz"); err != nil || info.Size() > 300_000 {
		t.Errorf("the map has %v bytes (%v)", info, err)
	}
	b := open(t, serve(t, nil, 0), 2*time.Minute)
	b.says("A finished run.", 20*time.Second)
	if n := eval[int](b, `performance.getEntriesByType("resource").filter((r) => r.name.includes("atlas")).length`); n != 0 {
		t.Error("the map is loaded before anyone asks for it")
	}
	line := `#panel-rate [data-paint="expected"]`
	b.click(line + ` button`)
	b.shows(line, "Of five runs with these curves, about four come to", 20*time.Second)
	b.shot("atlas-line.png")
	b.click(line + ` [data-act="look:atlas"]`)
	b.shows("#card-atlas", "Search network", 10*time.Second)
	b.shows("#card-atlas", "came to", time.Second)
	was := eval[string](b, `document.querySelector("#card-atlas h3").textContent`)
	b.focus(`document.querySelector('#panel-rate [data-point="arch:3"]')`)
	b.do(chromedp.KeyEvent(kb.ArrowDown))
	b.wait(fmt.Sprintf(`document.querySelector("#card-atlas h3").textContent !== %q`, was), 10*time.Second)
	for _, size := range [][2]int{{1280, 900}, {390, 844}} {
		b.look(size[0], size[1], "light")
		b.click(`#card-atlas .nearest button`)
		b.shows("#card-atlas .opened", Text.RunAgain, 10*time.Second)
		b.shot(fmt.Sprintf("atlas-%d.png", size[0]))
		if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > size[0] {
			t.Errorf("%d pixels wide on %d", wide, size[0])
		}
		for _, scheme := range []string{"light", "dark"} {
			b.look(size[0], size[1], scheme)
			for _, found := range eval[[]string](b, script+`; axe.run("#card-atlas", {resultTypes: ["violations"]}).then((r) => r.violations.filter((v) => v.impact === "serious" || v.impact === "critical").flatMap((v) => v.nodes.slice(0, 3).map((n) => v.id + ": " + n.target + " " + n.failureSummary)))`) {
				t.Errorf("%d pixels wide, %s: %s", size[0], scheme, found)
			}
		}
		b.click(`#card-atlas .nearest button`)
	}
	b.quiet()
}

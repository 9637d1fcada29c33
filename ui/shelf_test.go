package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// shelved is a page with three runs on its shelf: two that differ by their seeds, and one with another rate.
func shelved() *Lab {
	l := NewLab(host{})
	for i, rate := range []float64{0.03, 0.01, 0.03} {
		c := preset
		c.Seed, c.ArchRate = uint64(i+1), rate
		l.Kept = append(l.Kept, Kept{Key: fmt.Sprint("k", i), Name: fmt.Sprint("run ", i), When: int64(i), Config: c, Accuracy: float64(3-i) / 10, Epochs: 20})
	}
	return l
}

// TestShelf sorts both ways, filters by name and settings, and groups seeds.
func TestShelf(t *testing.T) {
	order := func(l *Lab) string {
		var keys []string
		for _, k := range l.shelved() {
			keys = append(keys, k.Key)
		}
		return strings.Join(keys, " ")
	}
	l := shelved()
	for _, step := range []struct{ act, want string }{
		{"", "k2 k1 k0"}, // the latest first
		{"sort:accuracy", "k0 k1 k2"},
		{"sort:accuracy", "k2 k1 k0"},
		{"sort:name", "k0 k1 k2"},
		{"sort:name", "k2 k1 k0"},
		{"filter:ARCH-RATE 0.01", "k1"},
		{"filter:run seed", "k2 k1"}, // the first seed is the preset's
		{"filter:nothing", ""},
		{"filter:", "k2 k1 k0"},
	} {
		if step.act != "" {
			l.Act(step.act)
		}
		if got := order(l); got != step.want {
			t.Errorf("after %q: %q, not %q", step.act, got, step.want)
		}
	}
	groups := bySeeds(l.shelved())
	if len(groups) != 2 || len(groups[0]) != 2 || len(groups[1]) != 1 {
		t.Errorf("groups: %v", groups)
	}
	if l.Act("group:"); !strings.Contains(l.runs(), "2 seeds, mean") || !strings.Contains(l.runs(), "<td>20.0 ± 14.1</td>") { // of 30 and 10 %
		t.Errorf("grouped: %s", l.runs())
	}
}

// TestShelved names a run, ticks two and compares them, in a browser.
func TestShelved(t *testing.T) {
	t.Parallel()
	b := open(t, serve(t, nil, 0)+small, 2*time.Minute)
	b.says("Ready.", 20*time.Second)
	b.press("Start")
	b.says("Finished.", 60*time.Second)
	b.focus(`document.getElementById("name")`)
	eval[bool](b, `(document.getElementById("name").select(), true)`)
	b.do(chromedp.KeyEvent("mine" + kb.Enter))
	b.wait(`document.querySelector(".runs button").textContent === "mine"`, 5*time.Second)
	b.press("Start again")
	b.says("Finished.", 60*time.Second)
	b.visit(Shelf)
	name := `[...document.querySelectorAll("#card-kept th input")].map((e) => e.getAttribute("value")).sort().join()` // as it is kept, whatever was typed
	b.wait(name+` === "A,mine"`, 10*time.Second)
	b.focus(`[...document.querySelectorAll("#card-kept th input")].find((e) => e.value === "A")`)
	b.do(chromedp.KeyEvent("7" + kb.Enter))
	b.wait(`["7A,mine", "A7,mine"].includes(`+name+`)`, 10*time.Second)
	b.do(chromedp.Reload()) // and there it is

	b.wait(`["7A,mine", "A7,mine"].includes(`+name+`)`, 20*time.Second)
	for _, width := range []int{360, 800, 1280} { // all that can be done is in sight
		b.look(width, 800, "light")
		b.wait(fmt.Sprintf(`[...document.querySelectorAll("#card-kept tbody tr")].every((r) => { const s = r.querySelector(".settings").getBoundingClientRect(), d = r.querySelector("[data-act^='forget:']").getBoundingClientRect(); return s.height > 0 && d.width > 0 && d.right <= %d; })`, width), 5*time.Second)
	}
	b.press(Text.CompareTicked)
	b.notice(Text.NoneTicked, 5*time.Second)
	for i := range 2 {
		b.click(fmt.Sprintf(`#card-kept tbody tr:nth-child(%d) [type=checkbox]`, i+1))
	}
	b.press(Text.CompareTicked)
	b.wait(`document.querySelectorAll("#card-compare:not([hidden]) thead th").length === 2`, 10*time.Second)
	if got := strings.Split(b.runs(), ", "); len(got) != 2 || !slices.Contains(got, "mine") {
		t.Errorf("on the page: %q", got)
	}
	b.quiet()
}

// TestLink copies a link with a run's results, opens it in a fresh browser, and finds them there, also after a reload.
func TestLink(t *testing.T) {
	t.Parallel()
	b := open(t, serve(t, nil, 0)+small, 2*time.Minute)
	b.says("Ready.", 20*time.Second)
	b.press("Start")
	b.says("Finished.", 60*time.Second)
	eval[bool](b, `!!(navigator.clipboard.writeText = async (text) => { window.copied = text })`)
	b.press(Text.ExportResult)
	b.notice("A link that opens on this run’s results is on the clipboard", 10*time.Second)
	said := eval[string](b, status)
	_, want, _ := strings.Cut(said, "Finished.")
	other := open(t, eval[string](b, "copied"), 2*time.Minute)
	for range 2 {
		other.says("A finished run."+want, 20*time.Second)
		other.shows(".genotype", eval[string](b, `document.querySelector(".genotype").textContent`), 10*time.Second)
		if got := other.runs(); got != "A" {
			t.Errorf("on the page: %s", got)
		}
		other.do(chromedp.Reload())
	}
	other.press("Start again") // the same experiment, beside it
	other.says("Finished."+want, 60*time.Second)
	eval[bool](other, `(location.hash = "#record=nonsense", true)`)
	other.notice("The link’s results cannot be read", 10*time.Second)
	b.quiet()
	other.quiet()
}

// TestPlaces goes to the lessons, the runs and back, by presses and by addresses, and shows chosen cards in large.
func TestPlaces(t *testing.T) {
	t.Parallel()
	url := serve(t, nil, 0)
	b := open(t, url+"/#place=runs", 2*time.Minute)
	sees := func(want ...string) {
		t.Helper()
		b.wait(fmt.Sprintf(`[...document.querySelectorAll("#overview, #settings, .card")].filter((e) => e.offsetHeight > 0).map((e) => e.id).join() === %q`, strings.Join(want, ",")), 20*time.Second)
	}
	sees("card-kept")
	b.visit(Studies)
	sees("card-studies")
	if hash := eval[string](b, "location.hash"); !strings.Contains(hash, "place=studies") {
		t.Errorf("the address of the studies is %s", hash)
	}
	b.visit(Learn)
	sees("card-lesson", "card-compare")
	if hash := eval[string](b, "location.hash"); hash != "#lesson=1" && hash != "#arch-schedule=const&lesson=1&seed=10" {
		t.Errorf("the lesson's address is %s", hash)
	}
	b.visit(Explore)
	b.wait(`document.getElementById("settings").offsetHeight > 0 && document.getElementById("card-lesson").offsetHeight === 0`, 5*time.Second)
	b.press(Text.Present)
	sees("overview", "card-accuracy", "card-results")
	if zoom := eval[float64](b, `parseFloat(getComputedStyle(document.querySelector(".note")).fontSize) * document.querySelector(".lab").currentCSSZoom`); zoom < 15 {
		t.Errorf("notes are %v pixels high in a presentation", zoom)
	}
	b.press(Text.Presents)
	b.click(`[data-act="choose:loss"]`)
	b.click(`[data-act="choose:overview"]`)
	sees("card-accuracy", "card-loss", "card-results")
	b.press(Text.PresentEnd)
	b.wait(`document.getElementById("overview").offsetHeight > 0`, 5*time.Second)
	b.press(Text.Present)
	b.wait(`document.querySelector(".presenting")`, 5*time.Second)
	b.do(chromedp.KeyEvent(kb.Escape))
	b.wait(`!document.querySelector(".presenting")`, 5*time.Second)
	b.quiet()
}

// TestGhost moves a point of a schedule: the curve as it was stays until the point is let go of.
func TestGhost(t *testing.T) {
	l := NewLab(host{})
	ghosts := func() int { return strings.Count(l.schedule("arch"), "ghost") }
	l.Act("point:arch:1:0.2:0.5")
	was := l.moving.from
	l.Act("point:arch:1:0.2:0.1")
	if ghosts() != 1 || was.ArchSchedule != preset.ArchSchedule || !was.Equal(l.moving.from) {
		t.Errorf("%d ghosts, of %s", ghosts(), differences(l.moving.from))
	}
	if l.Act("rest:"); ghosts() != 0 {
		t.Error("a ghost stays")
	}
}

// TestEnergies draws head and tail of each run that multiplied 8-bit numbers, where there are two of them.
func TestEnergies(t *testing.T) {
	l := shelved()
	for i, energy := range []float64{0.5, 0, 0.9} {
		l.Kept[i].Energy, l.Kept[i].Head, l.Kept[i].Tail, l.Kept[i].Config.Multiplier = energy, 0.8, 0.2, "trunc2"
	}
	drawn := l.runs()
	if strings.Count(drawn, "<circle") != 4 || !strings.Contains(drawn, "run 0, trunc2: energy 50 %, head 80.0 %") || strings.Contains(drawn, "run 1, trunc2") {
		t.Errorf("drawn: %s", drawn[strings.Index(drawn, "</table>"):])
	}
	if l.Kept[0].Energy = 0; strings.Contains(l.runs(), "<circle") {
		t.Error("one run alone is drawn")
	}
}

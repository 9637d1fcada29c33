package ui

import (
	"cmp"
	"os"
	"reflect"
	"testing"
	"time"

	"hlrslab/core/run"
)

// TestWays searches another way: it is chosen by its name, told in a sentence, its own quantity is drawn, and the run that comes of it
// has its fields.
func TestWays(t *testing.T) {
	t.Parallel()
	b := open(t, serve(t, nil, 0)+small, time.Minute)
	b.says("Ready.", 20*time.Second)
	choose := func(way string) {
		t.Helper()
		b.wait(`document.getElementById("way") !== null`, 5*time.Second)
		eval[bool](b, `((s) => { s.value = "`+way+`"; s.dispatchEvent(new Event("change", { bubbles: true })); return true; })(document.getElementById("way"))`)
	}
	card := func(id string) string {
		return `document.getElementById("card-` + id + `")?.getClientRects().length > 0 && document.querySelectorAll("#card-` + id + ` svg *").length > 10`
	}
	choose("classes")
	b.shows("#way-help", "Another reading", 5*time.Second)
	b.wait(card("rates"), 5*time.Second)
	choose("single")
	b.shows("#way-help", "the mixed network is the result", 5*time.Second)
	b.wait(`location.hash.includes("freeze-at=") && location.hash.includes("drop-below=")`, 5*time.Second)
	choose("zo")
	b.shows("#way-help", "Sparsemax", 5*time.Second)
	b.wait(`location.hash.includes("mixture=sparsemax") && !location.hash.includes("class-gamma") && !location.hash.includes("freeze-at")`, 5*time.Second)
	b.press("Forbid everywhere") // the first operation: none
	b.wait(`location.hash.includes("steer=-none")`, 5*time.Second)
	b.press("Start")
	b.says("Finished.", 60*time.Second)
	b.wait(card("support"), 5*time.Second)
	if eval[bool](b, card("rates")) {
		t.Error("the card of another way is seen")
	}
	b.press("What does this edge cost?")
	b.shows("#card-edge [role=status]", "% of the test images; without the edge", 30*time.Second)
	c, _, epochs := b.events(1)
	if w := c.Way(); w == nil || w.ID != "zo" || c.Steer != "-none" {
		t.Errorf("the run went %v", w)
	}
	rows := epochs[len(epochs)-1].Report.Normal
	if len(rows) == 0 {
		t.Error("no alphas are reported")
	}
	for e, row := range rows {
		if row[0] != 0 {
			t.Errorf("edge %d: none is forbidden and weighs %v", e, row[0])
		}
	}
	b.quiet()
}

// TestWayOnRealImages searches real images in the page by a way of choice, HLRS_WAY=zo say, as the preset small does: minutes, in which the
// page comes to what a native run of the same settings does.
func TestWayOnRealImages(t *testing.T) {
	way := os.Getenv("HLRS_WAY")
	if way == "" {
		t.Skip("it takes minutes: name a way with HLRS_WAY")
	}
	set := cifar(t)
	b := open(t, serve(t, set, 0)+"#seed=1", 15*time.Minute)
	b.wait(`document.body.innerText.includes("CIFAR-10, reduced") && document.getElementById("way") !== null`, 20*time.Second)
	eval[bool](b, `((s) => { s.value = "`+way+`"; s.dispatchEvent(new Event("change", { bubbles: true })); return true; })(document.getElementById("way"))`)
	b.press("Start")
	b.says("Finished.", 14*time.Minute)
	c, _, epochs := b.events(1)
	small, err := run.Preset("small")
	if err != nil {
		t.Fatal(err)
	}
	if small, err = small.Goes(way); err != nil || !small.Equal(c) {
		t.Errorf("the page ran %+v (%v)", c, err)
	}
	if _, native := natively(t, c, set); !reflect.DeepEqual(native, epochs) {
		t.Error("natively it comes to something else")
	}
	last := cmp.Or(len(epochs), 1) - 1
	t.Logf("%d epochs, balanced accuracy %.1f %%: %s", len(epochs), 100*epochs[last].Report.Accuracy, epochs[last].Report.Genotype)
}

package ui

import (
	"testing"
	"time"
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

package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestJourney searches, trains the cell that was found and a random one, reloads in between, and compares them.
func TestJourney(t *testing.T) {
	b := open(t, serve(t, nil, 0)+small, 4*time.Minute)
	b.says("Ready.", 20*time.Second)
	b.shows(".journey [aria-current]", "Search", 5*time.Second)
	b.press("Start")
	b.says("Finished.", 60*time.Second)
	b.click(`#card-cells [data-act="train:0"]`)
	b.says("Training.", 20*time.Second)
	if got := b.runs(); got != "A, Cell of A, epoch 3" {
		t.Errorf("on the page: %s", got)
	}
	b.shows(".journey [aria-current]", "Training", 5*time.Second)
	for _, card := range []string{"normal", "reduce", "edge", "collapse"} {
		b.wait(`document.querySelector("#card-`+card+`").hidden`, 5*time.Second)
	}
	b.epochs(2, 60*time.Second)
	b.press("Pause")
	b.says("Paused.", 10*time.Second)
	b.do(chromedp.Reload())
	b.says("A saved run, not finished yet.", 20*time.Second)
	b.press("Continue")
	b.says("Finished.", 2*time.Minute)
	b.shows("#card-time", "Calibration error", 5*time.Second)
	b.click(`.journey [data-act="go:0"]`)
	b.says("A finished run.", 5*time.Second)
	b.click(`#card-cells [data-act="train:1"]`)
	b.says("Training.", 20*time.Second)
	b.says("Finished.", 2*time.Minute)
	if got := b.runs(); got != "A, Cell of A, epoch 3, Random cell" {
		t.Errorf("on the page: %s", got)
	}
	rows := eval[string](b, `[...document.querySelectorAll("#card-compare tbody tr")].map((r) => [...r.children].map((c) => c.textContent).join("|")).join("\n")`)
	for _, want := range []string{"Task|search|train|train\n", "Genotype|–|a found cell|random:1\n", "Test loss|"} {
		if !strings.Contains(rows, want) {
			t.Errorf("%q is not in the comparison:\n%s", want, rows)
		}
	}
	b.shows("#card-compare .answer", "points apart", 5*time.Second)
	b.shot("journey.png")
	// Pressed again, it is there already.
	b.click(`.journey [data-act="go:0"]`)
	b.says("A finished run.", 5*time.Second)
	b.click(`#card-cells [data-act="train:1"]`)
	b.says("Finished.", 10*time.Second)
	if got := b.runs(); got != "A, Cell of A, epoch 3, Random cell" {
		t.Errorf("pressed again: %s", got)
	}
	b.quiet()
}

package ui

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hlrslab/core/data"
)

// standIn is a set of generated images under CIFAR-10's name, as the page has it.
func standIn(t *testing.T) *data.Dataset {
	d := data.Toy(7)
	d.Name = "cifar10"
	small, err := d.Resize(data.PageSide)
	if err != nil {
		t.Fatal(err)
	}
	return small
}

// runs are the names of the runs on the page.
func (b *tab) runs() string {
	b.Helper()
	return strings.Join(eval[[]string](b, `[...document.querySelectorAll(".runs [aria-pressed]:not([hidden])")].map((e) => e.textContent)`), ", ")
}

// header waits for what the head of the page says of the images.
func (b *tab) header(what string, limit time.Duration) {
	b.Helper()
	b.wait(`(document.querySelector("header")?.textContent ?? "").includes(`+strconv.Quote(what)+`)`, limit)
}

// TestNoData opens the page where there is no CIFAR-10: Start trains on the toy set, says so, and leaves the recorded run.
func TestNoData(t *testing.T) {
	b := open(t, serve(t, nil, 0), time.Minute)
	b.says("A finished run.", 20*time.Second)
	b.header("Recorded on CIFAR-10, whose images are not here", 5*time.Second)
	b.wait(`document.querySelector("#dataset option[value=cifar10]").disabled && !document.querySelector("#dataset option[value=toy]").disabled`, 5*time.Second)
	b.shows(".genotype", "Genotype(", 10*time.Second)
	genotype := eval[string](b, `document.querySelector(".genotype").textContent`)
	b.press("Run it here")
	b.notice("CIFAR-10 is not here, so A trains on the toy images", 20*time.Second)
	b.header("Toy images", 5*time.Second)
	b.steps(2, 30*time.Second)
	b.press("Pause")
	if got := b.runs(); got != "Constant rate, Falling rate, A" {
		t.Errorf("on the page: %s", got)
	}
	b.press("Constant rate")
	b.says("A finished run.", 5*time.Second)
	b.shows(".genotype", genotype, 5*time.Second)
	b.press("A")
	b.press("Reset to the same start")
	b.press("Start")
	b.steps(2, 30*time.Second)
	if c, _, _ := b.events(2); c.Dataset != "toy" {
		t.Errorf("trains on %s", c.Dataset)
	}
	b.quiet()
}

// TestSlowDownload starts before the images are there, while they come, and after their download has failed half way; once they
// are there, the next run takes them.
func TestSlowDownload(t *testing.T) {
	var status atomic.Value
	status.Store(`{"state": "downloading", "done": 37000000, "total": 170052171}`)
	server := serveBut(t, standIn(t), 0, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/data/status" {
			fmt.Fprint(w, status.Load())
		}
		return r.URL.Path == "/data/status"
	})
	b := open(t, server.URL, 2*time.Minute)
	b.says("A finished run.", 20*time.Second)
	b.header("downloading: 37 of 170 MB", 20*time.Second)
	b.press("Run it here")
	b.header("Toy images", 20*time.Second)
	b.header("downloading: 37 of 170 MB", 5*time.Second)
	b.steps(1, 30*time.Second)
	status.Store(`{"state": "error", "error": "stopped after 37000000 of 170052171 bytes; the next try is in 15s"}`)
	b.header("could not be downloaded yet. If you have cifar-10-binary.tar.gz, drop it on this page.", 20*time.Second)
	b.wait(`document.querySelector("header p").title.includes("stopped after 37000000 of 170052171 bytes")`, 5*time.Second)
	b.wait(`!document.querySelector("header").textContent.includes("bytes")`, 5*time.Second)
	b.press("Reset to the same start")
	b.press("Step")
	b.says(" 1 step,", 30*time.Second)
	status.Store(`{"state": "ready", "pack": "test.pack"}`)
	b.wait(`!document.querySelector("#dataset option[value=cifar10]").disabled`, 20*time.Second)
	b.press("Reset to the same start")
	b.header("CIFAR-10, reduced to 16×16 pixels", 5*time.Second)
	b.press("Step")
	b.says(" 1 step,", 30*time.Second)
	if c, _, _ := b.events(3); c.Dataset != "cifar10" {
		t.Errorf("the images are there, and the run trains on %s", c.Dataset)
	}
	b.quiet()
}

// TestOffline visits once and loads the page again without a network: what there is runs, be it the images that were trained on,
// or the toy set where none were.
func TestOffline(t *testing.T) {
	for _, trained := range []bool{false, true} {
		t.Run(fmt.Sprint("trained before: ", trained), func(t *testing.T) {
			server := serveBut(t, standIn(t), 0, nil)
			b := open(t, server.URL, time.Minute)
			b.says("A finished run.", 20*time.Second)
			b.header("CIFAR-10, reduced", 20*time.Second)
			if trained {
				b.press("Step")
				b.says(" 1 step,", 30*time.Second)
				b.wait(`caches.open("hlrs-lab").then((c) => c.match("test.pack")).then((r) => !!r)`, 20*time.Second)
			}
			b.wait(`caches.open("hlrs-lab").then((c) => Promise.all(["public/lab.wasm.zst", "public/replay.json.gz"].map((f) => c.match(f)))).then((r) => r.every((f) => f))`, 20*time.Second)
			b.do(chromedp.Reload()) // from here on, the service worker sees all
			b.wait(`!!navigator.serviceWorker.controller && caches.open("hlrs-lab").then((c) => c.match("data/status")).then((r) => !!r)`, 20*time.Second)
			server.Close()
			b.do(chromedp.Reload())
			b.header("CIFAR-10, reduced", 20*time.Second)
			b.press(map[bool]string{true: "Start", false: "Run it here"}[trained])
			b.steps(2, 30*time.Second)
			if trained {
				b.header("CIFAR-10, reduced", 5*time.Second)
			} else {
				b.notice("CIFAR-10 could not be loaded, so A trains on the toy images", 5*time.Second)
				b.header("Toy images", 5*time.Second)
			}
		})
	}
}

// TestShowWrong has errors be where a person finds them, one press away, and go when they are mended; what was typed stays.
func TestShowWrong(t *testing.T) {
	b := open(t, serve(t, nil, 0)+"#batch=513", time.Minute)
	b.says("Fix this setting before starting: Batch size: 513", 20*time.Second)
	b.press("Start")
	b.press("Show the setting")
	b.wait(`document.activeElement.id === "batch" && document.activeElement.value === "513"`, 5*time.Second)
	b.wait(`document.querySelector("#batch ~ .wrong").textContent.includes("513")`, 5*time.Second)
	seen := `(() => { const r = document.activeElement.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight; })()`
	if !eval[bool](b, seen) {
		t.Error("the setting is not in view")
	}
	b.do(chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.Backspace), chromedp.KeyEvent("x"), chromedp.KeyEvent(kb.Tab))
	b.says("Fix this setting before starting: Batch size", 5*time.Second)
	if typed := eval[string](b, `document.getElementById("batch").value`); typed != "51x" {
		t.Errorf("the field holds %q, not what was typed", typed)
	}
	eval[bool](b, `(location.hash = "#arch-rate=NaN", true)`) // no number that the page could keep
	b.says("Fix this setting before starting: Peak rate of the architecture", 5*time.Second)
	eval[bool](b, `(() => { const f = document.getElementById("arch-rate-value"); f.value = "0.003"; f.dispatchEvent(new Event("change", {bubbles: true})); return true; })()`)
	b.says("Ready.", 5*time.Second)
	eval[bool](b, `(() => { const f = document.getElementById("batch"); f.value = "16"; f.dispatchEvent(new Event("change", {bubbles: true})); return true; })()`)
	b.says("Ready.", 5*time.Second)

	b.keys("The run", "Seed", kb.End, kb.Backspace, kb.Tab)
	b.says("Fix this setting before starting: Seed", 5*time.Second)
	b.keys("The run", "Epochs", kb.ArrowRight) // another setting mends nothing
	b.says("Fix this setting before starting: Seed", 5*time.Second)
	if text := eval[string](b, `document.querySelector("#seed ~ .wrong").textContent`); text == "" {
		t.Error("nothing is said beside the seed")
	}
	b.keys("The run", "Seed", "4", "2", kb.Tab)
	b.says("Ready.", 5*time.Second)
	b.wait(`location.hash.includes("seed=42")`, 5*time.Second)
	b.press("Step")
	b.says(" 1 step,", 20*time.Second)
	b.quiet()
}

// TestRoom looks at the first screen where it is small: the rate's chart with its axis is above the bar of controls, which keeps its
// height, and what it has its places, whatever is shown and said; what the images are is said on a phone and in a presentation, too.
func TestRoom(t *testing.T) {
	b := open(t, serve(t, nil, 0), time.Minute)
	b.look(1280, 800, "light")
	b.says("A finished run.", 20*time.Second)
	b.wait(`document.querySelector("#panel-rate .curve svg")?.getBoundingClientRect().bottom <= document.querySelector(".bar").getBoundingClientRect().top`, 10*time.Second)
	places := `["#play", "#timeline", ".bar"].map((s) => { const r = document.querySelector(s).getBoundingClientRect(); return [s, r.x, r.y, s === "#play" ? 0 : r.width, r.height].map((v) => typeof v === "number" ? Math.round(v) : v).join(" "); }).join()`
	b.press("Falling rate")
	b.wait(`document.querySelector(".runs .run1").ariaPressed === "true"`, 5*time.Second)
	was := eval[string](b, places)
	for _, epoch := range []string{"0", "9", "19"} {
		eval[bool](b, `(() => { const s = document.getElementById("timeline"); s.value = 1 + `+epoch+`; s.dispatchEvent(new Event("input", {bubbles: true})); return true; })()`)
		n, _ := strconv.Atoi(epoch)
		b.shows("[data-paint=timeline]", fmt.Sprint(n+1, " of 20"), 5*time.Second)
		if now := eval[string](b, places); now != was {
			t.Errorf("at epoch %d: %s, and was %s", n+1, now, was)
		}
	}
	b.press("Constant rate")
	b.click(`[data-act="export:link"]`)
	b.notice("clipboard", 10*time.Second)
	if now := eval[string](b, places); now != was {
		t.Errorf("with a notice: %s, and was %s", now, was)
	}
	b.press(Text.Close)
	gone := `document.querySelector(".notice").textContent === ""`
	b.wait(gone, 5*time.Second)
	b.click(`[data-act="export:link"]`)
	b.notice("clipboard", 10*time.Second)
	b.wait(gone, 20*time.Second) // by itself, when there was time to read it
	seen := `[...document.querySelectorAll("p.set, header p")].some((e) => e.offsetHeight > 0 && e.textContent.includes("whose images are not here"))`
	b.look(360, 740, "light")
	b.wait(seen, 5*time.Second)
	b.wait(`[...document.querySelectorAll("#panel-rate path.line")].every((e) => e.getBoundingClientRect().width > 100)`, 5*time.Second) // the curves are drawn
	b.look(1280, 800, "light")
	b.click(`[data-act="present:"]`)
	b.wait(seen, 5*time.Second)
	b.quiet()
}

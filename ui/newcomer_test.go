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
	b.header("could not be downloaded yet; if you have cifar-10-binary.tar.gz, drop it on this page. (stopped after 37000000 of 170052171 bytes", 20*time.Second)
	b.press("Reset to the same start")
	b.press("Step")
	b.says(" 1 steps", 30*time.Second)
	status.Store(`{"state": "ready", "pack": "test.pack"}`)
	b.wait(`!document.querySelector("#dataset option[value=cifar10]").disabled`, 20*time.Second)
	b.press("Reset to the same start")
	b.header("CIFAR-10, reduced to 16×16 pixels", 5*time.Second)
	b.press("Step")
	b.says(" 1 steps", 30*time.Second)
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
				b.says(" 1 steps", 30*time.Second)
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
	b.says("Fix this setting before starting: batch: 513", 20*time.Second)
	b.press("Start")
	b.press("Show the setting")
	b.wait(`document.activeElement.id === "batch" && document.activeElement.value === "513"`, 5*time.Second)
	b.wait(`document.querySelector("#batch ~ .wrong").textContent.includes("513")`, 5*time.Second)
	seen := `(() => { const r = document.activeElement.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight; })()`
	if !eval[bool](b, seen) {
		t.Error("the setting is not in view")
	}
	b.do(chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.Backspace), chromedp.KeyEvent("x"), chromedp.KeyEvent(kb.Tab))
	b.says("Fix this setting before starting: batch", 5*time.Second)
	if typed := eval[string](b, `document.getElementById("batch").value`); typed != "51x" {
		t.Errorf("the field holds %q, not what was typed", typed)
	}
	eval[bool](b, `(location.hash = "#arch-rate=NaN", true)`) // no number that the page could keep
	b.says("Fix this setting before starting: arch-rate", 5*time.Second)
	eval[bool](b, `(() => { const f = document.getElementById("arch-rate-value"); f.value = "0.003"; f.dispatchEvent(new Event("change", {bubbles: true})); return true; })()`)
	b.says("Ready.", 5*time.Second)
	eval[bool](b, `(() => { const f = document.getElementById("batch"); f.value = "16"; f.dispatchEvent(new Event("change", {bubbles: true})); return true; })()`)
	b.says("Ready.", 5*time.Second)

	b.keys("The run", "Seed", kb.End, kb.Backspace, kb.Tab)
	b.says("Fix this setting before starting: seed", 5*time.Second)
	b.keys("The run", "Epochs", kb.ArrowRight) // another setting mends nothing
	b.says("Fix this setting before starting: seed", 5*time.Second)
	if text := eval[string](b, `document.querySelector("#seed ~ .wrong").textContent`); text == "" {
		t.Error("nothing is said beside the seed")
	}
	b.keys("The run", "Seed", "4", "2", kb.Tab)
	b.says("Ready.", 5*time.Second)
	b.wait(`location.hash.includes("seed=42")`, 5*time.Second)
	b.press("Step")
	b.says(" 1 steps", 20*time.Second)
	b.quiet()
}

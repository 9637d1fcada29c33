package ui

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestScreenshots takes the pictures of the README, on CIFAR-10, if HLRS_SHOTS is set.
func TestScreenshots(t *testing.T) {
	if os.Getenv("HLRS_SHOTS") == "" {
		t.Skip("HLRS_SHOTS is not set")
	}
	b := open(t, serve(t, cifar(t), 0), 15*time.Minute)
	take := func(name string) {
		time.Sleep(500 * time.Millisecond)
		raw, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll("../public/screenshots", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("../public/screenshots/"+name+".png", raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	top := func(selector string) {
		eval[bool](b, `(document.querySelector("`+selector+`").scrollIntoView(), true)`)
	}
	b.look(1280, 900, "light")
	b.says("A finished run.", 20*time.Second)
	b.wait(`document.body.innerText.includes("CIFAR-10, reduced")`, 20*time.Second)
	take("story")
	b.look(360, 740, "dark")
	top("#card-time")
	take("phone")
	b.look(1280, 900, "dark")
	b.keys("The run", "Epochs", kb.Home, kb.ArrowRight, kb.ArrowRight, kb.ArrowRight, kb.ArrowRight, kb.ArrowRight, kb.ArrowRight, kb.ArrowRight)
	b.click(`[data-act="add"]`)
	b.choose("Branch mixing", "Family", "equal")
	b.click(`[data-act="baseline:0"]`)
	b.click(`[data-act="all:play"]`)
	b.wait(`[...document.querySelectorAll("#card-compare tbody tr")].some((r) => r.textContent.startsWith("Epoch") && [...r.querySelectorAll("td")].every((d) => d.textContent === "8"))`, 10*time.Minute)
	top("h1")
	take("compare")
	b.look(1280, 900, "light")
	eval[bool](b, `([...document.querySelectorAll("button")].find((r) => r.textContent.trim() === "A").click(), true)`)
	top("#card-history")
	take("search")
}

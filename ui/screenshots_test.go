package ui

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestScreenshots takes the pictures of the README, on CIFAR-10, if HLRS_SHOTS is set.
func TestScreenshots(t *testing.T) {
	if os.Getenv("HLRS_SHOTS") == "" {
		t.Skip("HLRS_SHOTS is not set")
	}
	b := open(t, serve(t, cifar(t), 0), time.Minute)
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
	b.look(1280, 720, "light")
	b.says("A finished run.", 20*time.Second)
	b.wait(`document.body.innerText.includes("CIFAR-10, reduced")`, 20*time.Second)
	take("story")
	b.look(360, 740, "dark")
	take("phone")
	b.look(1280, 900, "dark")
	top("#card-results")
	take("compare")
	b.look(1280, 900, "light")
	top("#card-history")
	take("search")
}

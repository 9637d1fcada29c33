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
		b.picture("../public/screenshots/"+name+".png", chromedp.CaptureScreenshot())
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
	b.visit(Learn)
	take("lesson")
	b.visit(Explore)
	b.click(`[data-act="present:"]`)
	take("presentation")
}

// TestViews takes a picture of every view, at three sizes and in both themes, into build/shots, if HLRS_VIEWS is set.
func TestViews(t *testing.T) {
	if os.Getenv("HLRS_VIEWS") == "" {
		t.Skip("HLRS_VIEWS is not set")
	}
	url := serve(t, cifar(t), 0)
	b := open(t, url, 3*time.Minute)
	b.says("A finished run.", 20*time.Second)
	b.click(`#play`)
	b.epochs(2, time.Minute)
	b.press("Pause")
	b.says("Paused.", 10*time.Second)
	b.click(`.runs button`)
	for _, size := range []struct {
		name          string
		width, height int
	}{{"desktop", 1280, 720}, {"tablet", 800, 1100}, {"phone", 360, 740}} {
		for _, theme := range []string{"light", "dark"} {
			b.look(size.width, size.height, theme)
			take := func(view string) {
				time.Sleep(time.Second)
				b.shot(size.name + "-" + theme + "-" + view + ".png")
			}
			for _, place := range Places {
				b.click(`[data-act="place:` + string(place.ID) + `"]`)
				take("place-" + place.Name)
			}
			b.click(`[data-act="place:"]`)
			b.click(`[data-act="present:"]`)
			take("presentation")
			b.click(`.presenter [data-act="present:"]`)
			if size.name == "phone" {
				b.click(`[data-act="drawer:"]`)
				time.Sleep(time.Second)
				b.picture("../build/shots/phone-"+theme+"-settings.png", chromedp.CaptureScreenshot())
				b.click(`[data-act="drawer:"]`)
			}
		}
	}
}

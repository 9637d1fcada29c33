package ui

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// mouse has the left button go down or up, or the pointer move.
func (b *tab) mouse(kind input.DispatchMouseEventType, x, y float64) {
	b.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		p := input.DispatchMouseEventParams{Type: kind, X: x, Y: y}
		if kind != input.DispatchMouseEventTypeMouseMoved {
			p.Button, p.ClickCount = input.MouseButtonLeft, 1
		}
		_, err := cdp.Call(ctx, t, input.DispatchMouseEvent, p)
		return err
	}))
}

// hold presses what the script finds, as a person does: it is looked for, the button goes down on it, goes up again after a while,
// and it must then have been clicked, whatever the page did meanwhile. Should it move away between the look and the press, which
// no page can help, it is looked for again.
func (b *tab) hold(find string, meanwhile func()) {
	b.Helper()
	b.wait(`(() => { const e = `+find+`; return e && !e.matches(":disabled") && e.getClientRects().length > 0; })()`, 10*time.Second)
	for range 20 {
		at := eval[[]float64](b, `(() => {
			const e = `+find+`;
			if (!window.aimed) for (const type of ["pointerdown", "click"]) document.addEventListener(type, (event) => { if (aimed.e?.contains(event.target)) aimed[type]++; }, true);
			window.aimed = { e, pointerdown: 0, click: 0 };
			e?.scrollIntoView({ block: "center", behavior: "instant" });
			const r = e?.getBoundingClientRect();
			return e ? [r.x + r.width / 2, r.y + r.height / 2] : [];
		})()`)
		if len(at) < 2 {
			continue
		}
		b.mouse(input.DispatchMouseEventTypeMousePressed, at[0], at[1])
		if !eval[bool](b, "aimed.pointerdown === 1") { // let go elsewhere, for nothing is to be pressed
			b.mouse(input.DispatchMouseEventTypeMouseMoved, 0, 0)
			b.mouse(input.DispatchMouseEventTypeMouseReleased, 0, 0)
			continue
		}
		if meanwhile != nil {
			meanwhile()
		}
		b.mouse(input.DispatchMouseEventTypeMouseReleased, at[0], at[1])
		if n := eval[int](b, "aimed.click"); n != 1 {
			b.fail("pressed once, clicked %d times: %s", n, find)
		}
		return
	}
	b.fail("it does not keep still: %s", find)
}

// seen is a script for the first of those elements that can be seen and satisfy a condition on e.
func seen(selector, condition string) string {
	return `[...document.querySelectorAll(` + strconv.Quote(selector) + `)].find((e) => e.getClientRects().length > 0 && (` + condition + `))`
}

// press presses a button by its name.
func (b *tab) press(name string) {
	b.Helper()
	b.hold(seen("button", `e.textContent.trim() === `+strconv.Quote(name)), nil)
}

// click presses what a selector finds.
func (b *tab) click(selector string) {
	b.Helper()
	b.hold(seen(selector, "true"), nil)
}

// visit goes to one of the page's places.
func (b *tab) visit(p Place) {
	b.Helper()
	b.click(`[data-act="place:` + string(p) + `"]`)
}

// focus puts the focus on what a script finds.
func (b *tab) focus(find string) {
	b.Helper()
	b.wait(`(() => { const e = `+find+`; e?.focus(); return e && document.activeElement === e; })()`, 10*time.Second)
}

// TestPresses holds buttons down while a run trains, by the mouse and by the space bar, on what is painted and on Vugu's controls:
// every press counts, whatever the page renders meanwhile. And what a person is typing stays.
func TestPresses(t *testing.T) {
	t.Parallel()
	b := open(t, serve(t, nil, 0)+"#seed=1&channels=2&layers=3&nodes=2&batch=8&n-max=20&imbalance=2&test-images=10&epochs=1000", 2*time.Minute)
	b.says("Ready.", 20*time.Second)
	b.press("Start")
	b.says("epochs. Balanced", 20*time.Second)
	// heard waits for so many reports of the worker.
	heard := func(n int) {
		b.wait(fmt.Sprintf(`new Promise((done) => { const was = heard.length; const look = () => heard.length >= was + %d ? done(true) : setTimeout(look, 20); look(); })`, n), 30*time.Second)
	}
	// drop has the page say above all else that a file is no run: what is below moves.
	drop := func() {
		eval[bool](b, `document.dispatchEvent(new DragEvent("drop", {dataTransfer: (() => { const t = new DataTransfer(); t.items.add(new File(["nothing"], "x.safetensors")); return t; })(), bubbles: true, cancelable: true}))`)
	}
	moves := func() {
		drop()
		heard(20)
	}
	// space holds the space bar down until the page is painted with another epoch.
	space := func(find string) {
		t.Helper()
		b.focus(find)
		eval[bool](b, `!!(window.aimed = { e: document.activeElement, pointerdown: 0, click: 0 })`)
		key := func(kind input.DispatchKeyEventType) {
			b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
				_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: " ", Code: "Space", Text: " ", WindowsVirtualKeyCode: 32})
				return err
			}))
		}
		key(input.DispatchKeyEventTypeKeyDown)
		b.wait(fmt.Sprintf(`new Promise((done) => { const n = () => Number(%s.match(/(\d+) of 1000/)[1]), was = n();
			const look = () => n() > was + 2 ? done(true) : setTimeout(look, 20); look(); })`, status), 30*time.Second)
		key(input.DispatchKeyEventTypeKeyUp)
		if n := eval[int](b, "aimed.click"); n != 1 {
			b.fail("the space bar pressed once, clicked %d times: %s", n, find)
		}
	}
	play := `document.getElementById("play")`
	b.click(`#card-edge .fold`)
	for i := range 3 {
		edge := fmt.Sprint("reduce:", i+1)
		b.hold(seen(`[data-act="edge:`+edge+`"]`, "true"), moves)
		b.wait(`document.getElementById("edge")?.value === "`+edge+`"`, 5*time.Second)
		b.hold(seen("#card-collapse .fold", "true"), moves)
		b.wait(fmt.Sprintf(`(document.querySelector("#card-collapse tbody td") !== null) === %v`, i%2 == 0), 5*time.Second)
		b.hold(play, moves)
		b.says("Paused.", 10*time.Second)
		b.hold(play, drop)
		b.says("Training.", 10*time.Second)

		b.visit(Shelf)
		space(seen(`#card-kept [data-act^="file:"]`, "true")) // in a row that is painted anew at every epoch
		b.visit(Explore)
		space(seen("#card-loss .fold", "true"))
		b.says("Training.", 10*time.Second)
	}
	// What Vugu renders leaves a value alone that is being typed.
	b.press("Pause")
	b.says("Paused.", 10*time.Second)
	b.press("Reset to the same start")
	b.focus(`document.getElementById("seed")`)
	b.do(chromedp.KeyEvent("7"))
	eval[bool](b, `!!(window.seedWas = document.getElementById("seed"))`)
	drop()
	b.notice("is not a run of this laboratory", 10*time.Second)
	if got := eval[string](b, `document.activeElement === seedWas ? seedWas.value : "not in the focus"`); got != "17" && got != "71" {
		t.Errorf("typed a 7 beside the 1, and the field says %q", got)
	}
	b.quiet()
}

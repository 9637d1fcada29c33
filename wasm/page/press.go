//go:build js && wasm

package page

import (
	"syscall/js"
	"time"
)

// press is a button that is held down. Until it is let go the page stays as it is, for what is rendered above a button moves it
// away from under the pointer, and the browser would take the press for none.
type press struct {
	under bool
	owed  bool // there is something to render after it
}

// tap is how long after a finger, or a mouse that left the button, a click may yet come.
const tap = 350 * time.Millisecond

func (p *page) listenPress() {
	var ending *time.Timer
	release := func() {
		was := p.press
		if p.press = (press{}); was.owed {
			go p.change(func() {})
		}
	}
	on := func(target js.Value, event string, f func(e js.Value)) { // before anyone else hears of it
		target.Call("addEventListener", event, js.FuncOf(func(_ js.Value, args []js.Value) any {
			f(args[0])
			return nil
		}), true)
	}
	end := func(js.Value) {
		if p.press.under {
			ending = time.AfterFunc(tap, release)
		}
	}
	on(document, "pointerdown", func(e js.Value) {
		if e.Get("button").Int() == 0 && e.Get("target").Call("closest", "button, [data-act]").Truthy() {
			if ending != nil {
				ending.Stop()
			}
			p.press.under = true
		}
	})
	on(document, "click", func(js.Value) { release() })
	on(document, "pointercancel", func(js.Value) { release() })
	on(document, "pointerup", end)
	on(document, "contextmenu", end) // after which nobody may hear that it was let go
	on(window, "blur", func(e js.Value) {
		if e.Get("target").Equal(window) { // and not an element that loses the focus
			end(e)
		}
	})
}

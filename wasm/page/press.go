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
	count int
}

// patience is how long a press may hold the page up, and tap how long after a finger its click may come.
const (
	patience = 2 * time.Second
	tap      = 350 * time.Millisecond
)

func (p *page) listenPress() {
	release := func() {
		was := p.press
		p.press = press{count: was.count}
		if was.owed {
			go p.change(func() {})
		}
	}
	after := func(d time.Duration) {
		n := p.press.count
		time.AfterFunc(d, func() {
			if p.press.count == n && p.press.under {
				release()
			}
		})
	}
	on := func(event string, f func(e js.Value)) { // before anyone else hears of it
		document.Call("addEventListener", event, js.FuncOf(func(_ js.Value, args []js.Value) any {
			f(args[0])
			return nil
		}), true)
	}
	on("pointerdown", func(e js.Value) {
		if e.Get("button").Int() == 0 && e.Get("target").Call("closest", "button, [data-act]").Truthy() {
			p.press.under = true
			p.press.count++
			after(patience)
		}
	})
	on("click", func(js.Value) { release() })
	on("pointercancel", func(js.Value) { release() })
	on("pointerup", func(js.Value) { after(tap) })
}

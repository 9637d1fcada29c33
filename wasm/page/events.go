//go:build js && wasm

package page

import (
	"strconv"
	"strings"
	"syscall/js"

	"hlrslab/ui"
)

// listen takes what is done on painted cards and with files, and another address.
func (p *page) listen() {
	on := func(target js.Value, event string, f func(e js.Value)) {
		target.Call("addEventListener", event, js.FuncOf(func(_ js.Value, args []js.Value) any {
			f(args[0])
			return nil
		}))
	}
	closest := func(e js.Value, what string) (js.Value, string) {
		el := e.Get("target")
		if el.Get("closest").IsUndefined() {
			return js.Null(), ""
		}
		el = el.Call("closest", "[data-"+what+"]")
		if el.IsNull() {
			return el, ""
		}
		return el, el.Call("getAttribute", "data-"+what).String()
	}
	on(document, "click", func(e js.Value) {
		if el, act := closest(e, "act"); !el.IsNull() {
			go p.change(func() { p.lab.Act(act) })
		}
		if el, kind := closest(e, "pick"); !el.IsNull() {
			p.pick(kind)
		}
	})
	on(document, "input", func(e js.Value) {
		if el, act := closest(e, "slide"); !el.IsNull() {
			n, _ := strconv.Atoi(el.Get("value").String())
			go p.change(func() { p.lab.Act(act + ":" + strconv.Itoa(n-1)) })
		}
		if el, act := closest(e, "typed"); !el.IsNull() {
			value := el.Get("value").String()
			go p.change(func() { p.lab.Act(act + ":" + value) })
		}
	})
	on(document, "change", func(e js.Value) {
		if el, act := closest(e, "choose"); !el.IsNull() {
			value := el.Get("value").String()
			go p.change(func() { p.lab.Act(act + ":" + value) })
		}
		if el, name := closest(e, "set"); !el.IsNull() {
			value := el.Get("value").String()
			if el.Get("type").String() == "checkbox" {
				value = strconv.FormatBool(el.Get("checked").Bool())
			}
			go p.change(func() { p.lab.Set(name, value) })
		}
	})
	on(document, "keydown", func(e js.Value) {
		if e.Get("key").String() == "Escape" {
			go p.change(func() {
				if p.lab.Presenting {
					p.lab.Act("present:")
				}
			})
		}
	})
	p.listenPoints(on, closest)
	p.listenPress()
	p.listenDrop(on)
	on(window, "hashchange", func(js.Value) {
		hash := window.Get("location").Get("hash").String()
		go p.change(func() { p.lab.Go(hash) })
	})
}

// listenPoints moves the control points of drawn schedules, by the pointer and by keys.
func (p *page) listenPoints(on func(js.Value, string, func(js.Value)), closest func(js.Value, string) (js.Value, string)) {
	held, box, dragged := "", js.Null(), false
	move := func(point string, u, v float64) {
		go p.change(func() {
			p.lab.Act("point:" + point + ":" + strconv.FormatFloat(u, 'f', 4, 64) + ":" + strconv.FormatFloat(v, 'f', 4, 64))
		})
	}
	on(document, "pointerdown", func(e js.Value) {
		el, point := closest(e, "point")
		if dragged = !el.IsNull(); !dragged {
			return
		}
		e.Call("preventDefault")
		el.Call("focus")
		held, box = point, el.Call("closest", "[data-paint]")
	})
	// at is where an event lies on a chart.
	at := func(e, svg js.Value) ui.Share {
		r := svg.Call("getBoundingClientRect")
		number := func(name string) float64 {
			v, _ := strconv.ParseFloat(svg.Call("getAttribute", name).String(), 64)
			return v
		}
		from, to := ui.Share{U: number("data-from-u"), V: number("data-from-v")}, ui.Share{U: number("data-to-u"), V: number("data-to-v")}
		x := (e.Get("clientX").Float() - r.Get("left").Float()) / r.Get("width").Float()
		y := (e.Get("clientY").Float() - r.Get("top").Float()) / r.Get("height").Float()
		return ui.ShareAt(x, y, number("data-wide"), from, to)
	}
	on(document, "pointermove", func(e js.Value) {
		if held != "" {
			s := at(e, box.Call("querySelector", "svg"))
			move(held, s.U, s.V)
		}
	})
	read := ""
	peek := func(part string, place int) {
		if key := part + strconv.Itoa(place); key != read {
			read = key
			go p.report(func() { p.lab.Peek(part, place) }, 0)
		}
	}
	places := func(chart js.Value) int {
		n, _ := strconv.Atoi(chart.Get("dataset").Get("places").String())
		return n
	}
	on(document, "pointermove", func(e js.Value) {
		el := e.Get("target")
		if el.Get("closest").IsUndefined() {
			return
		}
		if el = el.Call("closest", "svg[data-read]"); el.IsNull() || held != "" {
			peek("", -1)
			return
		}
		r, wide := el.Call("getBoundingClientRect"), el.Get("dataset").Get("wide").String()
		w, _ := strconv.ParseFloat(wide, 64)
		s := ui.ShareAt((e.Get("clientX").Float()-r.Get("left").Float())/r.Get("width").Float(), 0, w, ui.Share{}, ui.Share{U: 1, V: 1})
		peek(el.Get("dataset").Get("read").String(), min(max(int(s.U*float64(places(el)-1)+0.5), 0), places(el)-1))
	})
	on(document, "keydown", func(e js.Value) { // on a chart, from the last place on
		el := e.Get("target")
		if el.Get("matches").IsUndefined() || !el.Call("matches", "svg[data-read]").Bool() {
			return
		}
		step := map[string]int{"ArrowLeft": -1, "ArrowRight": 1}[e.Get("key").String()]
		if step == 0 {
			return
		}
		e.Call("preventDefault")
		part, n := el.Get("dataset").Get("read").String(), places(el)
		at := n - 1
		if now, of := strings.CutPrefix(read, part); of {
			if last, err := strconv.Atoi(now); err == nil {
				at = last
			}
		}
		peek(part, min(max(at+step, 0), n-1))
	})
	on(document, "click", func(e js.Value) { // on a curve, and not the end of a drag
		if el := e.Get("target").Call("closest", "[data-paint] svg[data-from-u]"); el.Truthy() && !dragged {
			s := at(e, el)
			move(el.Call("closest", "[data-paint]").Get("dataset").Get("paint").String()+":new", s.U, s.V)
		}
	})
	on(document, "dblclick", func(e js.Value) {
		if el, point := closest(e, "point"); !el.IsNull() {
			go p.change(func() { p.lab.Act("point:" + point + ":take:") })
		}
	})
	rest := func(e js.Value) { // a point is let go of, or left
		if _, point := closest(e, "point"); held != "" || point != "" && e.Get("type").String() == "focusout" {
			held = ""
			go p.change(func() { p.lab.Act("rest:") })
		}
	}
	for _, event := range []string{"pointerup", "pointercancel", "focusout"} {
		on(document, event, rest)
	}
	on(document, "keydown", func(e js.Value) { // what is drawn is pressed as buttons are
		el, act := closest(e, "act")
		if key := e.Get("key").String(); !el.IsNull() && el.Call("getAttribute", "role").String() == "button" && (key == "Enter" || key == " ") {
			e.Call("preventDefault")
			go p.change(func() { p.lab.Act(act) })
		}
	})
	on(document, "keydown", func(e js.Value) {
		el, point := closest(e, "point")
		if el.IsNull() {
			return
		}
		u, _ := strconv.ParseFloat(el.Get("dataset").Get("u").String(), 64)
		v, _ := strconv.ParseFloat(el.Get("dataset").Get("v").String(), 64)
		switch strings.TrimPrefix(e.Get("key").String(), "Arrow") {
		case "Up":
			v += 0.05
		case "Down":
			v -= 0.05
		case "Left":
			u -= 0.05
		case "Right":
			u += 0.05
		case "Insert", "Delete":
			e.Call("preventDefault")
			do := map[string]string{"Insert": "add", "Delete": "take"}[e.Get("key").String()]
			go p.change(func() { p.lab.Act("point:" + point + ":" + do + ":") })
			return
		case "Home":
			v = 0
		case "End":
			v = 1
		default:
			return
		}
		e.Call("preventDefault")
		move(point, u, v)
	})
}

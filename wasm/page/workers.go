//go:build js && wasm

package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"syscall/js"
	"time"

	"hlrslab/core/gpu"
	"hlrslab/core/run"
	"hlrslab/ui"
	"hlrslab/ui/msg"
	"hlrslab/wasm/web"
	"hlrslab/wasm/webgpu"
)

// worker trains the runs of a slot. What is said before it listens waits.
type worker struct {
	js      js.Value
	ready   bool
	waiting [][]any
	gpu     bool   // its program has a GPU's device, too
	own     bool   // it has the person's own images
	pack    string // the address of those that it trains on
}

func (w *worker) post(c msg.Command, beside any) {
	raw, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	m := []any{string(raw), beside}
	if !w.ready {
		w.waiting = append(w.waiting, m)
		return
	}
	w.js.Call("postMessage", m)
}

// spare starts the first run's worker before it is asked for: the program is there when Start is pressed.
func (p *page) spare() { p.workers[1] = p.hire(1, false) }

// hire starts a worker for a slot, with this program or the one that has a GPU's device.
func (p *page) hire(slot int, gpu bool) *worker {
	w := &worker{js: window.Get("Worker").New("public/worker.js"), gpu: gpu}
	if gpu {
		go p.teach(slot, w)
	} else {
		w.js.Call("postMessage", window.Get("labModule"))
	}
	w.js.Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		m := args[0].Get("data")
		text, beside := m.Index(0).String(), m.Index(1)
		var r msg.Report
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			r = msg.Report{Kind: "lost", Error: err.Error()}
		}
		hear := func() {
			if p.workers[slot] != w {
				return
			}
			switch r.Kind {
			case "ready":
				w.ready = true
				for _, m := range w.waiting {
					w.js.Call("postMessage", m)
				}
				w.waiting = nil
				return
			case "started":
				p.keepImages(w.pack)
			case "lost": // another one takes its place at the next start
				p.End(slot)
			}
			p.lab.Hear(slot, r, web.File{Value: beside})
		}
		switch r.Kind {
		case "events", "batch", "snapshot": // of which there are many
			go p.report(hear, pace)
		case "paused":
			go p.report(hear, 0)
		default:
			go p.change(hear)
		}
		return nil
	}))
	return w
}

// teach gives a worker the program with a GPU's device, which is loaded when it is first asked for.
func (p *page) teach(slot int, w *worker) {
	if p.gpu.IsUndefined() {
		p.gpu = window.Call("labProgram", "public/gpu.wasm.zst")
	}
	program, err := web.Await(p.gpu)
	if err == nil {
		w.js.Call("postMessage", program)
		return
	}
	p.gpu = js.Undefined() // for another try
	p.change(func() {
		if p.workers[slot] == w {
			p.End(slot)
			p.lab.Hear(slot, msg.Report{Kind: "lost", Error: fmt.Sprintf(ui.Text.NoProgram, err)}, nil)
		}
	})
}

// Adapter implements ui.Host.
func (p *page) Adapter(f func(name string, err error)) {
	go func() {
		a, err := webgpu.Find()
		name := webgpu.Name(a)
		if a.Kind == gpu.Processor {
			name += ui.Text.Slower
		}
		p.change(func() { f(name, err) })
	}()
}

// Send implements ui.Host.
func (p *page) Send(slot int, c msg.Command, file ui.File) {
	w := p.workers[slot]
	if w != nil && c.Device == msg.GPU && !w.gpu {
		p.End(slot)
		w = nil
	}
	if w == nil {
		w = p.hire(slot, c.Device == msg.GPU)
		p.workers[slot] = w
	}
	switch {
	case c.Pack == "own" && !w.own:
		w.own = true
		w.post(msg.Command{Do: "images"}, p.own)
	case c.Pack != "" && c.Pack != "own":
		c.Pack = window.Get("URL").New(c.Pack, document.Get("baseURI")).Get("href").String()
	}
	if c.Config != nil {
		w.pack = c.Pack
	}
	if file, ok := file.(web.File); ok {
		w.post(c, file.Value)
	} else {
		w.post(c, nil)
	}
}

// keepImages keeps the images that are trained on for when there is no network: a page's first worker is older than the service
// worker, which sees nothing of what it loads.
func (p *page) keepImages(pack string) {
	if caches := window.Get("caches"); pack != "" && pack != "own" && caches.Truthy() {
		go func() {
			kept, err := web.Await(caches.Call("open", "hlrs-lab"))
			if err != nil {
				return // no place is no fault: the run goes on
			}
			if has, err := web.Await(kept.Call("match", pack)); err == nil && !has.Truthy() {
				_, _ = web.Await(kept.Call("add", pack)) // likewise
			}
		}()
	}
}

// End implements ui.Host.
func (p *page) End(slot int) {
	if w := p.workers[slot]; w != nil {
		w.js.Call("terminate")
		delete(p.workers, slot)
	}
}

// follow asks the server how far the real images are, until they are there; a static host has no answer.
func (p *page) follow() {
	raw, err := web.Fetch("data/status")
	again := time.Duration(0)
	switch {
	case errors.Is(err, web.ErrNetwork): // which may come back
		again = 10 * time.Second
	case err == nil:
		p.change(func() {
			if p.lab.Status(raw) {
				again = time.Second
			}
		})
	}
	if again > 0 {
		time.AfterFunc(again, p.follow)
	}
}

// replay shows the recorded runs that come with the page.
func (p *page) replay() {
	raw, err := web.Fetch("public/replay.json.gz")
	var r run.Recording
	if err == nil {
		raw, err = web.Unpack(raw)
	}
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	if err == nil {
		err = r.Validate()
	}
	if err != nil {
		p.change(p.lab.Late)
		return
	}
	p.change(func() {
		unnamed := window.Get("location").Get("hash").String() == ""
		p.lab.Show(r)
		if unnamed { // the page's own address stays plain
			p.address = p.lab.Address()
		}
	})
}

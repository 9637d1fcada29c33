//go:build js && wasm

// Command worker trains in a Web Worker: it takes msg.Commands and posts msg.Reports.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"syscall/js"
	"time"

	"hlrslab/core/data"
	"hlrslab/core/search"
	"hlrslab/wasm/msg"
)

// breath is how long the worker trains before it lets the browser's events in.
const breath = 8 * time.Millisecond

func main() {
	var commands []msg.Command // in the order of their arrival: the event loop must not wait for their turn
	arrived := make(chan struct{}, 1)
	js.Global().Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		var c msg.Command
		if err := json.Unmarshal([]byte(args[0].Get("data").String()), &c); err != nil {
			fail(c.Run, err)
			return nil
		}
		commands = append(commands, c)
		signal(arrived)
		return nil
	}))
	turn := turner()
	post(msg.Report{Kind: "ready"})
	t := &trainer{over: true}
	for {
		if len(commands) == 0 {
			<-arrived
			continue
		}
		c := commands[0]
		commands = commands[1:]
		switch c.Do {
		case "start":
			t.end()
			if run, err := start(c); err != nil {
				fail(c.Run, err)
			} else {
				t = &trainer{id: c.Run, run: run, turn: turn, wake: make(chan struct{}, 1)}
				go t.train()
			}
		case "stop":
			t.end()
		case "play":
			t.set(true, 0)
		case "pause":
			t.set(false, 0)
			post(msg.Report{Kind: "paused", Run: c.Run})
		case "step":
			t.set(t.playing, t.steps+1)
		case "change":
			if !t.over {
				if err := t.run.Change(*c.Config); err != nil {
					fail(c.Run, err)
				}
			}
		}
	}
}

// trainer takes a run's steps on a goroutine of its own, which stops anywhere within a step while it is paused.
type trainer struct {
	id      int
	run     *search.Run
	turn    func()
	playing bool
	steps   int // to take while not playing
	over    bool
	wake    chan struct{}
	turned  time.Time
}

func (t *trainer) set(playing bool, steps int) {
	t.playing, t.steps = playing, steps
	signal(t.wake)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// end gives the run up.
func (t *trainer) end() {
	t.over = true
	t.set(false, 0)
}

func (t *trainer) train() {
	t.run.Between(t.between)
	for !t.run.Done() {
		t.between()
		events, err := t.run.Step()
		t.steps = max(0, t.steps-1)
		if len(events) > 0 {
			post(msg.Report{Kind: "events", Run: t.id, Events: events})
		}
		if err != nil {
			t.over = true
			fail(t.id, err)
			return
		}
	}
	t.over = true
	post(msg.Report{Kind: "done", Run: t.id})
}

// between lets commands in from time to time, waits while the run is paused, and leaves for good once it is given up.
func (t *trainer) between() {
	if time.Since(t.turned) > breath {
		t.turn()
		t.turned = time.Now()
	}
	for !t.over && !t.playing && t.steps == 0 {
		<-t.wake
	}
	if t.over {
		runtime.Goexit()
	}
}

func start(c msg.Command) (*search.Run, error) {
	d, err := images(c.Pack)
	if err != nil {
		return nil, err
	}
	r, err := search.New(*c.Config, d, 1)
	if err != nil {
		return nil, err
	}
	facts := r.Facts()
	post(msg.Report{Kind: "started", Run: c.Run, Facts: &facts})
	return r, nil
}

// images reads the pack, or makes the toy set; both once.
func images(pack string) (*data.Dataset, error) {
	if d, ok := cache[pack]; ok {
		return d, nil
	}
	if pack == "" {
		cache[pack] = data.Toy(1)
		return cache[pack], nil
	}
	raw, err := fetch(pack)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pack, err)
	}
	d, err := data.ReadPack(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pack, err)
	}
	cache[pack] = d
	return d, nil
}

var cache = map[string]*data.Dataset{}

// fetch gets a file of the page's origin.
func fetch(url string) ([]byte, error) {
	type result struct {
		raw []byte
		err error
	}
	out := make(chan result, 1)
	var response, body, failed js.Func
	response = js.FuncOf(func(_ js.Value, args []js.Value) any {
		if !args[0].Get("ok").Bool() {
			out <- result{err: fmt.Errorf("status %d", args[0].Get("status").Int())}
			return nil
		}
		return args[0].Call("arrayBuffer").Call("then", body, failed)
	})
	body = js.FuncOf(func(_ js.Value, args []js.Value) any {
		a := js.Global().Get("Uint8Array").New(args[0])
		raw := make([]byte, a.Length())
		js.CopyBytesToGo(raw, a)
		out <- result{raw: raw}
		return nil
	})
	failed = js.FuncOf(func(_ js.Value, args []js.Value) any {
		out <- result{err: errors.New(args[0].Call("toString").String())}
		return nil
	})
	js.Global().Call("fetch", url).Call("then", response, failed)
	r := <-out
	response.Release()
	body.Release()
	failed.Release()
	return r.raw, r.err
}

func fail(run int, err error) { post(msg.Report{Kind: "error", Run: run, Error: err.Error()}) }

func post(r msg.Report) {
	raw, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	js.Global().Call("postMessage", string(raw))
}

// turner returns a function that lets the event loop turn once: a message channel is far quicker than a timer.
func turner() func() {
	channel := js.Global().Get("MessageChannel").New()
	turned := make(chan struct{}, 1)
	channel.Get("port1").Set("onmessage", js.FuncOf(func(js.Value, []js.Value) any {
		turned <- struct{}{}
		return nil
	}))
	port := channel.Get("port2")
	return func() {
		port.Call("postMessage", nil)
		<-turned
	}
}

//go:build js && wasm

// Command worker trains in a Web Worker: it takes msg.Commands and posts msg.Reports.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"syscall/js"
	"time"

	"hlrslab/core/data"
	"hlrslab/core/search"
	"hlrslab/wasm/msg"
)

// slice is how long the worker trains before it looks for commands.
const slice = 10 * time.Millisecond

func main() {
	commands := make(chan msg.Command, 64)
	js.Global().Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		var c msg.Command
		if err := json.Unmarshal([]byte(args[0].Get("data").String()), &c); err != nil {
			post(msg.Report{Kind: "error", Error: err.Error()})
			return nil
		}
		commands <- c
		return nil
	}))
	pause := yielder()
	post(msg.Report{Kind: "ready"})
	var run *search.Run
	playing := false
	for {
		var c msg.Command
		if playing {
			pause()
			select {
			case c = <-commands:
			default:
			}
		} else {
			c = <-commands
		}
		var err error
		switch c.Do {
		case "start":
			if run != nil {
				run.Close()
			}
			run, err = start(c)
			playing = false
		case "play":
			playing = run != nil
		case "pause":
			playing = false
			post(msg.Report{Kind: "paused"})
		case "step":
			if run != nil {
				err = train(run, 0)
			}
		case "change":
			if run != nil {
				err = run.Change(*c.Config)
			}
		}
		if err == nil && playing {
			if err = train(run, slice); run.Done() {
				playing = false
				post(msg.Report{Kind: "done"})
			}
		}
		if err != nil {
			playing = false
			post(msg.Report{Kind: "error", Error: err.Error()})
		}
	}
}

// train steps until the time is over, at least once, and reports.
func train(r *search.Run, limit time.Duration) error {
	began := time.Now()
	var events []search.Event
	for {
		e, err := r.Step()
		events = append(events, e...)
		if err != nil || r.Done() || time.Since(began) >= limit {
			if len(events) > 0 {
				post(msg.Report{Kind: "events", Events: events})
			}
			return err
		}
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
	post(msg.Report{Kind: "started", Counts: r.Counts(), Order: r.Order(), Names: d.Classes, Params: r.Params()})
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

func post(r msg.Report) {
	raw, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	js.Global().Call("postMessage", string(raw))
}

// yielder returns a function that lets the event loop turn once: a message channel is far quicker than a timer.
func yielder() func() {
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

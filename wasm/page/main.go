//go:build js && wasm

// Command page mounts the laboratory.
package main

import (
	"encoding/json"
	"syscall/js"

	"github.com/vugu/vugu"
	"github.com/vugu/vugu/domrender"

	"hlrslab/core/search"
	"hlrslab/ui"
	"hlrslab/wasm/msg"
)

func main() {
	renderer, err := domrender.New("#lab")
	if err != nil {
		panic(err)
	}
	env, err := vugu.NewBuildEnv(renderer.EventEnv())
	if err != nil {
		panic(err)
	}
	root := &ui.Root{Lab: ui.NewLab()}
	connect(root.Lab, renderer.EventEnv())
	for ok := true; ok; ok = renderer.EventWait() {
		if err := renderer.Render(env.RunBuild(root)); err != nil {
			panic(err)
		}
	}
}

// connect starts the worker and carries commands to it and reports back. What is said before the worker listens waits.
func connect(lab *ui.Lab, env vugu.EventEnv) {
	worker := js.Global().Get("Worker").New("public/worker.js" + js.Global().Get("location").Get("search").String())
	ready := false
	var waiting []string
	say := func(c msg.Command) {
		raw, err := json.Marshal(c)
		if err != nil {
			panic(err)
		}
		if ready {
			worker.Call("postMessage", string(raw))
		} else {
			waiting = append(waiting, string(raw))
		}
	}
	lab.Do = func(do string, c *search.Config, pack string) { say(msg.Command{Do: do, Config: c, Pack: pack}) }
	worker.Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		text := args[0].Get("data").String()
		go func() {
			var r msg.Report
			if err := json.Unmarshal([]byte(text), &r); err != nil {
				r = msg.Report{Kind: "error", Error: err.Error()}
			}
			env.Lock()
			if r.Kind == "ready" {
				ready = true
				for _, raw := range waiting {
					worker.Call("postMessage", raw)
				}
				waiting = nil
			} else {
				lab.Hear(r.Kind, r.Events, r.Error, ui.Facts{Counts: r.Counts, Order: r.Order, Names: r.Names, Params: r.Params})
			}
			env.UnlockRender()
		}()
		return nil
	}))
	follow(lab, env)
}

// follow asks the server how far the real images are, until they are there; a static host has no answer.
func follow(lab *ui.Lab, env vugu.EventEnv) {
	var ask js.Func
	ask = js.FuncOf(func(js.Value, []js.Value) any {
		text := js.FuncOf(func(_ js.Value, args []js.Value) any {
			raw := args[0].String()
			go func() {
				env.Lock()
				again := lab.Status([]byte(raw))
				env.UnlockRender()
				if again {
					js.Global().Call("setTimeout", ask, 1000)
				}
			}()
			return nil
		})
		body := js.FuncOf(func(_ js.Value, args []js.Value) any { return args[0].Call("text") })
		js.Global().Call("fetch", "data/status").Call("then", body).Call("then", text)
		return nil
	})
	ask.Invoke()
}

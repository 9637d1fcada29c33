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

// connect carries the page's commands to a worker, and reports back. What is said before the worker listens waits; a worker that
// is lost is replaced at the next start.
func connect(lab *ui.Lab, env vugu.EventEnv) {
	var worker js.Value
	var ready bool
	var waiting []string
	hear := js.FuncOf(func(this js.Value, args []js.Value) any {
		if !this.Equal(worker) {
			return nil
		}
		text := args[0].Get("data").String()
		go func() {
			var r msg.Report
			if err := json.Unmarshal([]byte(text), &r); err != nil {
				r = msg.Report{Kind: "lost", Error: err.Error()}
			}
			env.Lock()
			switch r.Kind {
			case "ready":
				ready = true
				for _, raw := range waiting {
					worker.Call("postMessage", raw)
				}
				waiting = nil
			case "lost":
				worker.Call("terminate")
				worker = js.Null()
				fallthrough
			default:
				lab.Hear(r.Kind, r.Run, r.Events, r.Error, r.Facts)
			}
			env.UnlockRender()
		}()
		return nil
	})
	start := func() {
		worker, ready, waiting = js.Global().Get("Worker").New("public/worker.js"), false, nil
		worker.Set("onmessage", hear)
	}
	start()
	lab.Do = func(do string, run int, c *search.Config, pack string) {
		if pack != "" {
			pack = js.Global().Get("URL").New(pack, js.Global().Get("document").Get("baseURI")).Get("href").String()
		}
		raw, err := json.Marshal(msg.Command{Do: do, Run: run, Config: c, Pack: pack})
		if err != nil {
			panic(err)
		}
		if worker.IsNull() {
			start()
		}
		if ready {
			worker.Call("postMessage", string(raw))
		} else {
			waiting = append(waiting, string(raw))
		}
	}
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

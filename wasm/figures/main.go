//go:build js && wasm

// Command figures draws publication figures in a Web Worker, which the page starts when a figure is first asked for: gonum's
// plots and their fonts are larger than the page itself.
//
// It posts {ready: true}, and then, for every message of a request as JSON, {file, kind, data} with the figure in a Uint8Array, or
// {error}.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"syscall/js"

	"hlrslab/core/figure"
	"hlrslab/core/run"
)

// request asks for a figure of up to figure.Most runs.
type request struct {
	File    string       `json:"file"`  // what the figure will be called: by its ending, an SVG or a PNG
	Names   []string     `json:"names"` // of the records' runs
	Records []run.Record `json:"records"`
}

func main() {
	js.Global().Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		var r request
		var b bytes.Buffer
		kind := ""
		err := json.Unmarshal([]byte(args[0].Get("data").String()), &r)
		if err == nil {
			kind, err = r.draw(&b)
		}
		if err != nil {
			post(map[string]any{"error": err.Error()})
			return nil
		}
		a := js.Global().Get("Uint8Array").New(b.Len())
		js.CopyBytesToJS(a, b.Bytes())
		post(map[string]any{"file": r.File, "kind": kind, "data": a}, a.Get("buffer")) // handed over, not copied once more
		return nil
	}))
	post(map[string]any{"ready": true})
	select {}
}

func (r request) draw(w io.Writer) (kind string, err error) {
	switch path.Ext(r.File) {
	case ".svg":
		return "image/svg+xml", figure.SVG(w, r.Records, r.Names)
	case ".png":
		return "image/png", figure.PNG(w, r.Records, r.Names)
	}
	return "", fmt.Errorf("%s is no figure; ask for an svg or png", r.File)
}

func post(answer map[string]any, handed ...any) { js.Global().Call("postMessage", answer, handed) }

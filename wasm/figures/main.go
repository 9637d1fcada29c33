//go:build js && wasm

// Command figures draws publication figures in a Web Worker, which the page starts when a figure is first asked for: gonum's
// plots and their fonts are larger than the page itself.
//
// It posts {ready: true}, and then, for every message of a request as JSON, {id, data} with the file in a Uint8Array, or
// {id, error}.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"syscall/js"

	"hlrslab/core/figure"
	"hlrslab/core/run"
)

// request asks for a figure of up to figure.Most runs.
type request struct {
	ID      int          `json:"id"`     // comes back with the answer
	Format  string       `json:"format"` // "svg" or "png"
	Names   []string     `json:"names"`  // of the records' runs
	Records []run.Record `json:"records"`
}

func main() {
	js.Global().Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		var r request
		var b bytes.Buffer
		err := json.Unmarshal([]byte(args[0].Get("data").String()), &r)
		if err == nil {
			err = r.draw(&b)
		}
		if err != nil {
			post(map[string]any{"id": r.ID, "error": err.Error()})
			return nil
		}
		a := js.Global().Get("Uint8Array").New(b.Len())
		js.CopyBytesToJS(a, b.Bytes())
		post(map[string]any{"id": r.ID, "data": a}, a.Get("buffer")) // handed over, not copied once more
		return nil
	}))
	post(map[string]any{"ready": true})
	select {}
}

func (r request) draw(w io.Writer) error {
	switch r.Format {
	case "svg":
		return figure.SVG(w, r.Records, r.Names)
	case "png":
		return figure.PNG(w, r.Records, r.Names)
	}
	return fmt.Errorf("there is no format %q; choose svg or png", r.Format)
}

func post(answer map[string]any, handed ...any) { js.Global().Call("postMessage", answer, handed) }

//go:build js && wasm

// Command lab is the laboratory: the page, or, without a document, a worker that trains. One program, loaded once, serves both.
package main

import (
	"syscall/js"

	"hlrslab/wasm/page"
	"hlrslab/wasm/worker"
)

func main() {
	if js.Global().Get("document").IsUndefined() {
		worker.Main(nil)
	}
	page.Main()
}

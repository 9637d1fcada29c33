//go:build js && wasm

// Package web is promises and bytes between Go and the browser.
package web

import (
	"errors"
	"fmt"
	"syscall/js"
)

// Await waits for a promise, on a goroutine that may block: never within a callback.
func Await(promise js.Value) (js.Value, error) {
	type result struct {
		value js.Value
		err   error
	}
	out := make(chan result, 1)
	kept := js.FuncOf(func(_ js.Value, args []js.Value) any {
		r := result{}
		if len(args) > 0 {
			r.value = args[0]
		}
		out <- r
		return nil
	})
	defer kept.Release()
	failed := js.FuncOf(func(_ js.Value, args []js.Value) any {
		out <- result{err: errors.New(js.Global().Get("String").Invoke(args[0]).String())}
		return nil
	})
	defer failed.Release()
	promise.Call("then", kept, failed)
	r := <-out
	return r.value, r.err
}

// Bytes copies a Uint8Array, or anything one can be made of.
func Bytes(a js.Value) []byte {
	a = js.Global().Get("Uint8Array").New(a)
	b := make([]byte, a.Length())
	js.CopyBytesToGo(b, a)
	return b
}

// File is a Uint8Array, or what one can be made of, that stays in the browser's memory.
type File struct{ js.Value }

// Bytes copies it.
func (f File) Bytes() []byte { return Bytes(f.Value) }

// Array is a Uint8Array of b.
func Array(b []byte) js.Value {
	a := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(a, b)
	return a
}

// Unpack decompresses gzip by the browser's own means, unless the host has done so already.
func Unpack(packed []byte) ([]byte, error) {
	if len(packed) == 0 || packed[0] != 0x1f {
		return packed, nil
	}
	stream := js.Global().Get("Blob").New([]any{Array(packed)}).Call("stream").Call("pipeThrough", js.Global().Get("DecompressionStream").New("gzip"))
	raw, err := Await(js.Global().Get("Response").New(stream).Call("arrayBuffer"))
	if err != nil {
		return nil, err
	}
	return Bytes(raw), nil
}

// ErrNetwork is Fetch's error where no server answers.
var ErrNetwork = errors.New("the server cannot be reached")

// Fetch gets a file of the page's origin.
func Fetch(url string) ([]byte, error) {
	response, err := Await(js.Global().Call("fetch", url))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, ErrNetwork)
	}
	if !response.Get("ok").Bool() {
		return nil, fmt.Errorf("%s: status %d", url, response.Get("status").Int())
	}
	body, err := Await(response.Call("arrayBuffer"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	return Bytes(body), nil
}

//go:build js && wasm

package webgpu

import (
	"syscall/js"
	"time"

	"hlrslab/core/gpu"
	"hlrslab/wasm/web"
)

// ahead is how many pieces are submitted at a time: one runs and one is there when it ends. More would stand before what the page
// draws.
const ahead = 2

// nudge is how long what is awaited may take before the browser is asked for it: Firefox looks every 100 ms alone, unless something
// is submitted, be it nothing.
const nudge = time.Millisecond

var nothing = js.Global().Get("Array").New()

// piece is dispatches that were submitted together.
type piece struct {
	work int64
	at   time.Time // when it was submitted
}

// Write implements gpu.Driver.
func (d *driver) Write(b gpu.Buffer, at int64, data []byte) error {
	if d.fault != nil || len(data) == 0 {
		return d.fault
	}
	if d.copied.IsUndefined() || d.copied.Length() < len(data) {
		d.copied = js.Global().Get("Uint8Array").New(len(data))
	}
	js.CopyBytesToJS(d.copied, data)
	d.queue.Call("writeBuffer", b.(*handle).Value, at, d.copied, 0, len(data))
	return nil
}

// Submit implements gpu.Driver: the list goes in pieces of a few milliseconds.
func (d *driver) Submit(list []gpu.Dispatch) error {
	for len(list) > 0 {
		for len(d.flying) >= ahead && d.fault == nil {
			d.until(d.landed)
		}
		if d.fault != nil {
			return d.fault
		}
		n, work := d.pace.cut(list)
		d.once(func(e js.Value) { d.record(e, list[:n]) })
		d.flying = append(d.flying, piece{work, time.Now()})
		d.queue.Call("onSubmittedWorkDone").Call("then", d.onDone, d.onDone)
		list = list[n:]
	}
	return d.fault
}

// record writes dispatches down. WebGPU has each of a pass see what those before it wrote.
func (d *driver) record(e js.Value, list []gpu.Dispatch) {
	pass := e.Call("beginComputePass")
	var last gpu.Dispatch
	for _, s := range list {
		if s.Kernel != last.Kernel {
			d.bound.setPipeline.Invoke(pass, s.Kernel.(*handle).Value)
		}
		for i, g := range s.Groups {
			if g != last.Groups[i] {
				d.bound.setBindGroup.Invoke(pass, i, g.(*handle).Value)
			}
		}
		d.bound.dispatch.Invoke(pass, s.X, s.Y)
		last = s
	}
	pass.Call("end")
}

// once records commands and submits them.
func (d *driver) once(record func(encoder js.Value)) {
	e := d.device.Call("createCommandEncoder")
	record(e)
	d.queue.Call("submit", []any{e.Call("finish")})
}

// land notes that the oldest piece under way has been done, and what that took.
func (d *driver) land() {
	p, now := d.flying[0], time.Now()
	d.flying = d.flying[1:]
	if waited := d.idle.After(p.at); waited {
		d.pace.took(p.work, now.Sub(d.idle))
	} else {
		d.pace.alone(p.work, now.Sub(p.at))
	}
	d.idle = now
	select {
	case d.landed <- struct{}{}:
	default:
	}
	if d.released && len(d.flying) == 0 {
		d.onDone.Release()
	}
}

// Read implements gpu.Driver.
func (d *driver) Read(b gpu.Buffer, at int64, dst []byte) (err error) {
	if d.fault != nil || len(dst) == 0 {
		return d.fault
	}
	size := int64(len(dst))
	if d.room < size {
		if d.room > 0 {
			d.staging.Call("destroy")
		}
		d.room = 0
		if d.staging, err = d.buffer("reading", size, copyTo|mapRead); err != nil {
			return err
		}
		d.room = size
	}
	d.once(func(e js.Value) { e.Call("copyBufferToBuffer", b.(*handle).Value, at, d.staging, 0, size) })
	if _, err = d.await(d.staging.Call("mapAsync", mapForReading, 0, size)); d.fault != nil {
		return d.fault // which says more
	} else if err != nil {
		return err
	}
	js.CopyBytesToGo(dst, js.Global().Get("Uint8Array").New(d.staging.Call("getMappedRange", 0, size)))
	d.staging.Call("unmap")
	return nil
}

// await waits for a promise of the browser's, and gives up when the device is lost.
func (d *driver) await(promise js.Value) (v js.Value, err error) {
	kept := make(chan struct{})
	var now struct {
		value js.Value
		err   error
	}
	go func() {
		now.value, now.err = web.Await(promise)
		close(kept)
	}()
	if !d.until(kept) {
		return js.Undefined(), d.fault
	}
	return now.value, now.err
}

// until waits for c, and is false when the device is lost before.
func (d *driver) until(c <-chan struct{}) bool {
	again := time.NewTicker(nudge)
	defer again.Stop()
	for {
		select {
		case <-c:
			return true
		case <-d.lost:
			return false
		case <-again.C:
			d.queue.Call("submit", nothing)
		}
	}
}

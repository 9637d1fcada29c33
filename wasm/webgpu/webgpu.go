//go:build js && wasm

// Package webgpu is the GPU's driver in a browser: WebGPU by syscall/js, in a worker or a page. Its calls wait for the browser, so
// they are for a goroutine that may block: never within a callback.
package webgpu

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall/js"
	"time"

	"hlrslab/core/gpu"
	"hlrslab/wasm/web"
)

// Flags of buffers and of their mapping (WebGPU, sections 5.1.1 and 5.2), and the stage of a bind group's layout (section 8.1.1).
const (
	mapRead  = 0x1
	copyFrom = 0x4
	copyTo   = 0x8
	storage  = 0x80

	mapForReading = 0x1
	compute       = 0x4
)

type driver struct {
	about    gpu.Adapter
	device   js.Value
	queue    js.Value
	layouts  [len(gpu.Layout)]js.Value
	layout   js.Value
	bound    bound
	staging  js.Value // where Read finds what it reads
	room     int64    // its size
	copied   js.Value // where Write puts data for the browser, a Uint8Array
	flying   []piece  // what was submitted and has not been done
	landed   chan struct{}
	idle     time.Time // when the last of it was
	pace     pace
	onDone   js.Func
	onError  js.Func
	onLoss   js.Func
	fault    error         // what befell the device, for the next call
	lost     chan struct{} // is closed when the device is no more
	released bool
}

// bound are methods that are called for every dispatch, looked up once: each takes its object first.
type bound struct{ setPipeline, setBindGroup, dispatch js.Value }

// handle is an object of the browser's. Pointers to it can be compared.
type handle struct {
	js.Value
	release func(js.Value)
}

func (h *handle) Release() {
	if h.release != nil {
		h.release(h.Value)
	}
}

// Find returns the fastest GPU that the browser gives, without a device on it.
func Find() (gpu.Adapter, error) {
	_, about, err := find()
	return about, err
}

// Open returns a driver of that.
func Open() (gpu.Driver, error) {
	d, err := open()
	if err != nil {
		return nil, err
	}
	return d, nil
}

func find() (adapter js.Value, about gpu.Adapter, err error) {
	var offer js.Value
	if navigator := js.Global().Get("navigator"); navigator.Truthy() {
		offer = navigator.Get("gpu")
	}
	switch {
	case offer.Truthy():
	case js.Global().Get("isSecureContext").Equal(js.ValueOf(false)):
		return adapter, about, errors.New("browsers keep GPUs to pages by https, or of this machine (localhost), and this page is by http")
	default:
		return adapter, about, errors.New("this browser has no WebGPU, as Chrome has it from 113 on, Safari from 26 and Firefox from 141")
	}
	adapter, err = web.Await(offer.Call("requestAdapter", map[string]any{"powerPreference": "high-performance"}))
	if err == nil && !adapter.Truthy() {
		err = errors.New("the browser offers no GPU to pages on this machine; its own page about:gpu (Chrome) or about:support (Firefox) may say why")
	}
	if err != nil {
		return adapter, about, err
	}
	limits := adapter.Get("limits")
	limit := func(name string) int64 { return int64(limits.Get(name).Float()) }
	about = gpu.Adapter{
		Binding: limit("maxStorageBufferBindingSize") &^ 3, Buffer: limit("maxBufferSize") &^ 3, Groups: int(limit("maxComputeWorkgroupsPerDimension")),
	}
	about.Name, about.Kind = name(adapter.Get("info"))
	return adapter, about, nil
}

func open() (*driver, error) {
	adapter, about, err := find()
	if err != nil {
		return nil, err
	}
	d := &driver{about: about, landed: make(chan struct{}, 1), lost: make(chan struct{}), pace: pace{budget: firstBudget}}
	limits := adapter.Get("limits") // a device has WebGPU's least of each, unless more is asked for
	d.device, err = web.Await(adapter.Call("requestDevice", map[string]any{"requiredLimits": map[string]any{
		"maxStorageBufferBindingSize": limits.Get("maxStorageBufferBindingSize"), "maxBufferSize": limits.Get("maxBufferSize"),
	}}))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.about.Name, err)
	}
	d.queue = d.device.Get("queue")
	d.listen()
	unbind := js.Global().Get("Function").Get("prototype").Get("call")
	method := func(class, name string) js.Value {
		return unbind.Call("bind", js.Global().Get(class).Get("prototype").Get(name))
	}
	const pass = "GPUComputePassEncoder"
	d.bound = bound{method(pass, "setPipeline"), method(pass, "setBindGroup"), method(pass, "dispatchWorkgroups")}
	var layouts []any
	for i, bindings := range gpu.Layout {
		var entries []any
		for j, access := range bindings {
			kind := "read-only-storage"
			if access == gpu.Writes {
				kind = "storage"
			}
			entries = append(entries, map[string]any{"binding": j, "visibility": compute, "buffer": map[string]any{"type": kind}})
		}
		d.layouts[i] = d.device.Call("createBindGroupLayout", map[string]any{"label": fmt.Sprint("group ", i), "entries": entries})
		layouts = append(layouts, d.layouts[i])
	}
	d.layout = d.device.Call("createPipelineLayout", map[string]any{"label": "kernels", "bindGroupLayouts": layouts})
	return d, nil
}

// Name is what to call a GPU.
func Name(a gpu.Adapter) string {
	if a.Kind == gpu.Unknown {
		return a.Name
	}
	return a.Name + ", " + a.Kind.String()
}

// name is what a browser tells of an adapter: often no more than the maker and the architecture.
func name(info js.Value) (string, gpu.Kind) {
	var parts []string
	for _, p := range []string{"vendor", "architecture", "device", "description"} {
		if v := info.Get(p); v.Type() == js.TypeString && v.String() != "" && !slices.Contains(parts, v.String()) {
			parts = append(parts, v.String())
		}
	}
	name, kind := strings.Join(parts, " "), gpu.Unknown
	if info.Get("isFallbackAdapter").Truthy() || strings.Contains(strings.ToLower(name), "swiftshader") {
		kind = gpu.Processor
	}
	if name == "" {
		name = "a GPU that the browser does not name"
	}
	return name, kind
}

// listen takes what goes wrong later than the call that it is of: the next call returns it.
func (d *driver) listen() {
	fail := func(err error) {
		if d.fault == nil {
			d.fault = err
		}
	}
	d.onError = js.FuncOf(func(_ js.Value, args []js.Value) any {
		e := args[0].Get("error")
		fail(fmt.Errorf("%s: %s", e.Get("constructor").Get("name").String(), message(e)))
		return nil
	})
	d.device.Call("addEventListener", "uncapturederror", d.onError)
	d.onLoss = js.FuncOf(func(_ js.Value, args []js.Value) any {
		fail(fmt.Errorf("%s is lost: %s", d.about.Name, message(args[0])))
		close(d.lost)
		d.onLoss.Release()
		return nil
	})
	d.device.Get("lost").Call("then", d.onLoss)
	d.onDone = js.FuncOf(func(js.Value, []js.Value) any {
		d.land()
		return nil
	})
}

// message is what the browser says, in one line.
func message(of js.Value) string {
	return strings.Join(strings.Fields(of.Get("message").String()), " ")
}

func (d *driver) Adapter() gpu.Adapter { return d.about }

// checked makes something, and waits for what the browser says of it.
func (d *driver) checked(make func() js.Value) (js.Value, error) {
	if d.fault != nil {
		return js.Undefined(), d.fault
	}
	for _, kind := range []string{"internal", "out-of-memory", "validation"} {
		d.device.Call("pushErrorScope", kind)
	}
	made := make()
	var failed error
	for range 3 {
		e, err := d.await(d.device.Call("popErrorScope"))
		if err == nil && e.Truthy() {
			err = errors.New(message(e))
		}
		if failed == nil {
			failed = err
		}
	}
	return made, failed
}

func (d *driver) Buffer(label string, bytes int64) (gpu.Buffer, error) {
	b, err := d.buffer(label, bytes, storage|copyFrom|copyTo)
	if err != nil {
		return nil, err
	}
	return &handle{b, func(b js.Value) { b.Call("destroy") }}, nil
}

func (d *driver) buffer(label string, bytes int64, usage int) (js.Value, error) {
	b, err := d.checked(func() js.Value {
		return d.device.Call("createBuffer", map[string]any{"label": label, "size": bytes, "usage": usage})
	})
	if d.fault != nil {
		return b, d.fault
	} else if err != nil {
		return b, fmt.Errorf("%.1f MB for %s: %w", 1e-6*float64(bytes), label, err)
	}
	return b, nil
}

func (d *driver) Kernel(label, wgsl string) (gpu.Kernel, error) {
	module, failed := d.checked(func() js.Value {
		return d.device.Call("createShaderModule", map[string]any{"label": label, "code": wgsl})
	})
	if d.fault != nil {
		return nil, d.fault
	}
	info, err := d.await(module.Call("getCompilationInfo"))
	if err != nil {
		return nil, fmt.Errorf("kernel %s: %w", label, err)
	}
	lines := strings.Split(wgsl, "\n")
	for messages, i := info.Get("messages"), 0; i < messages.Length(); i++ {
		m := messages.Index(i)
		if m.Get("type").String() != "error" {
			continue
		}
		source := ""
		if n := m.Get("lineNum").Int(); n >= 1 && n <= len(lines) {
			source = fmt.Sprintf(", line %d, %q", n, strings.TrimSpace(lines[n-1]))
		}
		return nil, fmt.Errorf("kernel %s%s: %s", label, source, message(m))
	}
	if failed != nil {
		return nil, fmt.Errorf("kernel %s: %w", label, failed)
	}
	pipeline, err := d.await(d.device.Call("createComputePipelineAsync", map[string]any{
		"label": label, "layout": d.layout, "compute": map[string]any{"module": module, "entryPoint": "main"},
	}))
	if err != nil {
		return nil, fmt.Errorf("kernel %s: %w", label, err)
	}
	return &handle{Value: pipeline}, nil
}

// Bind implements gpu.Driver. Whether the ranges are valid the browser says later: an error is that of a later call.
func (d *driver) Bind(group int, ranges ...gpu.Range) (gpu.Group, error) {
	if d.fault != nil {
		return nil, d.fault
	}
	var entries []any
	for i, r := range ranges {
		entries = append(entries, map[string]any{
			"binding": i, "resource": map[string]any{"buffer": r.Buffer.(*handle).Value, "offset": r.At, "size": r.Size},
		})
	}
	return &handle{Value: d.device.Call("createBindGroup", map[string]any{"label": fmt.Sprint("group ", group), "layout": d.layouts[group], "entries": entries})}, nil
}

func (d *driver) Close() {
	if d.released {
		return
	}
	d.released = true
	d.device.Call("removeEventListener", "uncapturederror", d.onError)
	d.onError.Release()
	d.device.Call("destroy") // what is awaited ends; the last piece that lands releases its function
	if len(d.flying) == 0 {
		d.onDone.Release()
	}
}

//go:build js && wasm

package page

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"syscall/js"

	"hlrslab/core/run"
	"hlrslab/ui"
	"hlrslab/wasm/web"
)

// openStore opens this machine's store of runs and shows what it has, also when another tab changes it.
func (p *page) openStore() {
	p.store = window.Get("labStore")
	p.store.Set("changed", js.FuncOf(func(js.Value, []js.Value) any {
		go p.list()
		return nil
	}))
}

// list reads what is kept, again.
func (p *page) list() {
	all, err := web.Await(p.store.Call("list"))
	if err != nil {
		p.change(func() { p.lab.Notice = fmt.Sprintf(ui.Text.NoStore, err) })
		return
	}
	var kept []ui.Kept
	for i := range all.Length() {
		var k ui.Kept
		if json.Unmarshal([]byte(all.Index(i).Index(0).String()), &k); k.Key != "" { // of another version, it is listed all the same
			k.Elsewhere = all.Index(i).Index(1).Bool()
			kept = append(kept, k)
		}
	}
	p.report(func() { p.lab.Stored(kept) }, pace)
}

// Keep implements ui.Host.
func (p *page) Keep(k ui.Kept, file ui.File) {
	raw, err := json.Marshal(k)
	if err != nil {
		panic(err)
	}
	go func() {
		if _, err := web.Await(p.store.Call("put", k.Key, string(raw), file.(web.File).Value)); err != nil {
			p.change(func() { p.lab.Notice = fmt.Sprintf(ui.Text.NotKept, err) })
		}
		p.list()
	}()
}

// Forget implements ui.Host.
func (p *page) Forget(key string) {
	go func() {
		if _, err := web.Await(p.store.Call("delete", key)); err != nil {
			p.change(func() { p.lab.Notice = err.Error() })
		}
		p.list()
	}()
}

// Fetch implements ui.Host.
func (p *page) Fetch(key string, f func(file ui.File, ours bool)) {
	go func() {
		got, err := web.Await(p.store.Call("file", key))
		if err != nil || !got.Index(0).Truthy() {
			p.change(func() { f(nil, false) })
			return
		}
		p.change(func() { f(web.File{Value: got.Index(0)}, got.Index(1).Bool()) })
	}()
}

// remember keeps what is on the page for when it is loaded again, and lets go of runs that no longer are.
func (p *page) remember() {
	if v := p.lab.Version("session"); v != p.session {
		p.session = v
		p.store.Call("remember", string(p.lab.Session()))
		keys := []any{}
		for _, k := range p.lab.Keys() {
			keys = append(keys, k)
		}
		p.store.Call("release", keys)
	}
}

// Save implements ui.Host.
func (p *page) Save(name, kind string, bytes []byte) {
	blob := window.Get("Blob").New([]any{web.Array(bytes)}, map[string]any{"type": kind})
	url := window.Get("URL").Call("createObjectURL", blob)
	a := document.Call("createElement", "a")
	a.Set("href", url)
	a.Set("download", name)
	a.Call("click")
	window.Call("setTimeout", js.FuncOf(func(js.Value, []js.Value) any {
		window.Get("URL").Call("revokeObjectURL", url)
		return nil
	}), 10_000)
}

// Copy implements ui.Host.
func (p *page) Copy(text string) {
	go func() {
		if _, err := web.Await(window.Get("navigator").Get("clipboard").Call("writeText", text)); err != nil {
			p.change(func() { p.lab.Notice = fmt.Sprintf(ui.Text.NoClipboard, text) })
		}
	}()
}

// Load implements ui.Host.
func (p *page) Load(file string, f func([]byte, error)) {
	go func() {
		raw, err := web.Fetch(file)
		if err == nil {
			raw, err = web.Unpack(raw)
		}
		p.change(func() { f(raw, err) })
	}()
}

// Page implements ui.Host.
func (p *page) Page() string {
	here := window.Get("location")
	return here.Get("origin").String() + here.Get("pathname").String()
}

// pick has the person choose files.
func (p *page) pick(kind string) {
	input := document.Call("createElement", "input")
	input.Set("type", "file")
	input.Set("multiple", kind == "images")
	if kind == "run" {
		input.Set("accept", ".safetensors,.gz,.zip")
	}
	input.Call("addEventListener", "change", js.FuncOf(func(js.Value, []js.Value) any {
		files := input.Get("files")
		if files.Length() > 0 {
			go p.take(kind, files)
		}
		return nil
	}))
	input.Call("click")
}

// listenDrop takes files and folders that are dropped on the page.
func (p *page) listenDrop(on func(js.Value, string, func(js.Value))) {
	// While files hover, the page is covered: what is painted anew below would take the drop with it.
	body := document.Get("body")
	body.Get("dataset").Set("drop", ui.Text.DropHere)
	cover := func(on bool) { body.Get("classList").Call("toggle", "dropping", on) }
	for _, event := range []string{"dragenter", "dragover"} { // both: over another element, the browser asks by the first again
		on(document, event, func(e js.Value) {
			e.Call("preventDefault")
			cover(e.Get("dataTransfer").Get("types").Call("includes", "Files").Bool())
		})
	}
	on(document, "dragleave", func(e js.Value) {
		if e.Get("relatedTarget").IsNull() {
			cover(false)
		}
	})
	on(document, "drop", func(e js.Value) {
		e.Call("preventDefault")
		cover(false)
		dropped := window.Call("labDropped", e.Get("dataTransfer")) // at once: it is empty after the event
		go func() {
			files, err := web.Await(dropped)
			if err != nil {
				p.change(func() { p.lab.Notice = fmt.Sprintf(ui.Text.NotDropped, err) })
				return
			}
			p.take("", files)
		}()
	})
}

// take reads the person's files: a run, a study, or images.
func (p *page) take(kind string, files js.Value) {
	if files.Length() == 0 {
		return
	}
	name := files.Index(0).Get("name").String()
	ends := func(endings ...string) bool {
		return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(strings.ToLower(name), e) })
	}
	study := ends(".json.gz")
	if kind == "run" && !ends(".zip", ".tar", ".tgz", ".tar.gz") || files.Length() == 1 && (study || ends(".safetensors")) {
		b, err := web.Await(files.Index(0).Call("arrayBuffer"))
		p.change(func() {
			if err != nil {
				p.lab.Notice = fmt.Sprintf(ui.Text.NotRead, name, err)
				return
			}
			if study {
				p.lab.OpenStudy(name, web.Bytes(b))
				return
			}
			p.lab.OpenFile(name, web.File{Value: b})
		})
		return
	}
	p.change(func() { p.lab.Notice = ui.Text.ReadingImages })
	list, paths := make([]any, files.Length()), make([]any, files.Length())
	for i := range list {
		f := files.Index(i)
		path := f.Get("path")
		if path.Type() != js.TypeString || path.String() == "" {
			path = f.Get("name")
		}
		list[i], paths[i] = f, path
	}
	reader := window.Get("Worker").New("public/worker.js#images")
	reader.Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		m := args[0].Get("data")
		go p.change(func() {
			reader.Call("terminate")
			if e := m.Get("error"); e.Truthy() {
				p.lab.Notice = fmt.Sprintf(ui.Text.NoImages, e.String())
				return
			}
			own := ui.Own{Name: m.Get("name").String(), Size: m.Get("size").Int(), Train: m.Get("train").Int(), Test: m.Get("test").Int(), Least: m.Get("least").Int(), LeastTest: m.Get("leastTest").Int()}
			for i := range m.Get("classes").Length() {
				own.Classes = append(own.Classes, m.Get("classes").Index(i).String())
			}
			p.own = m.Get("pack")
			for _, w := range p.workers {
				w.own = false
			}
			p.lab.Take(own)
		})
		return nil
	}))
	reader.Call("postMessage", map[string]any{"paths": paths, "files": list})
}

// Figure implements ui.Host.
func (p *page) Figure(file string, records []run.Record, names []string) {
	if p.figures.IsUndefined() {
		p.figures = window.Get("Worker").New("public/worker.js#figures")
		p.figures.Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
			m := args[0].Get("data")
			go p.change(func() {
				if e := m.Get("error"); e.Truthy() {
					p.lab.Notice = fmt.Sprintf(ui.Text.NoFigure, e.String())
				} else if data := m.Get("data"); data.Truthy() {
					p.Save(m.Get("file").String(), m.Get("kind").String(), web.Bytes(data))
					p.lab.Notice = ""
				}
			})
			return nil
		}))
	}
	raw, err := json.Marshal(map[string]any{"file": file, "names": names, "records": records})
	if err != nil {
		panic(err)
	}
	p.lab.Notice = ui.Text.DrawingFigure
	p.figures.Call("postMessage", string(raw))
}

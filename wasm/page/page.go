//go:build js && wasm

// Package page mounts the laboratory: it renders the controls by Vugu, paints the cards, and carries what is done on the page
// to the laboratory and what that asks for to workers, store and files.
package page

import (
	"maps"
	"strconv"
	"strings"
	"syscall/js"
	"time"

	"github.com/vugu/vugu"
	"github.com/vugu/vugu/domrender"

	"hlrslab/ui"
)

var (
	window   = js.Global()
	document = window.Get("document")
)

// page is the browser's side of a laboratory: its ui.Host.
type page struct {
	lab      *ui.Lab
	env      vugu.EventEnv
	workers  map[int]*worker
	figures  js.Value // the program that draws for publication, in a worker of its own, loaded when it is first asked
	gpu      js.Value // the promise of the program that trains on a GPU, likewise
	store    js.Value
	painted  map[string]*painting
	revision int
	due      time.Time // when the next painting is, if one is on its way
	late     string    // the part that it begins with
	own      js.Value  // the person's own images, as a pack
	address  string
	session  string // the version of it that was remembered
	focus    string // the control that is to be given the focus once it is there
	press    press
	revealed string // the button of a run that was last brought into view
	filming  bool   // the film's frames are on their way
	told     string // what the notice says
	seen     bool   // the page itself, and not what was drawn ahead of it
}

// painting is what a part was last painted with, and how often it has changed: elements say by that number what they hold, for
// Vugu moves them about.
type painting struct {
	text     string
	version  string // Lab.Version, while it was painted
	revision int
}

// Main never returns.
func Main() {
	renderer, err := domrender.New("#lab")
	if err != nil {
		panic(err)
	}
	env, err := vugu.NewBuildEnv(renderer.EventEnv())
	if err != nil {
		panic(err)
	}
	p := &page{env: renderer.EventEnv(), workers: map[int]*worker{}, painted: map[string]*painting{}}
	p.lab = ui.NewLab(p)
	p.address = p.lab.Address()
	p.open()
	root := &ui.Root{Lab: p.lab}
	for ok := true; ok; ok = renderer.EventWait() {
		p.lab.Turn()
		if p.press.under {
			p.press.owed = true
			continue
		}
		if !p.seen && p.lab.Awaits() { // the first screen, drawn ahead, shows what is yet to be read
			continue
		}
		if err := renderer.Render(env.RunBuild(root)); err != nil {
			panic(err)
		}
		p.paint()
	}
}

// open prepares what the page starts with: the address, or else a recorded run; what is kept; the real images.
func (p *page) open() {
	p.listen()
	p.openStore()
	hash := strings.TrimPrefix(window.Get("location").Get("hash").String(), "#")
	address, again := p.lab.Return([]byte(p.store.Call("remembered").String()))
	if !again || hash != address {
		p.lab.Go(hash)
	}
	if !again && ui.Bare(hash) {
		p.lab.Await()
	}
	if p.lab.Recorded() {
		go p.replay()
	}
	go p.list()
	go p.follow()
}

// change runs f on the laboratory, and renders at once.
func (p *page) change(f func()) {
	p.env.Lock()
	f()
	p.env.UnlockRender()
}

// pace is how often reports are painted, frame how often the screen is, and slice how long painting may hold it up.
const (
	pace  = 100 * time.Millisecond
	frame = 16 * time.Millisecond
	slice = 2 * time.Millisecond
)

// Focus implements ui.Host: parts are painted over several frames, so the control may yet have to come.
func (p *page) Focus(id string) { p.focus = id }

// report runs f, which moves no control, on the laboratory, and paints after a while, be it once for several.
func (p *page) report(f func(), after time.Duration) {
	p.env.Lock()
	f()
	p.later(after)
	p.env.UnlockOnly()
}

// later paints after a while, if that is not on its way.
func (p *page) later(d time.Duration) {
	at := time.Now().Add(d)
	if !p.due.IsZero() && p.due.Before(at) {
		return
	}
	p.due = at
	time.AfterFunc(d, func() {
		p.env.Lock()
		p.due = time.Time{}
		if p.press.under {
			p.press.owed = true
		} else {
			p.paint()
		}
		p.env.UnlockOnly()
	})
}

// paint sets what has changed of the parts that are painted: the first ones now, and what takes longer than a slice in the next
// frames. What stays on the page stays the same element (morph.js).
func (p *page) paint() {
	end := time.Now().Add(slice)
	set := func(el js.Value, key string) (late bool) {
		was := p.painted[key]
		if was == nil {
			was = &painting{}
			p.painted[key] = was
		}
		if v := p.lab.Version(key); v != was.version {
			if time.Now().After(end) && (p.seen || el.Call("closest", ".bar, .first").IsNull()) { // what was drawn ahead waits for its whole screen
				return true
			}
			text := p.lab.Paint(key)
			if was.version = v; was.text != text || was.revision == 0 {
				p.revision++
				was.text, was.revision = text, p.revision
			}
		}
		if holds := el.Get("labHolds"); holds.Type() == js.TypeNumber && holds.Int() == was.revision {
			return false
		}
		el.Set("labHolds", was.revision)
		window.Call("labMorph", el, was.text)
		switch key {
		case "batches":
			p.thumbnails(el)
		case "shown":
			p.reveal(el)
		}
		return false
	}
	late, seen := "", map[string]bool{}
	list := document.Call("querySelectorAll", "[data-paint]:not([hidden], [hidden] *)")
	n, first := list.Length(), 0
	keys := make([]string, n)
	for i := range n {
		keys[i] = list.Index(i).Get("dataset").Get("paint").String()
		if seen[keys[i]] = true; keys[i] == p.late {
			first = i // or parts that change at every turn would leave the others no time
		}
	}
	for i := range n {
		if k := (first + i) % n; set(list.Index(k), keys[k]) && late == "" {
			late = keys[k]
		}
	}
	for gone, i := document.Call("querySelectorAll", "[hidden] [data-paint]:not(:empty), [data-paint][hidden]:not(:empty)"), 0; i < gone.Length(); i++ {
		gone.Index(i).Call("replaceChildren")
		gone.Index(i).Set("labHolds", nil)
	}
	maps.DeleteFunc(p.painted, func(key string, _ *painting) bool { return !seen[key] })
	p.remember()
	if p.focus != "" {
		if el := document.Call("getElementById", p.focus); el.Truthy() {
			p.focus = ""
			block := "center"
			if el.Get("offsetHeight").Int() > window.Get("innerHeight").Int()/2 {
				block = "start"
			}
			el.Call("scrollIntoView", map[string]any{"block": block})
			el.Call("focus", map[string]any{"preventScroll": true})
		}
	}
	if a := p.lab.Address(); a != p.address {
		p.address = a
		to := window.Get("location").Get("pathname").String()
		if a != "" {
			to += "#" + a
		}
		window.Get("history").Call("replaceState", nil, "", to)
	}
	if p.late = late; late != "" {
		p.later(frame)
	}
	if !p.seen && !p.lab.Awaits() { // the first screen as it was drawn ahead gives way to the page
		p.seen = true
		p.spare()
		for _, id := range []string{"still", "loading"} {
			if el := document.Call("getElementById", id); el.Truthy() {
				el.Call("remove")
			}
		}
	}
	if p.lab.Notice != p.told {
		p.told = p.lab.Notice
		p.fade(p.told)
	}
	if p.lab.Film && !p.filming {
		p.filming = true
		go p.film()
	}
}

// reveal brings the button of the run in focus into view among those of the others, when another has the focus or it has grown.
func (p *page) reveal(runs js.Value) {
	el := runs.Call("querySelector", `[aria-pressed="true"]`)
	if el.IsNull() {
		return
	}
	now := el.Get("dataset")
	if key := now.Get("act").String() + strconv.FormatBool(now.Get("now").String() != ""); key != p.revealed {
		p.revealed = key
		el.Call("scrollIntoView", map[string]any{"block": "nearest", "inline": "nearest"})
	}
}

// fade takes a notice away when there was time to read it, unless the pointer or the focus is on it.
func (p *page) fade(notice string) {
	if !p.lab.Passing() {
		return
	}
	time.AfterFunc(min(10*time.Second+time.Duration(len(notice))*80*time.Millisecond, time.Minute), func() {
		switch {
		case p.lab.Notice != notice:
		case document.Call("querySelector", ".notice:is(:hover, :focus-within)").Truthy():
			p.fade(notice)
		default:
			p.change(func() { p.lab.Act("dismiss:") })
		}
	})
}

// film shows epoch after epoch.
func (p *page) film() {
	for p.filming {
		time.Sleep(p.lab.Still())
		p.change(func() { p.filming = p.lab.Frame() })
	}
}

// thumbnails draws the branches' batches on their canvases.
func (p *page) thumbnails(card js.Value) {
	r := p.lab.Run()
	list := card.Call("querySelectorAll", "canvas")
	if r.Batch == nil || list.Length() == 0 {
		return
	}
	size, first := r.Batch.Size, 0
	const columns, gap = 8, 1
	for i := range list.Length() {
		el := list.Index(i)
		shown := el.Get("dataset").Get("shown").String()
		if drawn := el.Get("labDrawn"); drawn.Type() == js.TypeString && drawn.String() == shown {
			continue
		}
		el.Set("labDrawn", shown)
		branch, _ := strconv.Atoi(el.Get("dataset").Get("batch").String())
		n := len(r.Batch.Labels[branch])
		first = 0
		for b := range branch {
			first += len(r.Batch.Labels[b])
		}
		w, h := columns*(size+gap), (n+columns-1)/columns*(size+gap)
		rgba := make([]byte, 4*w*h)
		for k := range n {
			image := r.Pixels[(first+k)*3*size*size:]
			for y := range size {
				for x := range size {
					at := 4 * ((k/columns*(size+gap)+y)*w + k%columns*(size+gap) + x)
					for c := range 3 {
						rgba[at+c] = image[(c*size+y)*size+x]
					}
					rgba[at+3] = 255
				}
			}
		}
		el.Set("width", w)
		el.Set("height", h)
		pixels := window.Get("Uint8ClampedArray").New(len(rgba))
		js.CopyBytesToJS(pixels, rgba)
		el.Call("getContext", "2d").Call("putImageData", window.Get("ImageData").New(pixels, w, h), 0, 0)
	}
}

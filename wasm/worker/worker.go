//go:build js && wasm

// Package worker trains in a Web Worker: it takes msg.Commands and posts msg.Reports.
package worker

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"syscall/js"
	"time"

	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/nn"
	"hlrslab/core/run"
	"hlrslab/core/task"
	"hlrslab/ui/msg"
	"hlrslab/wasm/web"
)

// breath is how long the worker trains before it lets the browser's events in.
const breath = 8 * time.Millisecond

// command is a message of the page: a msg.Command, and files or bytes beside it.
type command struct {
	msg.Command
	beside js.Value
}

// GPU opens a device on the GPU, which has a name, until close ends it.
type GPU func() (device nn.Device, name string, close func(), err error)

// Main never returns. Open is nil in a program that has no GPU.
func Main(open GPU) {
	debug.SetGCPercent(20) // nearly all memory is there from a run's beginning to its end, and a step takes none
	var commands []command // in the order of their arrival: the event loop must not wait for their turn
	arrived := make(chan struct{}, 1)
	js.Global().Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		m := args[0].Get("data")
		c := command{beside: m.Index(1)}
		if err := json.Unmarshal([]byte(m.Index(0).String()), &c.Command); err != nil {
			fail(c.Run, err)
			return nil
		}
		commands = append(commands, c)
		signal(arrived)
		return nil
	}))
	turn := turner()
	post(msg.Report{Kind: "ready"})
	t := &trainer{over: true}
	for {
		if len(commands) == 0 {
			<-arrived
			continue
		}
		c := commands[0]
		commands = commands[1:]
		var err error
		switch c.Do {
		case "images":
			if cache["own"], err = data.ReadPack(bytes.NewReader(web.Bytes(c.beside))); err != nil {
				fail(c.Run, err)
			}
		case "start", "restore":
			t.end()
			if d, err := images(c.Pack); err != nil {
				post(msg.Report{Kind: "images", Run: c.Run, Error: err.Error()})
			} else if next, err := start(c, d, open); err != nil {
				fail(c.Run, err)
			} else {
				t = next
				t.turn = turn
				go t.train()
			}
		case "stop":
			t.end()
		case "play":
			t.set(true, 0)
		case "pause":
			t.set(false, 0)
			post(msg.Report{Kind: "paused", Run: c.Run})
		case "step":
			t.set(t.playing, t.steps+1)
		case "epoch":
			t.epoch = true
			t.set(false, 0)
		case "save":
			t.save = true
			signal(t.wake)
		case "speed":
			t.speed = c.Speed
			signal(t.wake)
		case "without":
			go without(c, turn)
		case "change":
			if !t.over {
				if err := t.run.Change(*c.Config); err != nil {
					fail(c.Run, err)
				}
			}
		}
	}
}

// trainer takes a run's steps on a goroutine of its own, which stops anywhere within a step while it is paused.
type trainer struct {
	id      int
	run     *run.Run
	device  *cpu.Device // or nil on a GPU
	close   func()      // ends a GPU's device
	turn    func()
	playing bool
	steps   int     // to take while not playing
	epoch   bool    // likewise, to the end of the epoch
	save    bool    // a snapshot is asked for
	speed   float64 // steps a second at most; 0 is no limit
	over    bool
	wake    chan struct{}
	turned  time.Time
	file    bytes.Buffer // a snapshot: the next one takes its room
}

func (t *trainer) set(playing bool, steps int) {
	t.playing, t.steps = playing, steps
	signal(t.wake)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// end gives the run up.
func (t *trainer) end() {
	t.over = true
	t.set(false, 0)
}

func (t *trainer) train() {
	defer t.close()
	if t.device != nil {
		t.device.Yield = t.yield
	}
	for !t.run.Done() {
		t.yield()
		began := time.Now()
		var events []run.Event
		var err error
		if !t.save {
			events, err = t.run.Step()
		}
		for _, e := range events {
			if e.Kind == run.StepDone && (e.Step == 0 || t.steps > 0) {
				t.show()
			}
		}
		ended := len(events) > 0 && events[len(events)-1].Kind == run.EpochDone
		save := ended || t.save
		if t.save = false; save && err == nil { // before it is told: who then presses Pause need not wait for it
			t.file.Reset()
			err = t.run.Snapshot(&t.file)
		}
		if len(events) > 0 {
			t.steps = max(0, t.steps-1)
			post(msg.Report{Kind: "events", Run: t.id, Events: events})
		}
		if err != nil {
			t.over = true
			fail(t.id, err)
			return
		}
		if save {
			postBeside(msg.Report{Kind: "snapshot", Run: t.id}, t.file.Bytes())
		}
		if ended && t.epoch {
			t.epoch = false
			post(msg.Report{Kind: "paused", Run: t.id})
		}
		for t.speed > 0 && !t.over && time.Since(began).Seconds() < 1/t.speed {
			time.Sleep(min(50*time.Millisecond, time.Duration(float64(time.Second)/t.speed)-time.Since(began)))
		}
	}
	t.over = true
	post(msg.Report{Kind: "done", Run: t.id})
}

// show posts what the branches were last shown.
func (t *trainer) show() {
	var all []byte
	var b msg.Batch
	for branch := range 2 {
		pixels, labels, size, err := t.run.Drawn(branch)
		if err != nil {
			fail(t.id, err)
			return
		}
		all, b.Labels, b.Size = append(all, pixels...), append(b.Labels, labels), size
	}
	postBeside(msg.Report{Kind: "batch", Run: t.id, Batch: &b}, all)
}

// yield lets commands in from time to time, waits while the run is paused, and leaves for good once it is given up.
func (t *trainer) yield() {
	if time.Since(t.turned) > breath {
		t.turn()
		t.turned = time.Now()
	}
	for !t.over && !t.playing && !t.epoch && !t.save && t.steps == 0 {
		<-t.wake
	}
	if t.over {
		runtime.Goexit()
	}
}

func start(c command, d *data.Dataset, open GPU) (t *trainer, err error) {
	t = &trainer{id: c.Run, close: func() {}, wake: make(chan struct{}, 1), speed: c.Speed}
	var device nn.Device
	name := ""
	if c.Device == msg.GPU {
		if device, name, t.close, err = open(); err != nil {
			return nil, err
		}
		device = yielding{device, t.yield}
	} else {
		t.device = &cpu.Device{Threads: 1}
		device = t.device
	}
	if c.Do == "restore" {
		t.run, err = task.Restore(bytes.NewReader(web.Bytes(c.beside)), d, device)
	} else {
		t.run, err = task.New(*c.Config, d, device)
	}
	if err != nil {
		t.close()
		return nil, err
	}
	facts := t.run.Facts()
	post(msg.Report{Kind: "started", Run: c.Run, Facts: &facts, Device: name})
	return t, nil
}

// yielding is a device that yields after each pass, as the processor does within one.
type yielding struct {
	nn.Device
	yield func()
}

func (d yielding) Compile(p *nn.Program) (nn.Executor, error) {
	e, err := d.Device.Compile(p)
	return yieldingExecutor{e, d.yield}, err
}

type yieldingExecutor struct {
	nn.Executor
	yield func()
}

func (e yieldingExecutor) Run(p nn.Pass) (float64, error) {
	loss, err := e.Executor.Run(p)
	e.yield()
	return loss, err
}

// without tests a run that was kept without one of its parts, beside whatever is trained.
func without(c command, turn func()) {
	answer := msg.Report{Kind: "without", Run: c.Run, Part: c.Part}
	defer func() { post(answer) }()
	d, err := images(c.Pack)
	if err != nil {
		answer.Error = err.Error()
		return
	}
	turned := time.Now()
	r, err := task.Restore(bytes.NewReader(web.Bytes(c.beside)), d, &cpu.Device{Threads: 1, Yield: func() {
		if time.Since(turned) > breath {
			turn()
			turned = time.Now()
		}
	}})
	if err != nil {
		answer.Error = err.Error()
		return
	}
	defer r.Close()
	for i, part := range []int{-1, c.Part} {
		if answer.Accuracies[i], err = r.Without(part, r.Config().TestImages); err != nil {
			answer.Error = err.Error()
			return
		}
	}
}

// images reads the pack, or makes the toy set; both once.
func images(pack string) (*data.Dataset, error) {
	if d, ok := cache[pack]; ok {
		return d, nil
	}
	if pack == "" {
		cache[pack] = data.Toy(1)
		return cache[pack], nil
	}
	raw, err := web.Fetch(pack)
	if err != nil {
		return nil, err
	}
	d, err := data.ReadPack(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pack, err)
	}
	cache[pack] = d
	return d, nil
}

var cache = map[string]*data.Dataset{}

func fail(run int, err error) { post(msg.Report{Kind: "error", Run: run, Error: err.Error()}) }

func post(r msg.Report) { js.Global().Call("postMessage", []any{text(r)}) }

// postBeside posts bytes with a report; they are handed over, not copied once more.
func postBeside(r msg.Report, bytes []byte) {
	a := web.Array(bytes)
	js.Global().Call("postMessage", []any{text(r), a}, []any{a.Get("buffer")})
}

func text(r msg.Report) string {
	raw, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// turner returns a function that lets the event loop turn once: a message channel is far quicker than a timer.
func turner() func() {
	channel := js.Global().Get("MessageChannel").New()
	turned := make(chan struct{}, 1)
	channel.Get("port1").Set("onmessage", js.FuncOf(func(js.Value, []js.Value) any {
		turned <- struct{}{}
		return nil
	}))
	port := channel.Get("port2")
	return func() {
		port.Call("postMessage", nil)
		<-turned
	}
}

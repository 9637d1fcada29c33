package ui

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"hlrslab/core/run"
	"hlrslab/ui/msg"
)

func command(do string, run int) msg.Command { return msg.Command{Do: do, Run: run} }

// resumes says whether a kept run can go on, and its settings are as they were.
func (r *Run) resumes() bool {
	return r.Recorded && !r.moved() && r.File != nil && !r.Record.Done()
}

// begin readies a run to take steps: one under way as it is, a kept one from where it stood, and any other from the start. What
// there is to see of a run stays: another one then begins beside it. It is nil if none can begin; then that is said.
func (l *Lab) begin(r *Run) *Run {
	switch {
	case r.Fixed():
		return r
	case r.Wrong.Text != "":
		return nil // the status says so
	case r.resumes():
		if _, here := l.holds(r.Config.Dataset); !here {
			l.say(fmt.Sprintf(Text.CannotGoOn, r.Name, l.Images()))
			return nil
		}
		r.Recorded, r.Error = false, ""
		l.launch(r, msg.Command{Do: "restore"}, r.File)
		if r.Record.Next != nil { // which the file may not have
			l.Host.Send(r.slot, msg.Command{Do: "change", Run: r.live, Config: r.Record.Next}, nil)
		}
		return r
	case len(r.Epochs) > 0:
		next := l.beside(r, "")
		if next == nil {
			return nil
		}
		r.settings(r.due())
		l.check(r, "")
		r = next
	default:
		if r.Story != "" { // which was yet to come
			r.Name = l.letter()
		}
		r.clear()
	}
	if set := l.choose(r.Config); set != r.Config.Dataset {
		l.say(fmt.Sprintf(Text.Meanwhile, r.Name))
		r.Config.Dataset = set
		if l.check(r, "dataset"); r.Wrong.Text != "" {
			return nil
		}
	}
	l.start(r)
	return r
}

// start begins a run of the controls' configuration.
func (l *Lab) start(r *Run) {
	r.Record.Config, r.Record.Next = r.Config, nil
	if l.Run() == r {
		l.Epoch = -1
	}
	l.launch(r, msg.Command{Do: "start"}, nil)
}

func (l *Lab) launch(r *Run, c msg.Command, file File) {
	l.lives++
	r.live, r.Started, r.Done = l.lives, true, false
	if r.OnGPU != l.GPU.On { // another worker may take its place, and what that was asked is lost
		r.costs = nil
	}
	r.OnGPU, r.Device, r.moving = l.GPU.On, "", false
	if r.OnGPU {
		c.Device = msg.GPU
	}
	config := r.Config
	c.Run, c.Config, c.Speed, c.Pack = r.live, &config, l.Speed, l.packOf(config)
	if r.Key == "" {
		r.Key = fmt.Sprintf("%x", rand.Uint64())
		name := r.Name // which another tab may have given meanwhile
		r.Name = ""
		r.Name = l.unique(name, "")
	}
	l.Host.Send(r.slot, c, file)
}

// packOf is where a configuration's images are, as a command says it.
func (l *Lab) packOf(c run.Config) string {
	switch {
	case l.Own != nil && c.Dataset == l.Own.Name:
		return "own"
	case c.Dataset == "cifar10":
		return l.pack
	}
	return ""
}

// Play starts or pauses the run in focus.
func (l *Lab) Play() { l.play(l.Run(), !l.Run().asked) }

// PlayAll starts or pauses all runs together, but for those that have come to their end.
func (l *Lab) PlayAll(on bool) {
	for _, r := range slices.Clone(l.Runs) {
		finished := (r.Done || r.Recorded && r.Record.Done()) && !r.moved()
		if on != r.asked && !(on && finished) {
			l.play(r, on)
		}
	}
}

func (l *Lab) play(r *Run, on bool) {
	if !on {
		r.asked = false
		l.Host.Send(r.slot, command("pause", r.live), nil)
		return
	}
	if r.Fixed() && !r.Running && r.OnGPU != l.GPU.On {
		l.move(r)
		return
	}
	if r = l.begin(r); r != nil {
		r.asked, r.Running, r.did = true, true, "play"
		l.Host.Send(r.slot, command("play", r.live), nil)
	}
}

// Step takes one batch, or goes on to the end of the epoch.
func (l *Lab) Step(do string) {
	if r := l.begin(l.Run()); r != nil {
		r.asked, r.Running, r.did = false, do == "epoch", do
		l.Host.Send(r.slot, command(do, r.live), nil)
	}
}

// SetSpeed limits the steps a second; "0" is no limit.
func (l *Lab) SetSpeed(text string) {
	l.Speed, _ = strconv.ParseFloat(text, 64)
	for _, r := range l.Runs {
		r.progress = progress{}
		if r.Fixed() {
			l.Host.Send(r.slot, msg.Command{Do: "speed", Run: r.live, Speed: l.Speed}, nil)
		}
	}
}

// Reset goes back to the same start: the same seed, images and starting weights. Of a record that nothing can begin again from,
// only the settings go back.
func (l *Lab) Reset() {
	r := l.Run()
	if r.Recorded && r.File == nil {
		r.settings(r.due())
		l.check(r, "")
		return
	}
	was := *r
	l.putAway(r)
	if r.Started {
		l.Host.Send(r.slot, command("stop", r.live), nil)
	}
	r.clear()
	r.settings(r.Config)
	l.settle()
	l.Epoch = -1
	if len(was.Epochs) > 0 {
		l.canUndo(fmt.Sprintf(Text.WasReset, r.Name), func() {
			l.halt(r)
			*r = *was.asKept()
			l.check(r, "")
		})
	}
}

// NewSeed resets to another start.
func (l *Lab) NewSeed() {
	l.Reset()
	r := l.Run()
	r.Config.Seed = uint64(rand.IntN(1_000_000))
	l.check(r, "seed")
}

// halt gives up what a run's worker is doing.
func (l *Lab) halt(r *Run) {
	if r.Fixed() {
		l.Host.Send(r.slot, command("stop", r.live), nil)
	}
}

// Rewind goes back to the end of the last whole epoch after a failure; halve takes half the architecture's rate from there.
func (l *Lab) Rewind(halve bool) {
	r := l.Run()
	config := r.Config
	if r.File == nil || !l.back(r) {
		return
	}
	if halve {
		config.ArchRate /= 2
		l.change(config, "arch-rate")
	}
}

// back begins a run again, paused, from what was saved last of it, unless that cannot be read.
func (l *Lab) back(r *Run) bool {
	file, key := r.File, r.Key
	record, err := run.ReadRecord(bytes.NewReader(file.Bytes()))
	if err != nil {
		l.say(err.Error())
		return false
	}
	r.show(record)
	r.File, r.Key = file, key
	l.launch(r, msg.Command{Do: "restore"}, file)
	r.asked, r.Running = false, false
	return true
}

// CanRewind says whether a stopped run can go back to its last whole epoch.
func (l *Lab) CanRewind() bool { return l.Run().Error != "" && l.Run().File != nil }

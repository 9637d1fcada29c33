package ui

import (
	"fmt"
	"slices"
	"strings"

	"hlrslab/core/run"
	"hlrslab/ui/msg"
)

// GPU is whether the page's runs start on the GPU, and what is known of that. It is no part of a run, whose snapshots go on anywhere.
type GPU struct {
	On   bool
	Name string // once the browser has told it
	Why  string // there is none
}

// useGPU chooses where runs start from now on: on a GPU only if the browser offers one.
func (l *Lab) useGPU(on bool) {
	if l.GPU.On = on && l.GPU.Why == ""; !l.GPU.On {
		return
	}
	l.Host.Adapter(func(name string, err error) {
		if err != nil {
			l.GPU = GPU{Why: err.Error()} // the page does not ask again
		} else {
			l.GPU.Name = name
		}
		l.turns++
	})
}

// device is the choice of where runs start, and what there is to know about it.
func (l *Lab) device() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<p class="speed"><label for="device">%s</label><select id="device" data-choose="device" aria-describedby="device-help">`, escape(Text.Device))
	for _, on := range []bool{false, true} {
		value, name, attrs := "cpu", Text.CPU, ""
		if on {
			value, name = msg.GPU, Text.GPU
		}
		if on == l.GPU.On {
			attrs += " selected"
		}
		if on && l.GPU.Why != "" {
			attrs += " disabled"
		}
		fmt.Fprintf(&b, `<option value="%s"%s>%s</option>`, value, attrs, escape(name))
	}
	fmt.Fprintf(&b, `</select></p><small id="device-help" role="status">%s</small>`, escape(l.aboutDevice()))
	return b.String()
}

// aboutDevice says which GPU there is, or why none, and what becomes of runs under way.
func (l *Lab) aboutDevice() string {
	say := Text.DeviceNote
	switch {
	case l.GPU.Why != "":
		say = fmt.Sprintf(Text.NoGPU, l.GPU.Why)
	case l.GPU.On && l.GPU.Name == "":
		say = Text.FindingGPU
	case l.GPU.On:
		say = fmt.Sprintf(Text.GPUName, l.GPU.Name) + " " + say
	}
	if slices.ContainsFunc(l.Runs, func(r *Run) bool { return r.Fixed() && r.OnGPU != l.GPU.On && !r.moving }) {
		say += " " + Text.DeviceLater
	}
	return say
}

// devices are those that computed the run, if a GPU was among them.
func (r *Run) devices() run.Devices {
	on, now := r.Record.Devices, run.CPU
	if r.OnGPU {
		now = r.Device
	}
	if r.Started && now != "" && (r.OnGPU || len(on) > 0) && (len(on) == 0 || !strings.HasPrefix(now, on[len(on)-1])) { // the page's name says more
		on = append(slices.Clone(on), now)
	}
	return on
}

// toProcessor is the button by which a run that failed on a GPU goes on on the CPU; any other run has none.
func (r *Run) toProcessor() string {
	switch {
	case r.Error == "" || !r.OnGPU:
		return ""
	case r.File == nil:
		return button("rescue:", Text.AnewOnProcessor)
	}
	return button("rescue:", Text.OnProcessor)
}

// rescue goes on with the run in focus on the CPU, from what was saved last or else from its start.
func (l *Lab) rescue() {
	r := l.Run()
	l.useGPU(false)
	l.halt(r)
	if r.File == nil || !l.back(r) {
		r.clear()
		l.start(r)
	}
	l.play(r, true)
}

// move has a paused run go on on the device that was chosen since: from the end of the step that it is in, once that is saved.
func (l *Lab) move(r *Run) {
	r.moving, r.asked, r.Running = true, true, true
	l.Host.Send(r.slot, command("save", r.live), nil)
}

// arrive takes what was saved of a run that moves to its new place.
func (l *Lab) arrive(r *Run) {
	on := r.asked
	r.moving = false
	l.turns++
	l.halt(r)
	if l.back(r) {
		l.play(r, on)
	}
}

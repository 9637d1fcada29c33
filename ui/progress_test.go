package ui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlrslab/core/run"
	"hlrslab/ui/msg"
)

// TestTimeLeft says how long a run will take at its pace, not before there is one, and not of a time when it stood still.
func TestTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLab(host{})
		r := l.Run()
		r.Config.Epochs = 10
		l.Play()
		l.Hear(r.slot, msg.Report{Kind: "started", Run: r.live, Facts: &run.Facts{Steps: 30}}, nil)
		step := func(n int) {
			for range n {
				time.Sleep(time.Second)
				l.Hear(r.slot, msg.Report{Kind: "events", Run: r.live, Events: []run.Event{{Kind: run.StepDone, Step: len(r.Losses)}}}, nil)
			}
		}
		says := func(want string) {
			t.Helper()
			if text := r.Say(-1); strings.Contains(text, "left") != (want != "") || !strings.Contains(text, want) {
				t.Errorf("after %d steps of %d: %q, not %q", r.steps(), 300, text, want)
			}
		}
		step(2)
		says("")
		step(28)
		says("About 5 min left.") // 270 s, rounded
		step(230)
		says("About 40 s left.")
		l.Play()
		l.Hear(r.slot, msg.Report{Kind: "paused", Run: r.live}, nil)
		says("")
		time.Sleep(time.Hour)
		l.Play()
		step(20)
		says("About 20 s left.")

		// On a GPU the first step says nothing of the others.
		r.clear()
		l.GPU.On = true
		l.Play()
		l.Hear(r.slot, msg.Report{Kind: "started", Run: r.live, Device: "some GPU", Facts: &run.Facts{Steps: 30}}, nil)
		says("")
		if text := r.Say(-1); !strings.Contains(text, Text.SlowStart) {
			t.Errorf("before the first step: %q", text)
		}
		time.Sleep(time.Minute)
		step(30)
		says("About 5 min left.")
	})
}

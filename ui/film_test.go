package ui

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestFilm plays the recorded searches from their first epoch to the last, pauses, and gives way to the slider.
func TestFilm(t *testing.T) {
	recording, _ := theRecording(t)
	l := NewLab(host{})
	if l.Act("film"); l.Film || l.Frame() {
		t.Error("a film of a run with nothing to see")
	}
	l.Await()
	l.Show(recording)
	last := len(l.Run().Epochs) - 1
	if l.Act("film"); !l.Film || l.Epoch != 0 {
		t.Fatalf("it begins at %d", l.Epoch)
	}
	for e := 1; e <= last; e++ {
		if on := l.Frame(); on != (e < last) || l.Epoch != e {
			t.Fatalf("after %d frames at epoch %d, going on: %v", e, l.Epoch, on)
		}
	}
	if l.Act("film"); l.Epoch != 0 { // again from the beginning
		t.Errorf("it begins anew at %d", l.Epoch)
	}
	l.Frame()
	l.FocusOn(1)
	if !l.Film || l.Epoch != 1 {
		t.Error("a look at the other run ends it")
	}
	l.Act("film")
	if l.Frame() || l.Epoch != 1 {
		t.Errorf("paused, it goes on to %d", l.Epoch)
	}
	l.Act("film")
	if l.Act("epoch:4"); l.Film || l.Epoch != 4 {
		t.Error("the slider does not end it")
	}
}

// TestFilmOnPage presses the button: the cell, the numbers of both runs and the slider move together, and it ends by itself.
func TestFilmOnPage(t *testing.T) {
	b := open(t, serve(t, nil, 0), time.Minute)
	b.says("A finished run.", 20*time.Second)
	b.focus(`document.getElementById("pace")`)
	b.do(chromedp.KeyEvent(kb.End))
	at := `Number(document.getElementById("timeline").value)`
	last := eval[int](b, at)
	seen := `JSON.stringify([document.querySelector("[data-paint=outcomes] b").textContent, document.querySelector("[data-paint=outcomes] .headline + .headline").textContent, document.querySelector("[data-paint=forming] svg").innerHTML.length])`
	b.wait(`!!document.querySelector("[data-paint=outcomes] .headline + .headline") && !!document.querySelector("[data-paint=forming] svg")`, 10*time.Second)
	end := eval[string](b, seen)
	b.press("Play the recording")
	b.wait(at+` >= 2 && `+at+` < 15`, 10*time.Second)
	b.wait(seen+` !== `+strconv.Quote(end), 5*time.Second) // all of it moves
	b.press("Pause playback")
	b.wait(`document.querySelector('[data-act="film"]').textContent === "Play the recording"`, 5*time.Second)
	time.Sleep(500 * time.Millisecond) // in which what was shown last is painted, all of it
	still := eval[int](b, at)
	time.Sleep(500 * time.Millisecond)
	if now := eval[int](b, at); now != still {
		t.Errorf("paused at %d, it went on to %d", still, now)
	}
	b.press("Play the recording")
	b.wait(fmt.Sprint(at, " === ", last), 20*time.Second)
	b.wait(seen+` === `+strconv.Quote(end), 5*time.Second) // as before
	b.quiet()
}

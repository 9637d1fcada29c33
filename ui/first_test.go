package ui

import (
	"image/jpeg"
	"os"
	"strings"
	"testing"

	"hlrslab/core/data"
	"hlrslab/core/run"
)

// tiny is a toy run of a moment, of one epoch.
func tiny(t *testing.T) run.Config {
	t.Helper()
	c := preset
	c.Dataset, c.Channels, c.Layers, c.Nodes, c.Batch, c.NMax, c.Imbalance, c.TestImages, c.Epochs = "toy", 2, 3, 2, 8, 40, 10, 20, 1
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestPictures shows each run beside images of its own set, also where no worker has it: what comes with the page, a run that is
// opened, one that is taken back. Where there are no pictures, words say what the squares are.
func TestPictures(t *testing.T) {
	l := NewLab(host{})
	shows := func(when, sheet string) {
		t.Helper()
		for _, part := range []string{"tail", "branches"} {
			text := l.Paint(part)
			for set, file := range sheets {
				if strings.Contains(text, file) != (set == sheet) {
					t.Errorf("%s: %s of %q: %s", when, part, sheet, text)
				}
			}
		}
		if says := strings.Contains(l.Paint("branches"), Text.Ranks); says != (sheet == "") {
			t.Errorf("%s: the squares are explained: %v", when, says)
		}
	}
	shows("a fresh page", "toy")
	file := snapshot(t, tiny(t))
	l.Import("kept", "", file)
	shows("a run of the toy set, opened", "toy")
	l.beside(l.Run(), "")
	l.Remove(0)
	l.Act("undo:")
	shows("taken back", "toy")
	l = NewLab(host{})
	l.Await()
	recording, _ := theRecording(t)
	l.Show(recording)
	shows("the recording", "cifar10")
	l.Set("dataset", "toy") // of the next run: the one that is shown stays
	shows("the recording, with other settings", "cifar10")
	l = NewLab(host{})
	l.Take(Own{Name: "own", Size: 32, Classes: []string{"cats", "dogs", "owls"}, Train: 90, Test: 30, Least: 30, LeastTest: 10})
	shows("own images", "")
}

// TestToySheet holds the picture of the toy set against the set: within what the compression changes.
func TestToySheet(t *testing.T) {
	f, err := os.Open("../" + sheets["toy"])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	d, err := data.Toy(1).Resize(data.PageSide)
	if err != nil {
		t.Fatal(err)
	}
	const side = data.PageSide
	pixels, column, off := make([]uint8, 3*side*side), map[int]int{}, 0
	for _, i := range d.Train.First(sheetColumns) {
		class := d.Train.Labels[i]
		if err := d.Train.Pixels.Read(pixels, i); err != nil {
			t.Fatal(err)
		}
		for y := range side {
			for x := range side {
				r, g, b, _ := img.At(column[class]*side+x, class*side+y).RGBA()
				for c, v := range []uint32{r, g, b} {
					d := int(v>>8) - int(pixels[(c*side+y)*side+x])
					off += max(d, -d)
				}
			}
		}
		column[class]++
	}
	if mean := float64(off) / float64(3*side*side*sheetColumns*sheetRows); mean > 20 {
		t.Errorf("a value is off by %.1f of 255 on average: write it by hlrs record --toys public/toy.jpg", mean)
	} else {
		t.Logf("off by %.1f", mean)
	}
}

// TestUnlike puts a short run beside a longer one, and runs on other images beside both: what cannot be compared is said.
func TestUnlike(t *testing.T) {
	l := NewLab(host{})
	add := func(name, dataset string, epochs int) {
		r := l.add(name, tiny(t))
		r.Config.Dataset, r.Config.Epochs = dataset, epochs
		r.Record.Config = r.Config
		for e := range epochs {
			r.hear([]run.Event{{Kind: run.EpochDone, Epoch: e, Report: &run.Report{Accuracy: 0.5, Counts: map[string]int{"skip": 8}}}})
		}
	}
	says := func(part, what string, want bool) {
		t.Helper()
		if text := l.Paint(part); strings.Contains(text, what) != want {
			t.Errorf("%s: %q: %v: %s", part, what, !want, text)
		}
	}
	add("long", "toy", 30)
	l.Runs = l.Runs[1:]
	add("equal", "toy", 30)
	says("outcomes", "epoch 30", false)
	says("outcomes", "also differ", false)
	says("shown", "epoch 30", false)
	l.Runs = l.Runs[:1]
	add("short", "toy", 8)
	l.FocusOn(1)
	says("outcomes", "also differ in: Epochs.", true)
	for _, part := range []string{"outcomes", "shown"} {
		says(part, "epoch 8", true)
		says(part, "epoch 30", true)
	}
	says("compare", Text.OtherImages, false)
	l.Epoch = 3 // which both have
	says("outcomes", "epoch 4", false)
	add("real", "cifar10", 8)
	says("compare", Text.OtherImages, true)
	says("compare", "real, CIFAR-10", true)
	if _, names := l.records(); strings.Join(names, "; ") != "long, toy images; short, toy images; real, CIFAR-10" {
		t.Errorf("in a figure: %q", names)
	}
	kept := tiny(t)
	if text := differences(kept); !strings.HasPrefix(text, "toy images, ") {
		t.Errorf("in the list of runs: %s", text)
	}
}

// TestOwnFits has the settings of a run fit a person's own images when they come, however few, or are chosen; where there is no run
// to take them, one is offered. What is wrong is said by the labels of controls.
func TestOwnFits(t *testing.T) {
	for _, own := range []Own{
		{Name: "own", Size: 32, Classes: []string{"cats", "dogs", "owls"}, Train: 24, Test: 12, Least: 8, LeastTest: 4},
		{Name: "own", Size: 16, Classes: []string{"cats", "dogs"}, Train: 600, Test: 110, Least: 100, LeastTest: 10},
	} {
		l := NewLab(host{})
		l.Take(own)
		if r := l.Run(); r.Wrong.Text != "" || r.Config.Dataset != "own" || !strings.Contains(l.Notice, "were read") {
			t.Errorf("%+v: %s; %s", own, r.Wrong.Text, l.Notice)
		}
		l = NewLab(host{})
		l.Import("other", "", snapshot(t, tiny(t)))
		if l.Take(own); l.Run().Config.Dataset != "toy" || l.undo.label != Text.OwnRun {
			t.Errorf("beside a run: %s, %q", l.Run().Config.Dataset, l.Notice)
		}
		l.Act("undo:")
		if r := l.Run(); len(l.Runs) != 2 || r.Config.Dataset != "own" || r.Wrong.Text != "" {
			t.Errorf("added: %q, %s", names(l), r.Wrong.Text)
		}
		l = NewLab(host{})
		l.Own = &own
		if l.Set("dataset", "own"); l.Run().Wrong.Text != "" {
			t.Errorf("chosen: %s", l.Run().Wrong.Text)
		}
		l.Set("imbalance", "1000")
		says := l.Run().Wrong.Text
		if !strings.HasPrefix(says, "Imbalance factor: 1000 leaves") || strings.Contains(says, "n-max") || !strings.Contains(says, "“Size of the largest class”") {
			t.Errorf("an imbalance too large: %s", says)
		}
		l.Set("imbalance", "2")
		if l.Set("batch", "512"); !strings.HasPrefix(l.Run().Wrong.Text, "Batch size: ") {
			t.Errorf("a batch too large: %s", l.Run().Wrong.Text)
		}
	}
}

// TestSays has what the page says name the buttons that there are, and offer what can be had: of a recording no file to go on from, but a
// link, which opens on the same.
func TestSays(t *testing.T) {
	h := &clipboard{}
	l := NewLab(h)
	l.Await()
	recording, _ := theRecording(t)
	l.Show(recording)
	if text := l.exports(); strings.Contains(text, "export:run\"") || !strings.Contains(text, "export:result") {
		t.Errorf("of a recording: %s", text)
	}
	l.Act("export:result")
	_, link, _ := strings.Cut(h.text, "#")
	other := NewLab(host{})
	if other.Go(link); len(other.Run().Epochs) != len(l.Run().Epochs) || other.Notice != "" {
		t.Errorf("the link opens on %d epochs of %d: %s", len(other.Run().Epochs), len(l.Run().Epochs), other.Notice)
	}
	if text := other.exports(); strings.Contains(text, "export:run\"") {
		t.Errorf("of a link: %s", text)
	}
	l.Act("point:arch:2:0.4:0.5")
	if label := (&Root{Lab: l}).PlayLabel(); !strings.Contains(l.Run().Say(-1), "“"+label+"” runs") {
		t.Errorf("beside %q: %s", label, l.Run().Say(-1))
	}
	if c, _ := l.curve("arch"); c.lines[0].label != Text.AsSet {
		t.Errorf("a curve that was moved is labelled %q", c.lines[0].label)
	}
	if got := rules("-normal:k-2>0:sep_conv_3x3,+reduce:1>2:skip_connect,-none"); got != "sep conv 3×3 is forbidden (normal cell, k−2→0); skip is pinned (reduction cell, 1→2); none is forbidden (everywhere)" {
		t.Errorf("rules: %s", got)
	}
	l = shelved()
	l.Kept = l.Kept[1:]
	if l.Act("group:"); !strings.Contains(l.runs(), Text.NoSeeds) {
		t.Errorf("nothing to group: %s", l.runs())
	}
}

// clipboard takes what is copied.
type clipboard struct {
	host
	text string
}

func (c *clipboard) Copy(text string) { c.text = text }

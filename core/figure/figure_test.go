package figure

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"strings"
	"testing"

	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/core/task"
)

// records are tiny runs of as many epochs, with schedules that differ.
func records(t testing.TB, epochs ...int) (all []run.Record) {
	d := data.Toy(1)
	for i, n := range epochs {
		c, err := run.Preset("tiny")
		if err != nil {
			t.Fatal(err)
		}
		c.Epochs, c.ArchSchedule, c.Seed = n, []string{"parabolic", "cosine"}[i], uint64(i+1)
		r, err := task.New(c, d, &cpu.Device{Threads: 4})
		if err != nil {
			t.Fatal(err)
		}
		for !r.Done() {
			if _, err := r.Step(); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, r.Record())
		r.Close()
	}
	return all
}

// words are the texts of an SVG.
func words(t *testing.T, svg []byte) string {
	var all strings.Builder
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := token.(xml.CharData); ok {
			all.Write(c)
			all.WriteByte('\n')
		}
	}
}

// trained is a record as a training makes one.
func trained(r run.Record, change func(c *run.Config)) run.Record {
	r.Config.Task = "train"
	change(&r.Config)
	events := r.Events
	r.Events = nil
	for _, e := range events {
		if e.ArchLoss, e.ArchRate = 0, 0; e.Report != nil {
			p := *e.Report
			p.Entropy, p.Discrete, p.Normal, p.Reduce, p.TauNormalised = 0, 0, nil, nil, p.Accuracy/2
			e.Report = &p
		}
		r.Events = append(r.Events, e)
	}
	return r
}

func TestFigures(t *testing.T) {
	runs := records(t, 2, 3)
	// Trainings: one with all there may be, and one with as little.
	full, plain := trained(runs[0], func(c *run.Config) { c.Tau = 1 }), trained(runs[1], func(c *run.Config) { c.Branches = "none" })
	for _, c := range []struct {
		runs   []run.Record
		names  []string
		height int // of the PNG, at least
		titles []string
		none   []string
	}{
		{runs[:1], []string{""}, 3070, []string{"Loss", "Balanced test accuracy", "Learning rates", "Mixing of the branches", "re-balancing", "tail"}, []string{"calibration"}},
		{runs[:1], []string{"a < b & c"}, 3100, []string{"a < b & c", "Loss"}, nil},
		{runs, []string{"a\x01<b>", "two & " + strings.Repeat("long ", 40)}, 2480, []string{
			"a", "<b>", "two & long", "Balanced test accuracy", "Tail accuracy", "Architecture rate", "Mixing of the branches", "Mean entropy of alpha",
		}, []string{"calibration", "Test loss"}},
		{[]run.Record{full}, []string{""}, 3830, []string{"training", "test", "all, τ-normalised", "Expected calibration error", "Learning rate", "Mixing of the branches"}, []string{"architecture", "entropy"}},
		{[]run.Record{plain}, []string{""}, 3070, []string{"training", "Expected calibration error", "Learning rate"}, []string{"architecture", "τ", "Mixing"}},
		{[]run.Record{plain, plain}, []string{"a", "b"}, 2480, []string{"Tail accuracy", "Test loss", "Expected calibration error", "Learning rate"}, []string{"Architecture", "entropy", "Mixing"}},
		{[]run.Record{full, plain}, []string{"a", "b"}, 3300, []string{"Learning rate", "Mixing of the branches", "Head accuracy"}, []string{"Architecture", "entropy"}},
		{[]run.Record{runs[0], full}, []string{"a", "b"}, 3300, []string{"Test loss", "Architecture rate", "Mixing of the branches", "Mean entropy of alpha"}, nil},
	} {
		var svg, bitmap bytes.Buffer
		if err := SVG(&svg, c.runs, c.names); err != nil {
			t.Fatal(err)
		}
		text := words(t, svg.Bytes())
		for _, title := range c.titles {
			if !strings.Contains(text, title) {
				t.Errorf("no %q in the figure's texts:\n%s", title, text)
			}
		}
		for _, title := range c.none {
			if strings.Contains(text, title) {
				t.Errorf("%q is in the figure's texts:\n%s", title, text)
			}
		}
		if err := PNG(&bitmap, c.runs, c.names); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(bitmap.Bytes(), []byte("\x00\x00\x00\x09pHYs\x00\x00\x2e\x23\x00\x00\x2e\x23\x01")) { // 11811 dots per metre
			t.Error("the PNG does not say that it has 300 dots per inch")
		}
		img, err := png.Decode(&bitmap)
		if err != nil {
			t.Fatal(err)
		}
		if size := img.Bounds().Size(); size.X != 2362 || size.Y < c.height || size.Y > c.height+200 {
			t.Errorf("PNG of %v", size)
		}
	}
}

func TestErrors(t *testing.T) {
	runs := records(t, 1)
	for _, c := range []struct {
		runs  []run.Record
		names []string
		want  string
	}{
		{nil, nil, "0 runs"},
		{make([]run.Record, Most+1), make([]string, Most+1), "7 runs"},
		{runs, nil, "0 names for 1 runs"},
		{append(runs, run.Record{Events: []run.Event{{Kind: run.StepDone}}}), []string{"a", "b"}, `no epoch has ended yet: run 2 has nothing to draw ("b")`},
	} {
		for _, f := range []func(io.Writer, []run.Record, []string) error{SVG, PNG} {
			if err := f(io.Discard, c.runs, c.names); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, not %q", err, c.want)
			}
		}
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		n, power    int
		least, most float64
		want        string
	}{
		{8, 0, 0, 2, "0 1 2"},
		{8, 0, 1, 9, "1 2 3 4 5 6 7 8 9"},
		{8, 0, 1, 10, "2 4 6 8 10"},
		{8, 0, 1, 600, "100 200 300 400 500 600"},
		{5, -9, 2.0791, 2.0794, "2.0791 2.0792 2.0793 2.0794"},
		{5, -9, 0, 27, "0 10 20"},
		{5, -9, -9, 27, "0 10 20"},
		{5, -9, -0.3, 0.2, "-0.3 -0.2 -0.1 0.0 0.1 0.2"},
		{5, -9, 0, 0.00315, "0.000 0.001 0.002 0.003"},
		{5, -9, 0, 1e30, "0 2e+29 4e+29 6e+29 8e+29 1e+30"},
	} {
		ticker := Ticks(c.n, c.power)
		for range 2 {
			var got []string
			for _, tick := range ticker(c.least, c.most) {
				got = append(got, tick.Label)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("from %g to %g: %v, not %s", c.least, c.most, got, c.want)
			}
		}
	}
}

func TestWrap(t *testing.T) {
	const room = 100
	for name, count := range map[string]int{"": 1, "short": 1, "one two three four five six": 2, strings.Repeat("w", 20): 2, strings.Repeat("on and on ", 50): lines} {
		got := strings.Split(Wrap(name, room, entry), "\n")
		if len(got) != count {
			t.Errorf("%q becomes %q", name, got)
		}
		for _, line := range got {
			if w := entry.Width(line); w > room {
				t.Errorf("%q is %v wide", line, w)
			}
		}
	}
}

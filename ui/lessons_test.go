package ui

import (
	"encoding/xml"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"hlrslab/core/run"
)

// trialConfig is a trial's experiment, over the preset small.
func trialConfig(t *testing.T, trial Trial) run.Config {
	t.Helper()
	preset := run.Preset
	if trial.Train {
		preset = run.TrainingPreset
	}
	c, err := preset("small")
	if err != nil {
		t.Fatal(err)
	}
	fields := run.Fields()
	for name, v := range trial.Set {
		i := slices.IndexFunc(fields, func(f run.Field) bool { return f.Name == name })
		if i < 0 {
			t.Fatalf("%s: there is no field %q", trial.Name, name)
		}
		if err := fields[i].Set(&c, v); err != nil {
			t.Errorf("%s: %v", trial.Name, err)
		}
	}
	return c
}

func TestLessonTrials(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range Lessons {
		if n := len(l.Trials); n < 2 || n > Most {
			t.Errorf("%s: %d trials; 2 to %d stand side by side", l.ID, n, Most)
		}
		var differ []string
		for _, trial := range l.Trials {
			if seen[trial.Name] || strings.Contains(trial.Name, ":") || trial.Name == "" || trial.Note == "" {
				t.Errorf("%s: %q is used twice, or does as no name of a run", l.ID, trial.Name)
			}
			seen[trial.Name] = true
			c := trialConfig(t, trial)
			if err := c.Validate(); err != nil {
				t.Errorf("%s: %v", trial.Name, err)
			}
			counts, err := c.Counts(10)
			if err != nil {
				t.Errorf("%s: %v", trial.Name, err)
			}
			var images int
			for _, n := range counts {
				images += n
			}
			// What a tab does in about two minutes.
			if steps := images / 2 / c.Batch * c.Epochs; steps < 50 || steps > 800 || c.Order != 1 && !trial.Train {
				t.Errorf("%s: %d steps of order %d", trial.Name, steps, c.Order)
			}
			var b strings.Builder
			if err := c.Encode(&b); err != nil {
				t.Fatal(err)
			}
			if slices.Contains(differ, b.String()) {
				t.Errorf("%s: the same experiment as another of the lesson", trial.Name)
			}
			differ = append(differ, b.String())
		}
	}
}

func TestLessonTexts(t *testing.T) {
	if len(Lessons) != 7 {
		t.Errorf("%d lessons", len(Lessons))
	}
	ids := map[string]bool{}
	for _, l := range Lessons {
		if ids[l.ID] || l.ID == "" || l.Title == "" || !strings.HasSuffix(l.Question, "?") || len(l.Formulas) == 0 {
			t.Errorf("%q: incomplete, or its ID is used twice", l.ID)
		}
		ids[l.ID] = true
		text := strings.Join(l.Text, " ")
		if n := len(strings.Fields(text)); n == 0 || n > 120 {
			t.Errorf("%s: %d words of text", l.ID, n)
		}
		if strings.ContainsAny(text, "<>&") {
			t.Errorf("%s: markup in the text", l.ID)
		}
		for _, f := range l.Formulas {
			if f.Says == "" || !strings.HasSuffix(f.Says, ".") {
				t.Errorf("%s: no sentence reads %s", l.ID, f.MathML)
			}
			checkMathML(t, f.MathML)
		}
	}
}

// checkMathML parses presentation MathML: elements that Chromium draws, with as many children as each needs.
func checkMathML(t *testing.T, s string) {
	t.Helper()
	needs := map[string]int{
		"math": -1, "mrow": -1, "mi": 0, "mn": 0, "mo": 0, "mtext": 0, "mspace": 0,
		"msup": 2, "msub": 2, "mfrac": 2, "munder": 2, "mover": 2, "msubsup": 3,
	}
	if !strings.HasPrefix(s, `<math display="block">`) {
		t.Errorf("not a block: %s", s)
	}
	d := xml.NewDecoder(strings.NewReader(s))
	type element struct {
		name     string
		children int
	}
	stack := []element{{}}
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v: %s", err, s)
		}
		top := &stack[len(stack)-1]
		switch token := token.(type) {
		case xml.StartElement:
			top.children++
			if _, ok := needs[token.Name.Local]; !ok {
				t.Errorf("%s is no element to use: %s", token.Name.Local, s)
			}
			stack = append(stack, element{name: token.Name.Local})
		case xml.EndElement:
			if n := needs[top.name]; n >= 0 && n != top.children {
				t.Errorf("%s has %d children, not %d: %s", top.name, top.children, n, s)
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if needs[top.name] != 0 {
				t.Errorf("bare text %q: %s", token, s)
			}
		}
	}
	if stack[0].children != 1 {
		t.Errorf("%d roots: %s", stack[0].children, s)
	}
}

// made is a record of a trial after epochs, with one accuracy of all classes.
func made(t *testing.T, trial Trial, epochs int, accuracy float64, skips int, entropy float64) run.Record {
	c := trialConfig(t, trial)
	counts, err := c.Counts(10)
	if err != nil {
		t.Fatal(err)
	}
	r := run.Record{Config: c, Facts: run.Facts{Counts: counts, Steps: 2}}
	p := &run.Report{
		Accuracy: accuracy, Head: accuracy, Medium: accuracy, Tail: accuracy, Discrete: accuracy,
		Entropy: entropy, Counts: map[string]int{"skip": skips, "conv": 16 - skips},
	}
	for i := range counts {
		r.Facts.Order = append(r.Facts.Order, i)
		p.Classes, p.PerClass = append(p.Classes, i), append(p.PerClass, accuracy)
	}
	for e := range epochs {
		for s := range 2 {
			r.Events = append(r.Events, run.Event{Kind: run.StepDone, Epoch: e, Step: s, Steps: 2, ArchRate: c.ArchRate})
		}
		r.Events = append(r.Events, run.Event{Kind: run.EpochDone, Epoch: e, Step: 2, Steps: 2, ArchRate: c.ArchRate, Report: p})
	}
	return r
}

func TestLessonAnswers(t *testing.T) {
	for _, l := range Lessons {
		texts := map[string]string{}
		says := func(what string, records map[string]run.Record, done bool) string {
			text, d := l.Answer(records)
			if d != done {
				t.Errorf("%s, %s: done is %v", l.ID, what, d)
			}
			for other, is := range texts {
				if text == is {
					t.Errorf("%s: %s and %s have the same answer: %s", l.ID, what, other, text)
				}
			}
			if text == "" || strings.Contains(text, "NaN") || strings.Contains(text, "%!") {
				t.Errorf("%s, %s: %q", l.ID, what, text)
			}
			texts[what] = text
			return text
		}
		all := func(accuracy func(i int) float64) map[string]run.Record {
			records := map[string]run.Record{}
			for i, trial := range l.Trials {
				v := accuracy(i)
				records[trial.Name] = made(t, trial, trialConfig(t, trial).Epochs, v, int(16*v), 2-v)
			}
			return records
		}
		last := len(l.Trials) - 1
		says("none", nil, false)
		if text, done := l.Answer(map[string]run.Record{l.Trials[0].Name: {}}); done || text != texts["none"] {
			t.Errorf("%s: a run that has not begun changes the answer: %s", l.ID, text)
		}

		started := map[string]run.Record{l.Trials[0].Name: made(t, l.Trials[0], 0, 0, 0, 0)}
		r := started[l.Trials[0].Name]
		r.Events = []run.Event{{Kind: run.StepDone, Steps: 2}}
		started[l.Trials[0].Name] = r
		says("one that has begun", started, false)
		says("one in part", map[string]run.Record{l.Trials[0].Name: made(t, l.Trials[0], 1, 0.2, 1, 2)}, false)
		says("one", map[string]run.Record{l.Trials[0].Name: all(func(int) float64 { return 0.2 })[l.Trials[0].Name]}, false)
		part := all(func(int) float64 { return 0.2 })
		part[l.Trials[last].Name] = made(t, l.Trials[last], 2, 0.2, 1, 2)
		if text := says("all but an end", part, false); !strings.Contains(text, l.Trials[last].Name+" (2 of") {
			t.Errorf("%s: does not say which is missing: %s", l.ID, text)
		}

		up := says("rising", all(func(i int) float64 { return 0.2 + 0.2*float64(i) }), true)
		down := says("falling", all(func(i int) float64 { return 0.9 - 0.2*float64(i) }), true)
		same := says("alike", all(func(int) float64 { return 0.3 }), true)
		zero := says("nothing", all(func(int) float64 { return 0 }), true)
		for _, text := range []string{up, down, same, zero} {
			if !strings.Contains(text, "one seed of a small experiment, which says little") {
				t.Errorf("%s: does not say what one seed is worth: %s", l.ID, text)
			}
		}

		mixed := all(func(int) float64 { return 0.3 })
		other := mixed[l.Trials[last].Name]
		other.Config.Seed++
		mixed[l.Trials[last].Name] = other
		if text := says("two seeds", mixed, true); !strings.Contains(text, "not of one seed") {
			t.Errorf("%s: compares two seeds: %s", l.ID, text)
		}
	}
}

// TestLessonVerdicts tells the outcomes apart by what is said of them.
func TestLessonVerdicts(t *testing.T) {
	type outcome struct{ accuracy, skips, entropy float64 }
	for _, c := range []struct {
		id   string
		runs []outcome
		want []string
	}{
		{"tail", []outcome{{accuracy: .5}, {accuracy: .2}, {accuracy: .35}}, []string{"make up 15.0 of them; the other 15.0 remain"}},
		{"tail", []outcome{{accuracy: .5}, {accuracy: .2}, {accuracy: .6}}, []string{"all of it"}},
		{"tail", []outcome{{accuracy: .5}, {accuracy: .3}, {accuracy: .1}}, []string{"lose another 20.0"}},
		{"tail", []outcome{{accuracy: .5}, {accuracy: .3}, {accuracy: .3}}, []string{"no share of it"}},
		{"tail", []outcome{{accuracy: .2}, {accuracy: .5}, {accuracy: .5}}, []string{"against what one would expect"}},
		{"tail", []outcome{{}, {}, {}}, []string{"hardly be told apart", "Balanced 10, Long tail 10"}},
		{"rebalance", []outcome{{accuracy: .2}, {accuracy: .5}, {accuracy: .2}, {accuracy: .05}}, []string{"both gain", "no change", "both lose", "Classes drawn alike is 30.0 points above As they come"}},
		{"rebalance", []outcome{{accuracy: .5}, {accuracy: .2}, {accuracy: .2}, {accuracy: .2}}, []string{"no remedy is above"}},
		{"darts", []outcome{{.3, 2, 2}, {.2, 12, 1}, {.2, 2, 2.07}, {.1, 2, 2}}, []string{"decided more", "It collapsed", "ahead of no search", "saw 2 of 10 classes"}},
		{"darts", []outcome{{.3, 2, 1}, {.1, 2, 2}, {.5, 2, 2.07}, {.3, 2, 2}}, []string{"did not decide more", "did not collapse", "not searching did better"}},
		{"darts", []outcome{{.3, 2, 2}, {.3, 5, 1}, {.3, 2, 2.07}, {.3, 2, 2}}, []string{"but no collapse", "not shown"}},
		{"branches", []outcome{{accuracy: .5}, {accuracy: .2}, {accuracy: .2}}, []string{"did best"}},
		{"branches", []outcome{{accuracy: .2}, {accuracy: .5}, {accuracy: .5}}, []string{"did worst"}},
		{"branches", []outcome{{accuracy: .2}, {accuracy: .5}, {accuracy: .2}}, []string{"branches alike did better"}},
		{"branches", []outcome{{accuracy: .3}, {accuracy: .3}, {accuracy: .3}}, []string{"not seen to matter"}},
		{"schedule", []outcome{{accuracy: .1}, {accuracy: .4}, {accuracy: .25}, {accuracy: .4}}, []string{"did make the search fail", "It saved the search", "saved part"}},
		{"schedule", []outcome{{accuracy: .1}, {accuracy: .1}, {accuracy: .05}, {accuracy: .4}}, []string{"did make the search fail", "did not save the search, or"}},
		{"schedule", []outcome{{accuracy: .4}, {accuracy: .4}, {accuracy: .4}, {accuracy: .4}}, []string{"by more than the noise"}},
		{"schedule", []outcome{{accuracy: .6}, {accuracy: .4}, {accuracy: .4}, {accuracy: .4}}, []string{"it did better"}},
		{"retrain", []outcome{{accuracy: .4}, {accuracy: .5}, {accuracy: .3}}, []string{"The cell of DARTS is 20.0 points above A cell of skips", "A random cell is 10.0 points above A cell of skips"}},
		{"ways", []outcome{{accuracy: .4}, {accuracy: .2}, {accuracy: .6}, {accuracy: .4}}, []string{"Sparsemax is 20.0 points below Softmax", "Sigmoids is 20.0 points above Softmax", "Operations with a weight, of the 8 of an edge: Softmax"}},
		{"ways", []outcome{{accuracy: .4}, {accuracy: .2}, {accuracy: .4}, {accuracy: .4}}, []string{"no other way is ahead"}},
	} {
		l := Lessons[slices.IndexFunc(Lessons, func(l Lesson) bool { return l.ID == c.id })]
		records := map[string]run.Record{}
		for i, r := range c.runs {
			records[l.Trials[i].Name] = made(t, l.Trials[i], trialConfig(t, l.Trials[i]).Epochs, r.accuracy, int(r.skips), r.entropy)
		}
		text, done := l.Answer(maps.Clone(records))
		if !done {
			t.Errorf("%s %v: not done", c.id, c.runs)
		}
		for _, w := range c.want {
			if !strings.Contains(text, w) {
				t.Errorf("%s %v: %q is not in: %s", c.id, c.runs, w, text)
			}
		}
	}
}

package ui

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hlrslab/core/run"
	"hlrslab/ui/msg"
)

// long is a run of epochs so small that it goes on for as long as a test needs it.
var long = strings.Replace(small, "epochs=3", "epochs=1000", 1)

// host is one whose workers and store do nothing.
type host struct{}

func (host) Send(int, msg.Command, File)           {}
func (host) End(int)                               {}
func (host) Keep(Kept, File)                       {}
func (host) Forget(string)                         {}
func (host) Fetch(string, func(File, bool))        {}
func (host) Focus(string)                          {}
func (host) Save(string, string, []byte)           {}
func (host) Figure(string, []run.Record, []string) {}
func (host) Copy(string)                           {}
func (host) Load(string, func([]byte, error))      {}
func (host) Page() string                          { return "" }
func (host) Adapter(func(string, error))           {}

func names(l *Lab) (names []string) {
	for _, r := range l.Runs {
		names = append(names, r.Name)
	}
	return names
}

// TestBaselineIsWhatItIs presses baselines and trials from whatever run is in focus: each comes to the same experiment, once.
func TestBaselineIsWhatItIs(t *testing.T) {
	random, plain := 0, 1
	for name, presses := range map[string][]int{
		"plain, random":        {plain, random},
		"random, plain":        {random, plain},
		"random, plain, again": {random, plain, random, plain, plain},
	} {
		l := NewLab(host{})
		l.Set("imbalance", "50")
		l.Set("sampler", "sqrt")
		of := l.Run().Config
		for _, n := range presses {
			l.Act([]string{"baseline:0", "baseline:1"}[n])
		}
		if len(l.Runs) != 3 {
			t.Fatalf("%s: on the page: %q", name, names(l))
		}
		for _, r := range l.Runs[1:] {
			c := r.Config
			switch r.Name {
			case Text.Random: // trained like the run that it is compared with, and never moved
				if want := of; true {
					if want.ArchRate = 0; !c.Equal(want) {
						t.Errorf("%s: random search is %s", name, differences(c))
					}
				}
			case Text.Plain:
				if c.Branches != "none" || c.ArchSchedule != "const" || c.ArchRate != preset.ArchRate || c.Sampler != "instance" || c.Imbalance != 50 {
					t.Errorf("%s: plain DARTS is %s", name, differences(c))
				}
			default:
				t.Errorf("%s: %s", name, r.Name)
			}
		}
	}

	for i, lesson := range Lessons {
		l := NewLab(host{})
		l.Act("lesson:" + string(rune('0'+i)))
		l.Set("seed", "9")
		l.Set("arch-rate", "0.05") // of no matter to a trial
		for range 2 {
			for _, trial := range lesson.Trials {
				l.Act("trial:" + trial.Name)
			}
		}
		if len(l.Runs) != len(lesson.Trials) {
			t.Fatalf("%s: pressed twice: %q", lesson.ID, names(l))
		}
		for k, trial := range lesson.Trials {
			want := trialConfig(t, trial)
			if want.Dataset, want.Seed = "toy", 9; l.Runs[k].Name != trial.Name || !l.Runs[k].Config.Equal(want) {
				t.Errorf("%s: %s is %s", lesson.ID, l.Runs[k].Name, differences(l.Runs[k].Config))
			}
		}
	}
}

// TestTrials starts all trials of one lesson after another: those before make room, and what trains stays.
func TestTrials(t *testing.T) {
	l := NewLab(host{})
	l.Act("lesson:1") // of four trials
	l.Act("trials:")
	if got := names(l); len(got) != 4 {
		t.Fatalf("on the page: %q", got)
	}
	l.Act("lesson:0") // of three
	if l.Act("trials:"); l.Notice == "" || len(l.Runs) != Most {
		t.Errorf("four runs train, and there is room for three more: %q", names(l))
	}
	for _, r := range l.Runs {
		r.asked, r.Running = false, false
	}
	l.Act("trials:")
	got := names(l)
	for _, trial := range Lessons[0].Trials {
		if !slices.Contains(got, trial.Name) {
			t.Errorf("%s is not among %q", trial.Name, got)
		}
	}
	if len(got) != Most || !strings.Contains(l.Notice, Lessons[1].Trials[0].Name) {
		t.Errorf("%q: %s", got, l.Notice)
	}
}

// TestLessonAddress opens a lesson by its number, which leaves the run alone.
func TestLessonAddress(t *testing.T) {
	l := NewLab(host{})
	l.Set("seed", "9")
	l.Go("lesson=3")
	if l.Lesson != 2 || l.Run().Config.Seed != 9 || len(l.Runs) != 1 {
		t.Errorf("lesson %d, seed %d", l.Lesson, l.Run().Config.Seed)
	}
	if a := l.Address(); a != "lesson=3&seed=9" {
		t.Errorf("the address is %s", a)
	}
	other := NewLab(host{})
	if other.Go("lesson=3&seed=9"); other.Lesson != 2 || other.Run().Config.Seed != 9 {
		t.Errorf("lesson %d, seed %d", other.Lesson, other.Run().Config.Seed)
	}
	if other.Go("lesson=99"); !strings.Contains(other.Notice, "lesson") {
		t.Errorf("there is no such lesson, and nothing is said of it: %q", other.Notice)
	}
}

// TestTwoTabs opens the page twice: a run is written by one of them, the other is told, and both list what is kept.
func TestTwoTabs(t *testing.T) {
	url := serve(t, nil, 0)
	b := open(t, url+long, 2*time.Minute)
	b.says("Ready.", 20*time.Second)
	b.press("Start")
	b.epochs(1, 30*time.Second)
	other := b.another(url+strings.Replace(small, "seed=1", "seed=5", 1), 2*time.Minute)
	other.says("Ready.", 20*time.Second)
	b.visit(Shelf)
	other.visit(Shelf)
	other.wait(`document.querySelectorAll("#card-kept tbody tr").length === 1`, 20*time.Second)
	if text := eval[string](other, `document.querySelector("#offer").textContent`); text != "" {
		t.Errorf("the other tab's running run is offered: %s", text)
	}
	other.click(`#card-kept [data-act^="forget:"]`)
	other.notice("A is open in another tab: close it there before you delete it.", 10*time.Second)
	other.click(`#card-kept [data-act^="open:"]`)
	other.notice("A is open in another tab. Here is a copy", 10*time.Second)
	other.press("Continue")
	other.visit(Shelf)
	other.wait(`document.querySelectorAll("#card-kept tbody tr").length === 2`, 30*time.Second)
	b.wait(`document.querySelectorAll("#card-kept tbody tr").length === 2`, 30*time.Second) // the list follows the store
	keys := eval[[]string](b, `[...document.querySelectorAll("#card-kept [data-act^='open:']")].map((e) => e.dataset.act)`)
	if len(keys) != 2 || keys[0] == keys[1] {
		t.Errorf("the kept runs: %q", keys)
	}
	b.press("Pause")
	other.press("Pause")
	// The tab that had the run is closed: now the other may take it.
	b.do(chromedp.Navigate("about:blank"))
	open := keys[slices.IndexFunc(keys, func(k string) bool {
		return !strings.Contains(eval[string](other, `sessionStorage.getItem("hlrs-lab")`), strings.TrimPrefix(k, "open:"))
	})]
	other.click(`#card-kept [data-act="` + strings.Replace(open, "open:", "forget:", 1) + `"]`)
	other.notice("A was deleted.", 10*time.Second)
	other.wait(`document.querySelectorAll("#card-kept tbody tr").length === 1`, 10*time.Second)
	other.press("Undo")
	other.wait(`document.querySelectorAll("#card-kept tbody tr").length === 2`, 10*time.Second)
	b.quiet()
	other.quiet()
}

// TestNothingIsLost goes through what used to take things away: another address during a run, a reload with several runs, taking a
// run off the page, a reset.
func TestNothingIsLost(t *testing.T) {
	b := open(t, serve(t, nil, 0)+long, 2*time.Minute)
	b.says("Ready.", 20*time.Second)
	b.press("Start")
	b.steps(1, 30*time.Second) // no epoch is over yet
	eval[bool](b, `(location.hash = "#seed=3&channels=2&layers=3&nodes=2&batch=8&n-max=60&imbalance=10&test-images=50&epochs=2", true)`)
	b.wait(`document.querySelectorAll(".runs [aria-pressed]:not([hidden])").length === 2`, 10*time.Second)
	b.says("Ready.", 5*time.Second)
	b.press("A")
	b.says("Training.", 10*time.Second) // it went on
	b.epochs(1, 30*time.Second)
	b.press("Pause")
	b.press("B")
	b.press("Start")
	b.says("Finished.", 60*time.Second)
	b.press("Start again") // with the same settings, beside it
	b.visit(Shelf)
	b.wait(`[...document.querySelectorAll("#card-kept tbody tr")].filter((r) => r.textContent.includes("2 of 2")).length === 2`, 60*time.Second)
	b.visit(Explore)
	if got := b.runs(); got != "A, B, C" {
		t.Errorf("on the page: %s", got)
	}
	b.click(`[data-act="add"]`)
	b.says("Ready.", 5*time.Second)
	b.press("B")
	b.do(chromedp.Reload())
	b.says("A finished run.", 20*time.Second)
	if got := b.runs(); got != "A, B, C, D" {
		t.Errorf("after a reload: %s", got)
	}
	b.press("A")
	b.says("A saved run, not finished yet.", 10*time.Second)
	b.press("Remove this run")
	b.notice("A was removed from the page.", 5*time.Second)
	deadline := time.Now().Add(5 * time.Second)
	for b.runs() != "B, C, D" && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond) // the notice may come before the list
	}
	if got := b.runs(); got != "B, C, D" {
		t.Errorf("without A: %s", got)
	}
	b.press("Undo")
	b.says("A saved run, not finished yet.", 5*time.Second)
	b.press("Continue")
	b.says("Training.", 20*time.Second)
	b.press("C")
	b.says("A finished run.", 5*time.Second)
	b.press("Reset to the same start")
	b.says("Ready.", 5*time.Second)
	b.wait(`document.querySelector(".genotype") === null`, 10*time.Second)
	b.press("Undo")
	b.says("A finished run.", 5*time.Second)
	b.shows(".genotype", "Genotype(", 10*time.Second)
	b.shows("[data-paint=timeline]", "2 of 2", 10*time.Second)
	b.quiet()
}

// TestChangesComeBack: schedules changed during a run's first epoch, and again after a whole one, are there after a reload, and hold.
func TestChangesComeBack(t *testing.T) {
	b := open(t, serve(t, nil, 0)+long, 2*time.Minute)
	b.says("Ready.", 20*time.Second)
	b.press("Start")
	b.epochs(1, 30*time.Second)
	b.press("Pause")
	b.says("Paused.", 10*time.Second)
	b.choose("Architecture rate", "Family", "const")
	b.says(Text.NextEpoch, 10*time.Second)
	reloaded := func() {
		b.Helper()
		b.do(chromedp.Reload())
		b.says("A saved run, not finished yet.", 20*time.Second)
		b.says(Text.NextEpoch, 5*time.Second)
		if got := eval[string](b, `document.querySelector("#arch-schedule").value`); got != "const" {
			t.Errorf("after a reload the family is %s", got)
		}
	}
	reloaded() // the store knows nothing of the change
	b.press(Text.OneEpoch)
	b.epochs(2, 30*time.Second)
	b.says("Paused.", 30*time.Second)
	if got := eval[string](b, `document.querySelector(".status").textContent`); strings.Contains(got, Text.NextEpoch) {
		t.Errorf("the change has not come into force: %s", got)
	}
	_, steps, _ := b.events(int(eval[float64](b, `JSON.parse(sent.findLast((m) => m.includes('"restore"'))).run`)))
	if got := steps[len(steps)-1]; got.Epoch == 0 || got.ArchRate != preset.ArchRate {
		t.Errorf("step %d of epoch %d was at rate %v, not at a constant %v", got.Step+1, got.Epoch+1, got.ArchRate, preset.ArchRate)
	}
	b.quiet()
}

// TestCommandLine reads its own flags back: they make the configuration that they were written for.
func TestCommandLine(t *testing.T) {
	for _, set := range []map[string]string{
		{},
		{"seed": "7", "crop": "false", "arch-per-step": "true", "arch-schedule": "drawn", "arch-points": "0:1,1:0"},
		{"steer": "-none,+normal:k-1>0:sep_conv_3x3", "penalty": "beta", "penalty-weight": "-3"},
		{"task": "train", "genotype": "Genotype(normal=[('skip_connect', 0), ('skip_connect', 1)], normal_concat=range(2, 3), reduce=[('skip_connect', 0), ('skip_connect', 1)], reduce_concat=range(2, 3))"},
	} {
		want := preset
		if set["task"] != "" {
			want = presetOf("train")
		}
		for name, v := range set {
			if err := field(name).Set(&want, v); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.Command("sh", "-c", "printf '%s\n' "+commandLine(want)).Output()
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Split(strings.TrimSpace(string(out)), "\n")
		if words[0] != "hlrs" || words[1] != string(want.Task) || words[2] != "--preset" || words[3] != "small" {
			t.Fatalf("%q", words)
		}
		got := presetOf(want.Task)
		for i := 4; i < len(words); i++ {
			name, v := strings.TrimPrefix(words[i], "--"), "true"
			if off, no := strings.CutPrefix(name, "no-"); no {
				name, v = off, "false"
			} else if before, after, is := strings.Cut(name, "="); is {
				name, v = before, after
			} else if i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") {
				i++
				v = words[i]
			}
			if err := field(name).Set(&got, v); err != nil {
				t.Error(err)
			}
		}
		if f, differ := got.Differs(want); differ {
			t.Errorf("%s: %s is another", commandLine(want), f.Name)
		}
	}
}

// TestUnique counts on from a name's own number.
func TestUnique(t *testing.T) {
	l := NewLab(host{})
	for name, want := range map[string]string{"B": "B", "A": "A (2)", "A (2)": "A (3)", "(2)": "(2)"} {
		l.Runs[0].Name, l.Kept = "A", []Kept{{Key: "k", Name: "A (2)"}}
		if name == "A" {
			l.Kept = nil
		}
		if got := l.unique(name, ""); got != want {
			t.Errorf("%s: %s, not %s", name, got, want)
		}
	}
}

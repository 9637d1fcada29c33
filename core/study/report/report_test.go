package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"hlrslab/core/darts"
	"hlrslab/core/run"
	"hlrslab/core/study"
)

// record is one that a run of c might have left after so many epochs, at the accuracy.
func record(c run.Config, epochs int, accuracy float64, rng *rand.Rand) run.Record {
	r := run.Record{Config: c, Facts: run.Facts{Classes: []string{"cat", "dog", "eel"}, Params: 1000 + rng.IntN(500)}}
	for e := range epochs {
		p := &run.Report{
			Accuracy: accuracy * (float64(e+1) / float64(c.Epochs)), Classes: []int{2, 0, 1}, PerClass: []float64{0.75, accuracy, 0.125},
			Head: 0.75, Medium: accuracy, Tail: 0.125, TestLoss: 1.5, Calibration: 0.0625,
		}
		if c.Task == run.Search {
			p.Genotype = darts.RandomGenotype(c.Nodes, nil, rng)
			p.Counts = p.Genotype.Counts()
		}
		r.Events = append(r.Events, run.Event{Kind: run.EpochDone, Epoch: e, ArchRate: c.ArchRate, Mix: 1, Report: p})
	}
	return r
}

// accuracies are distinct, so that each can be found again.
func accuracy(index int) float64 { return 0.5 + float64(index)*0.0123 }

// made is a report of a study whose jobs are done but for those that change makes others.
func made(t *testing.T, text, measure string, change func(*study.Result)) *Report {
	t.Helper()
	s, err := study.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Expand()
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.MeasureOf(measure)
	if err != nil {
		t.Fatal(err)
	}
	var all []study.Result
	for _, j := range p.Jobs {
		rng := rand.New(rand.NewPCG(uint64(j.Index), 0))
		r := study.Result{Job: j, State: "done", Run: record(j.Config, j.Config.Epochs, accuracy(j.Index)-0.1*rng.Float64(), rng)}
		if j.Train != nil {
			r.Training = record(*j.Train, j.Train.Epochs, accuracy(j.Index), rng)
		} else {
			r.Run = record(j.Config, j.Config.Epochs, accuracy(j.Index), rng)
		}
		if change != nil {
			change(&r)
		}
		all = append(all, r)
	}
	return New(study.Sort(p, all, m))
}

// written is a report's page, its Markdown and its table.
func written(t *testing.T, r *Report) (page, markdown string, table [][]string) {
	t.Helper()
	var h, m, c bytes.Buffer
	for _, err := range []error{r.HTML(&h, "by a test"), r.Markdown(&m, "by a test"), r.CSV(&c)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	table, err := csv.NewReader(&c).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return h.String(), m.String(), table
}

const two = `{
	"name": "A <b> & C | D", "question": "Which?", "base": {"preset": "tiny"}, "then-train": {"preset": "tiny"}, "seeds": 6,
	"variants": [{"name": "<i>plain</i> | 1"}, {"name": "falling", "set": {"arch-schedule": "parabolic", "arch-rate": 0.01}}, {"name": "random", "set": {"way": "random"}}]
}`

// TestReport: every seed's value is there, all is in the page, and names stand as they are.
func TestReport(t *testing.T) {
	r := made(t, two, "", nil)
	page, markdown, table := written(t, r)
	for i := range r.All {
		value := fmt.Sprintf("%.2f", 100*accuracy(i))
		if !strings.Contains(page, ">"+value+"<") || !strings.Contains(markdown, "| "+value+" |") {
			t.Errorf("job %d's %s is missing", i, value)
		}
	}
	if !strings.Contains(page, "<p>All 18 jobs are done.</p>") || !strings.HasPrefix(markdown, "# A &lt;b> &amp; C \\| D\n\nAll 18 jobs are done.\n") {
		t.Errorf("it does not begin with what is done:\n%.300s", markdown)
	}
	for _, outside := range []string{"http:", "https:", "src=", "href=", "<script", "@import", "url(", "<i>plain"} {
		if strings.Contains(page, outside) {
			t.Errorf("%q is in the page", outside)
		}
	}
	names := map[string]bool{}
	for _, f := range r.Figures {
		names[f.Name] = true
		if !strings.Contains(page, `<figure id="`+f.Name+`"`) || !strings.Contains(markdown, "](figures/"+f.Name+".svg)") {
			t.Errorf("%s is missing", f.Name)
		}
		var svg, pdf bytes.Buffer
		if err := f.SVG(&svg); err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(&svg); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
		if f.Plot() {
			if err := f.PDF(&pdf); err != nil || !bytes.HasPrefix(pdf.Bytes(), []byte("%PDF")) {
				t.Errorf("%s: %v, %.10q", f.Name, err, pdf.Bytes())
			}
		}
	}
	for _, name := range []string{"points", "differences", "classes", "parameters", "skips", "ranks", "epochs", "schedules"} {
		if !names[name] {
			t.Errorf("no figure is called %s", name)
		}
	}
	if names["profiles"] || !strings.Contains(page, "With one task there is nothing to aggregate") {
		t.Error("one task has profiles, or does not say that it is one")
	}
	if len(table) != 19 || len(table[0]) != len(table[1]) {
		t.Fatalf("%d lines", len(table))
	}
	column := map[string]int{}
	for i, name := range table[0] {
		column[name] = i
	}
	for i, line := range table[1:] {
		if line[column["trained.accuracy"]] != fmt.Sprint(accuracy(i)) || line[column["config.method"]] != r.All[i].Config.Method || line[column["accuracy.1"]] != "0.75" {
			t.Errorf("line %d: %q", i, line)
		}
	}
	if _, has := column["config.epochs"]; has {
		t.Error("the table has a setting that does not vary")
	}
	again, _, _ := written(t, made(t, two, "", nil))
	if again != page {
		t.Error("made again, the page is another")
	}
}

// TestPoints: the figure has a glyph for each seed.
func TestPoints(t *testing.T) {
	f, ok := made(t, two, "", nil).points()
	if !ok {
		t.Fatal("no figure")
	}
	svg, err := f.svg(false)
	if err != nil {
		t.Fatal(err)
	}
	// Those of the first variant are circles, of its colour, through which others are seen.
	if n := len(regexp.MustCompile(`<path d="[^"]*A[^"]*"\s+style="fill:#007[12]B[12];fill-opacity:0.8`).FindAll(svg, -1)); n != 6 {
		t.Errorf("%d points, not 6", n)
	}
}

// TestHalf: of a study that is not done there is a report of what is, which says so first.
func TestHalf(t *testing.T) {
	half := func(r *study.Result) {
		rng := rand.New(rand.NewPCG(1, 1))
		switch r.Index {
		case 0, 1, 2, 3, 4:
		case 5:
			r.State, r.Why, r.Training = "failed", "the loss is <NaN>", run.Record{}
		case 6:
			r.State, r.Training = "running", record(*r.Train, 1, 0.5, rng)
		default:
			r.State, r.Run, r.Training = "waiting", run.Record{}, run.Record{}
		}
	}
	page, markdown, table := written(t, made(t, two, "", half))
	for _, text := range []string{
		"<p>This report is not complete: 5 of 18 jobs are done (1 failed, 1 running, 11 waiting).",
		"Job 5 (random, seed 2) failed: the loss is &lt;NaN&gt;", "falling: ", "What 1 to 2 seeds can show: ",
	} {
		if !strings.Contains(page, text) {
			t.Errorf("no %q in\n%s", text, markdown)
		}
	}
	if line := table[6]; line[3] != "failed" || line[len(line)-1] != "" {
		t.Errorf("job 5: %q", line)
	}
	if search, _, _ := written(t, made(t, two, "search", half)); !strings.Contains(search, "search network") {
		t.Error("searches are done, and not compared")
	}
	none := made(t, two, "", func(r *study.Result) { *r = study.Result{Job: r.Job, State: "waiting"} })
	page, markdown, _ = written(t, none)
	if !strings.Contains(page, "0 of 18 jobs are done (18 waiting)") || !strings.Contains(page, "No job has come to a value") || strings.Contains(markdown, "NaN") || strings.Contains(markdown, "widened") || len(none.Figures) > 0 {
		t.Errorf("of nothing:\n%s", markdown)
	}
}

// TestKinds: other kinds of studies have reports, too.
func TestKinds(t *testing.T) {
	for name, c := range map[string]struct {
		study, measure string
		want, not      []string
	}{
		"several tasks": {
			strings.Replace(two, `"seeds": 6`, `"vary": [{"field": "imbalance", "values": [2, 20]}], "seeds": 4`, 1), "",
			[]string{"2 tasks: imbalance 2; imbalance 20.", "IQM, %", "Figure 3. Performance profiles", "20000 stratified", "so 4 seeds never reach .05", "once in 70"},
			nil,
		},
		"searches alone": {
			`{"base": {"preset": "tiny"}, "seeds": 3, "vary": [{"field": "epochs", "values": [2, 3]}]}`, "",
			[]string{"accuracy of the search network", "A study", "so 3 seeds never reach .05", "There is one comparison", "once in 20"},
			[]string{"Kendall", "trained, %"},
		},
		"trainings alone": {
			`{"base": {"task": "train", "preset": "tiny"}, "seeds": 6, "vary": [{"field": "rate", "values": [0.01, 0.1]}]}`, "test-loss",
			[]string{"test loss, in nats, after the last epoch. Less is better.", "the same as rate 0.01 on all of 6 seeds"},
			[]string{"same cells", "Cells", "search, %"},
		},
		"one variant": {`{"base": {"preset": "tiny"}, "seeds": 1}`, "", []string{"There is one variant, and nothing to compare it with: 50.00 %."}, []string{"Differences from"}},
	} {
		page, markdown, _ := written(t, made(t, c.study, c.measure, nil))
		for _, text := range c.want {
			if !strings.Contains(page, text) {
				t.Errorf("%s: no %q in\n%s", name, text, markdown)
			}
		}
		for _, text := range append(c.not, "NaN", "Inf", "%!") {
			if strings.Contains(page, text) {
				t.Errorf("%s: %q is in\n%s", name, text, markdown)
			}
		}
	}
}

// TestWords: what so many seeds can show.
func TestWords(t *testing.T) {
	for n, want := range map[int]string{
		1: "nothing", 3: "p = .125 at the least", 4: "p = .0625 at the least", 5: "p = .0312 at the least, if a direction was expected beforehand, and to .0625 if not", 10: "p = .000977 at the least",
	} {
		if got := seeds(n, n); !strings.Contains(got, want) {
			t.Errorf("%d: %s", n, got)
		}
	}
	if got := median([]float64{4, 1, 9, 2}); got != 3 {
		t.Errorf("the median of 1, 2, 4 and 9 is %v", got)
	}
	if got := widths(4, []float64{2}, study.Measure{Unit: "%", Points: "points"}); !strings.Contains(got, "an sd of 2.00 points") || !strings.Contains(got, "± 3.18; half of that takes about 9") {
		t.Error(got)
	}
}

// TestSample: of a sample there is a report of its runs and of what was sampled, and no word of seeds in common.
func TestSample(t *testing.T) {
	r := made(t, `{
		"name": "map", "question": "How far", "base": {"preset": "tiny"},
		"variants": [{"name": "constant", "set": {"arch-schedule": "const"}},
			{"name": "falling", "set": {"arch-schedule": "power"}, "sample": [{"field": "arch-param", "from": 0.5, "to": 8}]}],
		"sample": {"count": 7, "fields": [{"field": "arch-rate", "from": 0.001, "to": 0.1, "log": true}, {"field": "mix", "values": ["linear", "equal"]}, {"field": "imbalance", "from": 2, "to": 20}]}}`, "", nil)
	page, markdown, _ := written(t, r)
	for _, text := range []string{
		"The question: How far. Measured is this", "Guessing comes to 33.3 % with 3 classes.", "2 variants, 14 runs in all.", "One task: toy, of several imbalances.",
		"cannot be paired", "hlrs study atlas", ">All runs<", "each thin line is a run’s own", "equal, linear", "How far runs find the same cells",
	} {
		if !strings.Contains(page, text) {
			t.Errorf("no %q in\n%s", text, markdown)
		}
	}
	for _, text := range []string{"28 seeds", "14 seeds", "no seed", "one comparison", "Differences from", "all seeds", "NaN", "baseline", "Each point is a seed"} {
		if strings.Contains(page, text) {
			t.Errorf("%q is in\n%s", text, markdown)
		}
	}
	rates := newSpan()
	for i, result := range r.All {
		if result.Variant == "constant" {
			rates.add(result.Config.ArchRate)
		}
		row := fmt.Sprintf("| %d | %s | %v | %s | %v |", i, result.Variant, result.Config.ArchRate, result.Config.Mix, result.Config.Imbalance)
		if !strings.Contains(markdown, row) || !strings.Contains(markdown, fmt.Sprintf("| %.2f |", 100*accuracy(i))) {
			t.Errorf("no %q in\n%s", row, markdown)
		}
	}
	if text := fmt.Sprintf("| arch-rate | %v to %v |", rates.least, rates.most); !strings.Contains(markdown, text) {
		t.Errorf("no %q in\n%s", text, markdown)
	}
	for name, n := range map[string]int{"field-arch-rate": 14, "field-arch-param": 7, "field-imbalance": 14, "field-mix": 0} {
		glyphs := 0
		for _, f := range r.Figures {
			if f.Name == name {
				svg, err := f.svg(false)
				if err != nil {
					t.Fatal(err)
				}
				glyphs = strings.Count(string(svg), "fill-opacity:0.8")
			}
		}
		if glyphs != n {
			t.Errorf("%s has %d points, not %d", name, glyphs, n)
		}
	}
}

// TestWide: of many seeds there is a row for each, and names that differ at their ends differ in a legend.
func TestWide(t *testing.T) {
	_, markdown, _ := written(t, made(t, strings.Replace(two, `"seeds": 6`, `"seeds": 7`, 1), "", nil))
	if row := fmt.Sprintf("| 7 | %.2f | %.2f | %.2f |", 100*accuracy(18), 100*accuracy(19), 100*accuracy(20)); !strings.Contains(markdown, row) {
		t.Errorf("no %q in\n%s", row, markdown)
	}
	long := strings.Repeat("a long name that begins alike ", 9)
	s := sheet{width: column}
	if a, b := s.short(long+"1"), s.short(long+"2"); a == b || !strings.HasPrefix(a, "a long") || strings.Contains(a, "\n") {
		t.Errorf("%q and %q", a, b)
	}
}

// TestWith: of curves, those that others go on with are left out.
func TestWith(t *testing.T) {
	var curves [][]float64
	for _, c := range [][]float64{{1, 2}, nil, {1, 2, 3}, {1}, {2}} {
		curves = with(curves, c)
	}
	if got := fmt.Sprint(curves); got != "[[1 2 3] [2]]" {
		t.Error(got)
	}
}

// TestDevices: what computed a job is told, and, where that was not the same for all, what it means for their differences.
func TestDevices(t *testing.T) {
	const warning = "Not all of this was computed on one device: "
	card := run.Devices{"a card"}
	for _, c := range []struct {
		on, warned string
		change     func(*study.Result)
		csv        [2]string // of the first two jobs
	}{
		{"CPU", "", nil, [2]string{"CPU", "CPU"}},
		{"a card", "", func(r *study.Result) { r.Run.Devices, r.Training.Devices = card, card }, [2]string{"a card", "a card"}},
		{"CPU, then a card", "CPU, then a card", func(r *study.Result) { r.Training.Devices = card }, [2]string{"CPU, then a card", "CPU, then a card"}},
		{"1 job on a card; 16 jobs on CPU", "1 job on a card; 16 jobs on CPU", func(r *study.Result) {
			switch r.Index {
			case 0:
				r.Run.Devices, r.Training.Devices = card, card
			case 1: // has not begun
				r.State, r.Run, r.Training = "waiting", run.Record{}, run.Record{}
			}
		}, [2]string{"a card", ""}},
	} {
		page, markdown, table := written(t, made(t, two, "", c.change))
		for _, text := range []string{page, markdown} {
			if !strings.Contains(text, "Computed on: "+c.on+".") || strings.Contains(text, warning) != (c.warned != "") || !strings.Contains(text, warning+c.warned+".") && c.warned != "" {
				t.Errorf("of jobs on %s this is told:\n%s", c.on, text)
			}
		}
		if table[0][4] != "devices" || table[1][4] != c.csv[0] || table[2][4] != c.csv[1] {
			t.Errorf("of jobs on %s the table has %q, %q and %q", c.on, table[0][4], table[1][4], table[2][4])
		}
	}
}

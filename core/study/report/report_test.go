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
	svg, err := made(t, two, "", nil).points().svg(false)
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
	if !strings.Contains(page, "0 of 18 jobs are done (18 waiting)") || !strings.Contains(page, "What 0 seeds can show: nothing") || strings.Contains(markdown, "NaN") {
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

// TestSentence: verdicts by hand.
func TestSentence(t *testing.T) {
	more, less := study.Measure{Unit: "%", Points: "points"}, study.Measure{Unit: "nats", Points: "nats", Less: true}
	for _, c := range []struct {
		a, b []float64
		m    study.Measure
		n    int
		want string
	}{
		{[]float64{3, 5, 4, 6}, []float64{1, 2, 3, 4}, more, 1, "x: better than y by 2.00 points, 95 % interval 0.70 to 3.30, on 4 of 4 seeds."},
		{[]float64{1, 2, 3, 4}, []float64{3, 5, 4, 6}, more, 1, "x: worse than y by 2.00 points, 95 % interval 0.70 to 3.30, on 4 of 4 seeds."},
		{[]float64{1, 2, 3, 4}, []float64{3, 5, 4, 6}, less, 1, "x: better than y by 2.000 nats, 95 % interval 0.701 to 3.299, on 4 of 4 seeds."},
		{
			[]float64{3, 5, 4, 6},
			[]float64{1, 2, 3, 4},
			more, 50, "x: better than y by 2.00 points, 95 % interval 0.70 to 3.30, on 4 of 4 seeds. Widened for 50 comparisons, the interval is −3.28 to 7.28 and holds 0: of so many comparisons, this may be the one that chance brings.",
		},
		{[]float64{1, 2, 3}, []float64{2, 2, 1}, more, 1, "x: cannot be told apart from y: better by 0.33 points on average, 95 % interval of the gain −3.46 to 4.13, better on 1 of 3 seeds."},
		{[]float64{1, 2}, []float64{1, 2}, more, 1, "x: the same as y on all of 2 seeds."},
		{[]float64{1}, []float64{2}, more, 1, "x: worse than y by 1.00 points on the one seed that both have done, which shows nothing."},
		{nil, nil, more, 1, "x: no seed is done by both it and y."},
	} {
		got := sentence("x", "y", study.Paired(c.a, c.b), c.m, comparison{n: c.n, confidence: 1 - 0.05/float64(c.n)})
		if got != c.want {
			t.Errorf("%s\nnot\n%s", got, c.want)
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
	if got := widths(4, []float64{2}, study.Measure{Unit: "%", Points: "points"}); !strings.Contains(got, "an sd of 2.00 points") || !strings.Contains(got, "± 3.18; half of that takes about 9") {
		t.Error(got)
	}
}

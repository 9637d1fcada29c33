package ui

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/core/study"
	"hlrslab/core/task"
)

// studied is the file of a small study of which all jobs but the last have been run, and its results.
func studied(t *testing.T) ([]byte, *study.Results) {
	t.Helper()
	s, err := study.Read(strings.NewReader(`{
		"name": "Small <study>", "question": "Does the batch matter?", "seeds": 3, "baseline": "of 16",
		"base": {"preset": "tiny", "dataset": "toy", "channels": 2, "layers": 3, "nodes": 1, "n-max": 40, "imbalance": 5, "test-images": 50, "epochs": 2},
		"variants": [{"name": "of 8", "set": {"batch": 8}}, {"name": "of 16", "set": {"batch": 16}}]
	}`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Expand()
	if err != nil {
		t.Fatal(err)
	}
	all := make([]study.Result, len(p.Jobs))
	for i, j := range p.Jobs {
		if all[i].Job = j; i == len(all)-1 {
			continue
		}
		r, err := task.New(j.Config, data.Toy(1), &cpu.Device{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		for !r.Done() {
			if _, err := r.Step(); err != nil {
				t.Fatal(err)
			}
		}
		all[i].Run = r.Record()
		r.Close()
	}
	m, err := p.MeasureOf("")
	if err != nil {
		t.Fatal(err)
	}
	results := study.Sort(p, all, m)
	b, err := results.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := b.Encode(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), b.Results(m)
}

// TestStudy opens a study by its file: each of its runs is a dot, by which it is opened; it stays while one is elsewhere; and a file
// that is none changes nothing.
func TestStudy(t *testing.T) {
	t.Parallel()
	script := axe(t)
	file, results := studied(t)
	b := open(t, serve(t, nil, 0)+"/#place=studies", 2*time.Minute)
	b.shows("#card-studies", "build/hlrs study run tools/studies", 20*time.Second)
	b.shows("#card-studies button", Text.OpenStudy, time.Second)
	b.shot("studies-none.png")
	b.drop("study.json.gz", file[:len(file)/2])
	b.notice("study.json.gz is not a study of this laboratory", 10*time.Second)
	b.visit(Explore)
	b.drop("study.json.gz", file)
	b.shows("#card-studies h2", "Small <study>", 10*time.Second)
	b.shows("#card-studies", "Does the batch matter?", time.Second)
	b.shows("#card-studies", "5 of 6 runs done. 2 variants, 3 seeds.", time.Second)
	dots := `document.querySelectorAll("#card-measured [role=button]")`
	b.wait(dots+`.length === 5`, 10*time.Second)
	verdict := results.Verdict(0, results.Comparisons()[0]) // as the report has it
	b.shows("#card-measured", strings.ToUpper(verdict[:1])+verdict[1:], time.Second)
	b.shows("#card-measured", "There is one comparison, and one interval.", time.Second)

	// The table has the same numbers, by each measure.
	b.click(`#card-measured > .fold`)
	for _, m := range results.Plan.Measures() {
		eval[bool](b, fmt.Sprintf(`(() => { const s = document.querySelector("#card-measured select"); s.value = %q; return s.dispatchEvent(new Event("change", {bubbles: true})); })()`, m.ID))
		b.shows("#card-measured caption", m.Title, 10*time.Second)
		table := eval[string](b, `[...document.querySelectorAll("#card-measured td, #card-measured th")].map((e) => e.textContent).join("|")`)
		names := eval[[]string](b, `[...`+dots+`].map((e) => e.getAttribute("aria-label"))`)
		for _, result := range results.All[:5] {
			v, _ := m.Of(result)
			digits := 3
			if m.Unit == "%" {
				digits = 1
			}
			number := fmt.Sprintf("%.*f", digits, v)
			if want := fmt.Sprintf("%s, seed %d: %s %s. Open this run.", result.Variant, result.Seed, number, m.Unit); !slices.Contains(names, want) {
				t.Errorf("%s is not among %q", want, names)
			}
			if !strings.Contains(table, "|"+number+"|") && !strings.HasSuffix(table, "|"+number) {
				t.Errorf("%s: %s is not in the table: %s", m.ID, number, table)
			}
		}
	}

	// Targets are large enough, and none lies on another.
	for _, size := range [][2]int{{1280, 900}, {360, 740}} {
		b.look(size[0], size[1], "light")
		b.shot(fmt.Sprintf("study-%d.png", size[0]))
		if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > size[0] {
			t.Errorf("%d pixels wide on %d", wide, size[0])
		}
		if bad := eval[string](b, `(() => { const all = [...`+dots+`].map((e) => e.querySelector(".hit").getBoundingClientRect());
			return all.filter((a, i) => a.width < 23.9 || a.height < 23.9 || a.left < 0 || a.right > innerWidth || all.some((o, j) => j !== i && Math.abs(o.x - a.x) < 23.5 && Math.abs(o.y - a.y) < 23.5)).map((a) => JSON.stringify(a)).join(); })()`); bad != "" {
			t.Errorf("on %d pixels: %s", size[0], bad)
		}
		for _, scheme := range []string{"light", "dark"} {
			b.look(size[0], size[1], scheme)
			for _, found := range eval[[]string](b, script+`; axe.run({resultTypes: ["violations"]}).then((r) => r.violations.filter((v) => v.impact === "serious" || v.impact === "critical").flatMap((v) => v.nodes.slice(0, 3).map((n) => v.id + ": " + n.target + " " + n.failureSummary)))`) {
				t.Errorf("%d pixels wide, %s: %s", size[0], scheme, found)
			}
		}
		if away := eval[bool](b, `document.querySelector(".places [aria-current]").getBoundingClientRect().right > innerWidth`); away {
			t.Errorf("on %d pixels the place's name is out of sight", size[0])
		}
		if least := eval[float64](b, `Math.min(...[...document.querySelectorAll("#card-studies *, #card-measured *")].filter((e) => e.textContent.trim()).map((e) => parseFloat(getComputedStyle(e).fontSize)))`); least < 11 {
			t.Errorf("text of %v pixels", least)
		}
	}
	b.look(1280, 900, "light")

	b.click(`#card-measured [data-act="job:0"]`)
	b.says("A finished run.", 10*time.Second)
	b.says(fmt.Sprintf("Balanced accuracy %.1f %%", 100*results.All[0].Run.Last().Report.Accuracy), 10*time.Second)
	b.says(fmt.Sprintf("%d steps, 2 of 2 epochs", 2*results.All[0].Run.Facts.Steps), time.Second)
	b.shows(".genotype", results.All[0].Run.Last().Report.Genotype.String(), 10*time.Second)
	b.visit(Studies)
	b.wait(dots+`.length === 5`, 10*time.Second)
	b.focus(`document.querySelector('#card-measured [data-act="job:3"]')`)
	b.do(chromedp.KeyEvent(kb.Enter))
	b.wait(`document.querySelectorAll("#card-compare svg path.line").length === 4`, 10*time.Second)
	if got := b.runs(); !strings.HasSuffix(got, "of 8, seed 1, of 16, seed 2") {
		t.Errorf("on the page: %s", got)
	}
	b.visit(Studies)
	b.click(`#card-measured [data-act="job:0"]`) // which is there
	b.wait(`document.querySelector(".runs [aria-pressed=true]")?.textContent.startsWith("of 8, seed 1")`, 10*time.Second)
	was := b.runs()
	b.do(chromedp.Reload())
	b.says("A finished run.", 20*time.Second)
	if got := b.runs(); got != was {
		t.Errorf("on the page was %s, and after a reload %s", was, got)
	}
	b.quiet()
}

// TestSampleStudy: of a sample there are no pairs and no baseline, in the drawing or in the table.
func TestSampleStudy(t *testing.T) {
	s, err := study.Read(strings.NewReader(`{
		"name": "map", "question": "", "base": {"preset": "tiny", "epochs": 1}, "variants": [{"name": "a"}, {"name": "b", "set": {"nodes": 3}}],
		"sample": {"count": 3, "fields": [{"field": "arch-rate", "from": 0.001, "to": 0.1, "log": true}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Expand()
	if err != nil {
		t.Fatal(err)
	}
	bundle := study.Bundle{Plan: p, Measure: "search"}
	for _, j := range p.Jobs {
		bundle.Done = append(bundle.Done, study.Came{Index: j.Index, Run: run.Record{Config: j.Config, Events: []run.Event{
			{Kind: run.EpochDone, Report: &run.Report{Accuracy: 0.1 * float64(j.Index+1)}},
		}}})
	}
	l := &Lab{study: &openStudy{bundle: bundle}}
	l.measure("search")
	all := l.studies() + l.measured() + l.measuredTable()
	for _, text := range []string{"6 of 6 runs done. A sample of 2 variants", "cannot be paired", "<td>60.0</td>", "Runs done"} {
		if !strings.Contains(all, text) {
			t.Errorf("no %q in\n%s", text, all)
		}
	}
	for _, text := range []string{"seeds.", "baseline", "nterval", "<td>–</td>"} {
		if strings.Contains(all, text) {
			t.Errorf("%q is in\n%s", text, all)
		}
	}
}

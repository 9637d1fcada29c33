package study

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/core/task"
)

// little has jobs of seconds. A class has 6 test images, so that accuracies have more digits than a rounded number.
const little = `{
	"name": "little", "question": "Does a <falling> rate help?",
	"base": {"preset": "tiny", "dataset": "toy", "size": 8, "channels": 2, "layers": 3, "nodes": 1, "batch": 8, "n-max": 30, "imbalance": 5, "test-images": 60, "epochs": 2},
	"then-train": {"preset": "tiny", "channels": 2, "layers": 3, "batch": 8, "epochs": 1},
	"variants": [{"name": "falling"}, {"name": "constant", "set": {"arch-schedule": "const"}}],
	"seeds": 2, "baseline": "constant"
}`

// They run little's first job alone, or three of them, once for all tests.
var (
	one   = sync.OnceValues(func() (*Results, error) { return jobs(1) })
	three = sync.OnceValues(func() (*Results, error) { return jobs(3) })
)

func jobs(n int) (*Results, error) {
	s, err := Read(strings.NewReader(little))
	if err != nil {
		return nil, err
	}
	p, err := s.Expand()
	if err != nil {
		return nil, err
	}
	whole := func(c run.Config) (run.Record, error) {
		r, err := task.New(c, data.Toy(1), &cpu.Device{Threads: 1})
		if err != nil {
			return run.Record{}, err
		}
		defer r.Close()
		for !r.Done() {
			if _, err := r.Step(); err != nil {
				return run.Record{}, err
			}
		}
		return r.Record(), nil
	}
	all := make([]Result, len(p.Jobs))
	for i, j := range p.Jobs {
		if all[i].Job = j; i >= n {
			continue
		}
		if all[i].Run, err = whole(j.Config); err != nil {
			return nil, err
		}
		train := *j.Train
		train.Genotype = all[i].Run.Last().Report.Genotype.String()
		if all[i].Training, err = whole(train); err != nil {
			return nil, err
		}
	}
	m, err := p.MeasureOf("")
	return Sort(p, all, m), err
}

// ran are the results of a study of which the first n jobs are done, three at most.
func ran(t testing.TB, n int) *Results {
	t.Helper()
	r, err := three()
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Clone(r.All)
	for i := range all[n:] {
		all[n+i] = Result{Job: all[n+i].Job}
	}
	p := r.Plan
	p.Jobs = slices.Clone(p.Jobs)
	return Sort(p, all, r.Measure)
}

// bundled is a bundle as a file.
func bundled(t testing.TB, b Bundle) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := b.Encode(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// TestBundle: a page has the numbers that a report has, by every measure, but for their rounding; and a baseline of which nothing is
// done yet stays the baseline.
func TestBundle(t *testing.T) {
	r := ran(t, 3)
	b, err := r.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	file := bundled(t, b)
	read, err := ReadBundle(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if len(read.Done) != 3 || read.Measure != "trained" || read.Plan.Study.Question != "Does a <falling> rate help?" {
		t.Errorf("%d jobs, by %s: %s", len(read.Done), read.Measure, read.Plan.Study.Question)
	}
	if again := bundled(t, read); !bytes.Equal(again, file) {
		t.Error("written again, it is another file")
	}
	for _, m := range r.Plan.Measures() {
		was, now := Sort(r.Plan, r.All, m), read.Results(m)
		if now.Methods[now.Baseline] != "constant" {
			t.Errorf("the baseline is %s", now.Methods[now.Baseline])
		}
		for method := range was.Methods {
			want, _ := was.Done(method, 0)
			got, of := now.Done(method, 0)
			if len(got) != len(want) {
				t.Fatalf("%s: %v, and the report has %v", m.ID, got, want)
			}
			for i := range got {
				if math.Abs(got[i]-want[i]) > max(0.0501, 5e-3*want[i]) || m.Record(*of[i]) == nil {
					t.Errorf("%s: %v, and the report has %v", m.ID, got[i], want[i])
				}
			}
		}
	}
	for _, came := range read.Done {
		for _, record := range []run.Record{came.Run, *came.Training} {
			if _, err := record.Link(); err != nil || len(record.Events) != record.Config.Epochs || record.Facts.Steps < 2 {
				t.Errorf("%d events of %d epochs, %v", len(record.Events), record.Config.Epochs, err)
			}
		}
	}
	first, err := ran(t, 1).Bundle()
	if err != nil {
		t.Fatal(err)
	}
	if r := first.Results(Measures[0]); r.Methods[r.Baseline] != "constant" {
		t.Errorf("the baseline is %s", r.Methods[r.Baseline])
	}
}

// TestBundleErrors: what no study can have come to is refused, and named.
func TestBundleErrors(t *testing.T) {
	for want, damage := range map[string]func(b *Bundle){
		"no jobs":                    func(b *Bundle) { b.Plan.Jobs = nil },
		"after job 0":                func(b *Bundle) { b.Done[1].Index = 0 },
		"job 4 of 4":                 func(b *Bundle) { b.Done[1].Index = 4 },
		`no "beauty"`:                func(b *Bundle) { b.Measure = "beauty" },
		`no variant "x"`:             func(b *Bundle) { b.Plan.Study.Baseline = "x" },
		"twice":                      func(b *Bundle) { b.Plan.Jobs[2].Seed, b.Plan.Jobs[2].Config.Seed = 1, 1 },
		"other than planned":         func(b *Bundle) { b.Done[0].Training = nil },
		"job 0: arch-schedule const": func(b *Bundle) { b.Done[0].Run = b.Done[1].Run },
		"not come to its end":        func(b *Bundle) { b.Done[0].Run.Events = b.Done[0].Run.Events[:1] },
		"cannot come after 0 steps":  func(b *Bundle) { b.Done[0].Run.Thin = false },
		"training: task search":      func(b *Bundle) { b.Done[0].Training = &b.Done[0].Run },
	} {
		b, err := ran(t, 2).Bundle()
		if err != nil {
			t.Fatal(err)
		}
		damage(&b)
		if _, err := ReadBundle(bytes.NewReader(bundled(t, b))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestBundleDamaged: cut short or with a byte changed, a file is refused, or read as what it was.
func TestBundleDamaged(t *testing.T) {
	b, err := ran(t, 2).Bundle()
	if err != nil {
		t.Fatal(err)
	}
	file := bundled(t, b)
	rapid.Check(t, func(t *rapid.T) {
		damaged := bytes.Clone(file)
		if at := rapid.IntRange(0, len(file)-1).Draw(t, "at"); rapid.Bool().Draw(t, "cut") {
			damaged = damaged[:at]
		} else {
			damaged[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		}
		read, err := ReadBundle(bytes.NewReader(damaged))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := read.Encode(&again); err != nil || !bytes.Equal(again.Bytes(), file) {
			t.Fatal("damaged, and read as something else")
		}
	})
}

// FuzzBundle reads any JSON as a bundle: one that is valid can be sorted by each measure, and is valid again when it was written.
func FuzzBundle(f *testing.F) {
	r, err := one() // for each of the processes that fuzz
	if err != nil {
		f.Fatal(err)
	}
	b, err := r.Bundle()
	if err != nil {
		f.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(bundled(f, b)))
	if err != nil {
		f.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var file bytes.Buffer
		z := gzip.NewWriter(&file)
		if _, err := z.Write(raw); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		b, err := ReadBundle(&file)
		if err != nil {
			return
		}
		for _, m := range b.Plan.Measures() {
			r := b.Results(m)
			for method := range r.Methods {
				for task := range r.Tasks {
					r.Over(method, task)
				}
			}
		}
		if _, err := ReadBundle(bytes.NewReader(bundled(t, b))); err != nil {
			t.Fatal(err)
		}
	})
}

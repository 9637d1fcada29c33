package study

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hlrslab/core/run"
)

func read(t *testing.T, text string) Study {
	t.Helper()
	s, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const schedules = `{
	"name": "schedules", "question": "Does a falling rate help?",
	"base": {"preset": "small", "epochs": 4},
	"then-train": {"preset": "tiny"},
	"variants": [
		{"name": "constant", "set": {"arch-schedule": "const"}},
		{"name": "falling", "set": {"arch-schedule": "parabolic"}, "then-train": {"epochs": 2}},
		{"name": "sparse", "set": {"way": "zo"}}
	],
	"vary": [{"field": "arch-rate", "from": 0.001, "to": 0.1, "count": 3, "log": true}],
	"seeds": 2, "baseline": "falling, arch-rate 0.01"
}`

func TestExpand(t *testing.T) {
	p, err := read(t, schedules).Expand()
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Jobs) != 18 {
		t.Fatalf("%d jobs, want 3 variants × 3 rates × 2 seeds", len(p.Jobs))
	}
	j := p.Jobs[9+4]
	if j.Variant != "falling, arch-rate 0.01" || j.Seed != 2 || j.Config.Seed != 2 || j.Config.ArchSchedule != "parabolic" || j.Config.ArchRate != 0.01 || j.Config.Epochs != 4 {
		t.Errorf("job 13 is %+v", j)
	}
	if j.Train == nil || j.Train.Epochs != 2 || j.Train.Dataset != "cifar10" || j.Train.Seed != 2 {
		t.Errorf("its training is %+v", j.Train)
	}
	if w := p.Jobs[6].Config.Way(); w == nil || w.ID != "zo" {
		t.Errorf("job 6 goes %v", w)
	}
	if base, ok := p.Baseline(); !ok || base != "falling, arch-rate 0.01" || len(p.Variants()) != 9 {
		t.Errorf("baseline %q of %q", base, p.Variants())
	}
}

// TestErrors: what is wrong is named.
func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"sedes": 3}`: "sedes",
		`{"base": {"preset": "tiny"}, "seeds": "a"}`:                               "seeds: a text cannot stand there; give a number of seeds, or a list of them",
		`{"base": {"preset": "tiny"}, "then-train": "tiny", "seeds": 1}`:           `then-train: a text cannot stand there; give an object of settings, such as {"preset": "tiny"}`,
		`{"base": {"preset": "tiny"}, "sample": {"count": 2, "fields": ["rate"]}}`: `sample/fields/0: a text cannot stand there; give an object, such as {"field"`,
		`{"base": {"preset": "tiny"}, "vary": {}}`:                                 "vary: an object cannot stand there; give a list of fields",
		"{\n \"name\": \"x\",\n \"seeds\": 3,,\n}":                                 "line 3, column 13: ",
		`{"name": "x"`: "the file ends before its JSON does",
		`{"base": {"preset": "tiny"}, "seeds": 1, "vary": [{"field": "rate", "from": 0.1, "to": 0.01, "count": 3}]}`:                      "rate: from 0.1 to 0.01: give the smaller one first",
		`{"base": {"preset": "tiny"}, "sample": {"count": 2, "fields": [{"field": "rate", "from": 0.1, "to": 0.01}]}}`:                    "rate: from 0.1 to 0.01: give the smaller one first",
		`{"base": {"preset": "tiny"}, "sample": {"count": 2, "fields": [{"field": "rate"}]}}`:                                             "rate: give values, or from and to",
		`{"base": {"preset": "tiny"}, "baseline": "base", "sample": {"count": 2, "fields": [{"field": "rate", "from": 0.1, "to": 0.2}]}}`: "share no seeds",
		`{"base": {"preset": "tiny", "arch_rate": 3}, "seeds": 1}`:                                                                        `unknown field "arch_rate"; did you mean arch-rate`,
		`[]`:                       "the file: a list cannot stand there",
		`{"base": {}, "seeds": 1}`: "name the one to start from",
		`{"base": {"preset": "tiny"}, "seeds": 1, "hours": -1}`:                                                                                                                    "hours: -1",
		`{"base": {"preset": "tiny"}, "seeds": 1, "vary": [{"field": "rate", "values": [0.1, 1e-1]}]}`:                                                                             "say the same",
		`{"base": {"preset": "tiny"}, "seeds": 1, "vary": [{"field": "rate", "values": [0.1]}, {"field": "rate", "values": [0.2]}]}`:                                               "rate is there twice",
		`{"base": {"preset": "tiny"}, "seeds": 1, "variants": [{"name": "a", "set": {"candidates": 3}}]}`:                                                                          "it would change nothing",
		`{"base": {"preset": "tiny"}, "seeds": 1, "then-train": {"preset": "tiny", "genotype": "DARTS_V2"}}`:                                                                       "trains the cell that is found",
		`{"base": {"preset": "tiny"}, "seeds": 1, "then-train": {"preset": "tiny", "size": 32}}`:                                                                                   "search's own images",
		`{"base": {"preset": "tiny"}, "seeds": 1, "vary": [{"field": "rate", "from": 0.1, "to": 1, "count": 10000}, {"field": "decay", "from": 0.01, "to": 0.1, "count": 10000}]}`: "more than 10000",
		`{"name": "x", "base": {"preset": "tiny"}}`:                                                                                                                                "seeds: give a list, or how many",
		`{"base": {"preset": "tiny"}, "seeds": 0}`:                                                                                                                                 "0 seeds",
		`{"base": {"preset": "tiny"}, "seeds": [1, 1]}`:                                                                                                                            "1 is there twice",
		`{"base": {"preset": "huge"}, "seeds": 1}`:                                                                                                                                 "huge",
		`{"base": {"preset": "tiny", "seed": 3}, "seeds": 1}`:                                                                                                                      "seeds are the study's own",
		`{"base": {"preset": "tiny", "batchs": 3}, "seeds": 1}`:                                                                                                                    "batchs",
		`{"base": {"preset": "tiny", "batch": 1}, "seeds": 1}`:                                                                                                                     "batch: 1 is outside 2 to 512",
		`{"base": {"preset": "tiny"}, "seeds": 1, "vary": [{"field": "bach"}]}`:                                                                                                    `no field "bach"; did you mean batch`,
		`{"base": {"preset": "tiny"}, "seeds": 1, "vary": [{"field": "batch"}]}`:                                                                                                   "count from 2",
		`{"base": {"preset": "tiny"}, "seeds": 1, "vary": [{"field": "batch", "values":[]}]}`:                                                                                      "no values",
		`{"base": {"preset": "tiny"}, "seeds": 1, "baseline": "x"}`:                                                                                                                `no variant "x"`,
		`{"base": {"preset": "tiny"}, "seeds": 1, "variants": [{"name": "a"}, {"name": "a"}]}`:                                                                                     `called "a"`,
		`{"base": {"preset": "tiny"}, "seeds": 1, "then-train": {"preset": "ldam"}}`:                                                                                               "trains no cell",
		`{"base": {"task": "train", "preset": "tiny"}, "seeds": 1, "then-train": {"preset": "tiny"}}`:                                                                              "finds no cell",
		`{"base": {"preset": "tiny"}, "seeds": 1, "variants": [{"name": "a", "then-train": {"preset": "tiny"}}]}`:                                                                  "trains no cells",
		`{"base": {"preset": "tiny"}, "sample": {"count": 3}}`:                                                                                                                     "name what varies",
		`{"base": {"preset": "tiny"}, "sample": {"count": 0, "fields": [{"field": "rate", "from": 0, "to": 1}]}}`:                                                                  "count: give 1 to 10000",
		`{"base": {"preset": "tiny"}, "sample": {"count": 3, "fields": [{"field": "rate", "from": 0, "to": 1}]}, "seeds": 3}`:                                                      "a seed of its own",
		`{"base": {"preset": "tiny"}, "sample": {"count": 3, "fields": [{"field": "rate", "from": 0, "to": 1, "log": true}]}}`:                                                     "both must be over 0",
		`{"base": {"preset": "tiny"}, "sample": {"count": 3, "fields": [{"field": "rat", "from": 0, "to": 1}]}}`:                                                                   `no field "rat"`,
		`{"base": {"preset": "tiny"}, "sample": {"count": 3, "fields": [{"field": "epochs", "from": 2, "to": 5}]}}`:                                                                "epochs",
		`{"base": {"preset": "tiny"}, "sample": {"count": 3}, "vary": [{"field": "rate", "values": [1]}]}`:                                                                         "sample or vary, not both",
		`{"base": {"preset": "tiny"}, "seeds": 1, "variants": [{"name": "a", "sample": [{"field": "rate", "from": 0.1, "to": 1}]}]}`:                                               "give the study a sample",
		`{"base": {"preset": "tiny"}, "seeds": 9000, "vary": [{"field": "batch", "from": 2, "to": 9, "count": 8}]}`:                                                                "72000 jobs",
	} {
		s, err := Read(strings.NewReader(text))
		if err == nil {
			_, err = s.Expand()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestPlans: whatever varies, jobs are numbered, each of a variant of its own for its seed, valid, and as they were when a plan is read
// again; a longer list of seeds adds jobs behind those there are.
func TestPlans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Study{Name: "x", Base: Settings{"preset": jsontext.Value(`"tiny"`)}}
		n := rapid.IntRange(1, 3).Draw(t, "variants")
		for i := range n {
			s.Variants = append(s.Variants, Variant{Name: fmt.Sprint("v", i), Set: Settings{"arch-floor": jsontext.Value(fmt.Sprint(float64(i) / 8))}})
		}
		fields := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"epochs", "batch", "layers"}), 0, 2, rapid.ID).Draw(t, "fields")
		want := n
		for _, f := range fields {
			values := rapid.SliceOfNDistinct(rapid.IntRange(3, 8), 1, 3, rapid.ID).Draw(t, "values")
			axis := Axis{Field: f}
			for _, v := range values {
				axis.Values = append(axis.Values, jsontext.Value(fmt.Sprint(v)))
			}
			s.Vary = append(s.Vary, axis)
			want *= len(values)
		}
		if rapid.Bool().Draw(t, "trained") {
			s.Train = Settings{"preset": jsontext.Value(`"tiny"`)}
		}
		s.Seeds = rapid.SliceOfNDistinct(rapid.Uint64Range(1, 99), 1, 4, rapid.ID).Draw(t, "seeds")
		p, err := s.Expand()
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for i, j := range p.Jobs {
			key := fmt.Sprint(j.Variant, j.Seed)
			if j.Index != i || seen[key] || j.Config.Seed != j.Seed || j.Config.Validate() != nil || (j.Train != nil) != (s.Train != nil) {
				t.Fatalf("job %d: %+v", i, j)
			}
			seen[key] = true
		}
		if len(p.Jobs) != want*len(s.Seeds) || len(p.Variants()) != want {
			t.Fatalf("%d jobs of %d variants, want %d of %d", len(p.Jobs), len(p.Variants()), want*len(s.Seeds), want)
		}
		var b bytes.Buffer
		if err := p.Encode(&b); err != nil {
			t.Fatal(err)
		}
		again, err := ReadPlan(&b)
		if err != nil {
			t.Fatal(err)
		}
		for i, j := range again.Jobs {
			if !j.Config.Equal(p.Jobs[i].Config) || j.Variant != p.Jobs[i].Variant || j.Train != nil && !j.Train.Equal(*p.Jobs[i].Train) {
				t.Fatalf("job %d is read as %+v", i, j)
			}
		}
		s.Seeds = append(s.Seeds, 100)
		longer, err := s.Expand()
		if err != nil {
			t.Fatal(err)
		}
		for i, j := range p.Jobs {
			if !j.Config.Equal(longer.Jobs[i].Config) {
				t.Fatalf("one more seed makes job %d another", i)
			}
		}
	})
}

// TestSample: points of a sample lie within their ranges and cover them evenly, of each variant too, and each has a seed of its own.
func TestSample(t *testing.T) {
	p, err := read(t, `{
		"name": "map", "question": "", "base": {"preset": "tiny"},
		"variants": [{"name": "constant", "set": {"arch-schedule": "const"}},
			{"name": "falling", "set": {"arch-schedule": "power"}, "sample": [{"field": "arch-param", "from": 0.5, "to": 8, "log": true}]}],
		"sample": {"count": 32, "fields": [{"field": "arch-rate", "from": 0.001, "to": 0.1, "log": true}, {"field": "mix", "values": ["linear", "equal"]}]}}`).Expand()
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Jobs) != 64 || len(p.Variants()) != 2 {
		t.Fatalf("%d jobs of %v", len(p.Jobs), p.Variants())
	}
	rates, linear, powers := map[string]int{}, map[string]int{}, 0
	for i, j := range p.Jobs {
		c := j.Config
		if j.Index != i || j.Seed != uint64(i+1) || c.Seed != j.Seed || c.ArchRate < 0.001 || c.ArchRate > 0.1 {
			t.Fatalf("job %d: %+v", i, j)
		}
		if c.ArchRate < 0.01 {
			rates[j.Variant]++
		}
		if c.Mix == "linear" {
			linear[j.Variant]++
		}
		if j.Variant == "falling" {
			if c.ArchParam < 0.5 || c.ArchParam > 8 {
				t.Fatalf("job %d: %v", i, c.ArchParam)
			}
			if c.ArchParam < 2 {
				powers++
			}
		}
	}
	for _, n := range []int{rates["constant"], rates["falling"], linear["constant"], linear["falling"], powers} {
		if n < 13 || n > 19 {
			t.Errorf("rates %v, mixes %v and powers %d lie otherwise than evenly", rates, linear, powers)
			break
		}
	}
	if err := p.validate(); err != nil {
		t.Error(err)
	}
}

// TestAxis: values between two are those two at the ends, and in order.
func TestAxis(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Axis{
			Field: "rate", From: rapid.Float64Range(1e-4, 0.5).Draw(t, "from"), To: rapid.Float64Range(0.51, 1).Draw(t, "to"),
			Count: rapid.IntRange(2, 9).Draw(t, "count"), Log: rapid.Bool().Draw(t, "log"),
		}
		values, err := a.values()
		if err != nil || len(values) != a.Count {
			t.Fatal(values, err)
		}
		last := 0.0
		for i, raw := range values {
			var v float64
			if err := json.Unmarshal(raw, &v); err != nil || v <= last {
				t.Fatalf("%s after %v (%v)", raw, last, err)
			}
			if last = v; i == 0 && v != round(a.From) || i == a.Count-1 && v != round(a.To) {
				t.Fatalf("%v to %v: %s", a.From, a.To, values)
			}
		}
	})
}

// TestYoungerFields: a plan that was frozen before a field was there is read, with that field's default.
func TestYoungerFields(t *testing.T) {
	p, err := ReadPlan(strings.NewReader(`{"study": {"name": "old", "question": "", "base": {}, "seeds": [1]}, "jobs": [{"index": 0, "variant": "base", "seed": 1, "config": {"epochs": 3}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if c := p.Jobs[0].Config; c.Epochs != 3 || c.Batch != run.Default().Batch {
		t.Errorf("%+v", c)
	}
}

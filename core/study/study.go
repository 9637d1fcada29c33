// Package study expands a question to the runs that answer it: one file names a base configuration, what varies, and the seeds; each job
// is one of the runs, with the training of the cell it finds, if there is to be one.
package study

import (
	"bytes"
	"cmp"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"hlrslab/core/run"
)

// Study is the file.
type Study struct {
	Name     string `json:"name"`
	Question string `json:"question"`
	// Base is what all jobs have: "preset", "way" and any fields of a run's configuration. Its "task" says which presets there are.
	Base Settings `json:"base"`
	// Train is how the cell that a search has found is trained: "preset" and fields. Without it none is.
	Train    Settings  `json:"then-train,omitempty"`
	Variants []Variant `json:"variants,omitempty"` // none is one of the base alone
	Vary     []Axis    `json:"vary,omitempty"`     // each combined with every other, and with each variant
	Sample   *Sample   `json:"sample,omitempty"`   // instead of vary and seeds
	Seeds    Seeds     `json:"seeds,omitempty"`
	Baseline string    `json:"baseline,omitempty"` // the variant that others are held against; the first where none is named
	// Hours is how long a job may take here, of which a plan warns; 0 is no limit.
	Hours float64 `json:"hours,omitempty"`
}

// Settings are values of a configuration's fields, and "preset" and "way", as JSON.
type Settings map[string]jsontext.Value

// Variant is a named choice of settings.
type Variant struct {
	Name string   `json:"name"`
	Set  Settings `json:"set,omitempty"`
	// Train are settings of the training that follows.
	Train Settings `json:"then-train,omitempty"`
	// Sample are fields that only this variant of a sample varies.
	Sample []Axis `json:"sample,omitempty"`
}

// Axis is a field and its values: a list, or count of them between two, evenly or, with log, by even factors.
type Axis struct {
	Field  string           `json:"field"`
	Values []jsontext.Value `json:"values,omitempty"`
	From   float64          `json:"from,omitempty"`
	To     float64          `json:"to,omitempty"`
	Count  int              `json:"count,omitempty"`
	Log    bool             `json:"log,omitempty"`
}

// Seeds are a list, or so many from 1 on.
type Seeds []uint64

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (s *Seeds) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '0' {
		return json.UnmarshalDecode(d, (*[]uint64)(s))
	}
	var n int
	if err := json.UnmarshalDecode(d, &n); err != nil {
		return err
	}
	if n < 1 || n > most {
		return fmt.Errorf("%d seeds: give 1 to %d, or a list", n, most)
	}
	*s = nil
	for i := range n {
		*s = append(*s, uint64(i+1))
	}
	return nil
}

// most bounds the jobs of a study.
const most = 10000

// Job is one run of a study, and the training that follows it.
type Job struct {
	Index   int         `json:"index"`
	Variant string      `json:"variant"`
	Seed    uint64      `json:"seed"`
	Config  run.Config  `json:"config"`
	Train   *run.Config `json:"then-train,omitempty"` // whose genotype is the one found
}

// Training is the configuration that trains the cell of a search that has come to its end; the job has one.
func (j Job) Training(found run.Record) run.Config {
	c := *j.Train
	c.Genotype = found.Last().Report.Genotype.String()
	return c
}

// Plan is a study and its jobs, with which it is frozen.
type Plan struct {
	Study Study `json:"study"`
	Jobs  []Job `json:"jobs"`
}

// Read reads a study's file. Unknown names are errors.
func Read(r io.Reader) (s Study, err error) {
	if err := decode(r, &s); err != nil {
		return s, fmt.Errorf("study: %w", err)
	}
	if s.Hours < 0 {
		return s, fmt.Errorf("study: hours: %v is no time", s.Hours)
	}
	return s, nil
}

// ReadPlan reads a plan: jobs as they were frozen, whatever presets say by now.
func ReadPlan(r io.Reader) (p Plan, err error) {
	if err := decode(r, &p); err != nil {
		return p, fmt.Errorf("plan: %w", err)
	}
	return p, p.validate()
}

func (p Plan) validate() error {
	seen := map[string]bool{}
	for i, j := range p.Jobs {
		if j.Index != i {
			return fmt.Errorf("plan: job %d has the index %d", i, j.Index)
		}
		if err := j.Config.Validate(); err != nil {
			return fmt.Errorf("plan: job %d: %w", i, err)
		}
		if j.Config.Seed != j.Seed {
			return fmt.Errorf("plan: job %d has the seed %d, and its configuration %d", i, j.Seed, j.Config.Seed)
		}
		key := fmt.Sprint(j.Seed, " of ", j.Variant)
		if seen[key] {
			return fmt.Errorf("plan: seed %s is there twice", key)
		}
		seen[key] = true
	}
	if len(p.Jobs) == 0 {
		return errors.New("plan: no jobs")
	}
	return nil
}

// Encode writes a plan as ReadPlan reads it.
func (p Plan) Encode(w io.Writer) error {
	raw, err := json.Marshal(p, jsontext.WithIndent(" "), json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = w.Write(append(raw, '\n'))
	return err
}

// Variants are the names of a plan's variants, in their order.
func (p Plan) Variants() (names []string) {
	seen := map[string]bool{}
	for _, j := range p.Jobs {
		if !seen[j.Variant] {
			seen[j.Variant] = true
			names = append(names, j.Variant)
		}
	}
	return names
}

// Baseline is the variant that others are held against. Of a sample, whose runs share no seeds, there is none.
func (p Plan) Baseline() (name string, ok bool) {
	switch {
	case p.Study.Sample != nil:
		return "", false
	case p.Study.Baseline != "":
		return p.Study.Baseline, true
	}
	return p.Jobs[0].Variant, true
}

// Expand makes the plan: for each seed, each variant with each value of the axes, so that what is done first can be compared.
func (s Study) Expand() (Plan, error) {
	p := Plan{Study: s}
	points, err := s.points()
	if err != nil {
		return p, err
	}
	switch {
	case len(s.Seeds) == 0 && s.Sample == nil:
		return p, errors.New("study: seeds: give a list, or how many")
	case len(points)*len(s.Seeds) > most:
		return p, fmt.Errorf("study: %d variants of %d seeds are %d jobs, and a study has %d at most", len(points), len(s.Seeds), len(points)*len(s.Seeds), most)
	}
	names := map[string]bool{}
	for _, point := range points {
		if names[point.Name] {
			return p, fmt.Errorf("study: two variants are called %q", point.Name)
		}
		names[point.Name] = true
	}
	if i, k := twins(points); i != k && s.Sample == nil {
		return p, fmt.Errorf("study: %s and %s say the same", points[i].Name, points[k].Name)
	}
	switch {
	case s.Baseline != "" && s.Sample != nil:
		return p, errors.New("study: baseline: a sample's runs share no seeds, so none is held against another; leave it out")
	case s.Baseline != "" && !names[s.Baseline]:
		return p, fmt.Errorf("study: baseline: there is no variant %q", s.Baseline)
	}
	if s.Sample != nil {
		if p.Jobs, err = s.sampled(); err != nil {
			return p, fmt.Errorf("study: %w", err)
		}
		return p, nil
	}
	seen := map[uint64]bool{}
	for _, seed := range s.Seeds {
		if seen[seed] {
			return p, fmt.Errorf("study: seeds: %d is there twice", seed)
		}
		seen[seed] = true
		for _, point := range points {
			j := Job{Index: len(p.Jobs), Variant: point.Name, Seed: seed}
			if err := j.configure(s, point); err != nil {
				return p, fmt.Errorf("study: %s: %w", point.Name, err)
			}
			p.Jobs = append(p.Jobs, j)
		}
	}
	return p, nil
}

// twins are two points that set the same, or 0 and 0.
func twins(points []Variant) (first, second int) {
	seen := map[string]int{}
	for i, p := range points {
		p.Name = ""
		for name, v := range p.Set { // 0.1 and 1e-1 are one
			if f := 0.0; json.Unmarshal(v, &f) == nil {
				p.Set = p.Set.with(Settings{name: jsontext.Value(fmt.Sprint(f))})
			}
		}
		raw, err := json.Marshal(p, json.Deterministic(true))
		if k, there := seen[string(raw)]; there && err == nil {
			return k, i
		}
		seen[string(raw)] = i
	}
	return 0, 0
}

// configure makes the job's configurations.
func (j *Job) configure(s Study, point Variant) (err error) {
	if j.Config, err = s.Base.with(point.Set).config(run.Search); err != nil {
		return err
	}
	j.Config.Seed = j.Seed
	if err := j.Config.Validate(); err != nil {
		return err
	}
	if err := useful(point.Set, j.Config); err != nil {
		return err
	}
	if s.Train == nil {
		if point.Train != nil {
			return errors.New("then-train: the study trains no cells: give it a then-train of its own")
		}
		return nil
	}
	if j.Config.Task != run.Search {
		return errors.New("then-train: a training finds no cell to train")
	}
	all := s.Train.with(point.Train)
	train, err := all.config(run.Train)
	if err != nil {
		return fmt.Errorf("then-train: %w", err)
	}
	if train.Task != run.Train || train.Network != run.CellNetwork {
		return errors.New("then-train: it trains no cell that was found: choose another preset")
	}
	if _, given := all["genotype"]; given {
		return errors.New("then-train: genotype: it trains the cell that is found; leave it out")
	}
	own := train
	train = train.OnImagesOf(j.Config)
	for name := range all {
		if f, is := run.FieldOf(name); is && f.Value(own) != f.Value(train) {
			return fmt.Errorf("then-train: %s: it trains on the search's own images, which have %s; leave it out", name, f.Value(train))
		}
	}
	if err := useful(point.Train, train); err != nil {
		return fmt.Errorf("then-train: %w", err)
	}
	j.Train = &train
	if err := train.Validate(); err != nil {
		return fmt.Errorf("then-train: %w", err)
	}
	return nil
}

// useful refuses a setting of a variant that would change nothing: who gives it expects something of it.
func useful(set Settings, c run.Config) error {
	for _, f := range run.Fields() {
		if why := f.Idle(c); set[f.Name] != nil && why != "" && f.Name != "task" {
			return fmt.Errorf("%s: it would change nothing, because %s", f.Name, why)
		}
	}
	return nil
}

// with is s with what others set over it.
func (s Settings) with(others Settings) Settings {
	all := Settings{}
	for _, settings := range []Settings{s, others} {
		for name, v := range settings {
			all[name] = v
		}
	}
	return all
}

// config is the configuration that the settings describe, of a task where they name none.
func (s Settings) config(task run.TaskName) (c run.Config, err error) {
	text := func(name, otherwise string) (v string, err error) {
		raw, given := s[name]
		if !given {
			return otherwise, nil
		}
		if err = json.Unmarshal(raw, &v); err != nil {
			return v, fmt.Errorf("%s: %.80s is no text", name, raw)
		}
		return v, nil
	}
	kind, err := text("task", string(task))
	if err != nil {
		return c, err
	}
	preset, err := text("preset", "")
	if err != nil {
		return c, err
	}
	if preset == "" {
		return c, errors.New("preset: name the one to start from, such as \"preset\": \"small\"")
	}
	if run.TaskName(kind) == run.Train {
		c, err = run.TrainingPreset(preset)
	} else {
		c, err = run.Preset(preset)
	}
	if err != nil {
		return c, err
	}
	if way, err := text("way", ""); err != nil {
		return c, err
	} else if way != "" {
		if c, err = c.Goes(way); err != nil {
			return c, err
		}
	}
	fields := Settings{}
	for name, v := range s {
		if name == "seed" {
			return c, errors.New("seed: seeds are the study's own")
		}
		if name != "preset" && name != "way" {
			fields[name] = v
		}
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return c, err
	}
	return c, c.Decode(bytes.NewReader(raw))
}

// points are the variants with each combination of the axes' values.
func (s Study) points() ([]Variant, error) {
	points := s.Variants
	if len(points) == 0 {
		points = []Variant{{}}
	}
	for i, v := range points {
		if v.Name == "" && len(points) > 1 {
			return nil, fmt.Errorf("study: variant %d has no name", i+1)
		}
		if v.Sample != nil && s.Sample == nil {
			return nil, fmt.Errorf("study: %s: sample: give the study a sample with a count, too", cmp.Or(v.Name, "base"))
		}
	}
	for i, axis := range s.Vary {
		if err := axis.check(s.Vary[:i]); err != nil {
			return nil, fmt.Errorf("study: vary: %w", err)
		}
		values, err := axis.values()
		if err != nil {
			return nil, fmt.Errorf("study: vary: %w", err)
		}
		if len(points)*len(values) > most {
			return nil, fmt.Errorf("study: vary: there are more than %d variants", most)
		}
		var next []Variant
		for _, p := range points {
			for _, v := range values {
				next = append(next, Variant{Name: strings.TrimPrefix(p.Name+", "+axis.part(v), ", "), Set: p.Set.with(Settings{axis.Field: v}), Train: p.Train})
			}
		}
		points = next
	}
	if points[0].Name == "" {
		points[0].Name = "base"
	}
	return points, nil
}

// Axis is the axis of a field in a sample, of all variants or of that one.
func (s Study) Axis(variant, field string) (a Axis, ok bool) {
	axes := s.Sample.Fields
	for _, v := range s.Variants {
		if v.Name == variant {
			axes = slices.Concat(axes, v.Sample)
		}
	}
	i := slices.IndexFunc(axes, func(a Axis) bool { return a.Field == field })
	if i < 0 {
		return a, false
	}
	return axes[i], true
}

// part is what an axis's value adds to a variant's name.
func (a Axis) part(v jsontext.Value) string { return a.Field + " " + strings.Trim(string(v), `"`) }

// check says what is wrong with an axis that stands beside others.
func (a Axis) check(others []Axis) error {
	_, known := run.FieldOf(a.Field)
	switch {
	case !known && a.Field != "way":
		return fmt.Errorf("there is no field %.80q%s", a.Field, run.Meant(a.Field))
	case slices.ContainsFunc(others, func(o Axis) bool { return o.Field == a.Field }):
		return fmt.Errorf("%s is there twice", a.Field)
	case a.Values != nil && len(a.Values) == 0:
		return fmt.Errorf("%s: there are no values", a.Field)
	case a.Values == nil && a.From > a.To:
		return fmt.Errorf("%s: from %v to %v: give the smaller one first", a.Field, a.From, a.To)
	case a.Values == nil && a.From == a.To && (a.From != 0 || a.Count != 0):
		return fmt.Errorf("%s: from %v to %v is no range", a.Field, a.From, a.To)
	case a.Values == nil && a.Log && (a.From <= 0 || a.To <= 0):
		return fmt.Errorf("%s: even factors between %v and %v: both must be over 0", a.Field, a.From, a.To)
	}
	return nil
}

// between is the value at a share of the range.
func (a Axis) between(share float64) float64 {
	if a.Log {
		return math.Exp(math.Log(a.From) + share*(math.Log(a.To)-math.Log(a.From)))
	}
	return a.From + share*(a.To-a.From)
}

// values are an axis's.
func (a Axis) values() ([]jsontext.Value, error) {
	switch {
	case a.Values != nil && a.Count != 0:
		return nil, fmt.Errorf("%s: give values, or from, to and count", a.Field)
	case a.Values != nil:
		return a.Values, nil
	case a.Count < 2 || a.Count > most:
		return nil, fmt.Errorf("%s: give values, or from, to and a count from 2 to %d", a.Field, most)
	}
	var out []jsontext.Value
	for i := range a.Count {
		u := float64(i) / float64(a.Count-1)
		v := a.between(u)
		switch i { // exactly, whatever rounding makes of them
		case 0:
			v = a.From
		case a.Count - 1:
			v = a.To
		}
		raw, err := json.Marshal(round(v))
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	return out, nil
}

// round is v to six digits, so that names and configurations can be read.
func round(v float64) float64 {
	if v == 0 {
		return 0
	}
	unit := math.Pow(10, 5-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*unit) / unit
}

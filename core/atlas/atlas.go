// Package atlas is a map of what searches come to over the space of schedules: recorded runs of a study, and a Gaussian process for each
// outcome, over the coefficients of the architecture rate's and the mixing factor's curves.
package atlas

import (
	"cmp"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"hlrslab/core/darts"
	"hlrslab/core/run"
	"hlrslab/core/study"
)

// Outcome is a number that a run comes to.
type Outcome struct {
	ID, Title, Unit string
	Trained         bool // of the cell that is trained, not of the search
	scale           float64
	of              func(*run.Report) float64
}

// Outcomes are those of a map. Accuracies are on balanced test images, after the last epoch.
var Outcomes = []Outcome{
	{"search", "Search network", "%", false, 100, func(r *run.Report) float64 { return r.Accuracy }},
	{"search-head", "Search network, head classes", "%", false, 100, func(r *run.Report) float64 { return r.Head }},
	{"search-tail", "Search network, tail classes", "%", false, 100, func(r *run.Report) float64 { return r.Tail }},
	{"entropy", "Entropy of the alphas", "nats", false, 1, func(r *run.Report) float64 { return r.Entropy }},
	{"skips", "Skip connections of the cells", "", false, 1, func(r *run.Report) float64 { return float64(r.Counts["skip"]) }},
	{"trained", "Trained cell", "%", true, 100, func(r *run.Report) float64 { return r.Accuracy }},
	{"trained-head", "Trained cell, head classes", "%", true, 100, func(r *run.Report) float64 { return r.Head }},
	{"trained-tail", "Trained cell, tail classes", "%", true, 100, func(r *run.Report) float64 { return r.Tail }},
}

// Value is the outcome that a report has.
func (o Outcome) Value(r *run.Report) float64 { return o.scale * o.of(r) }

// Run is one of a map's.
type Run struct {
	Variant  string                    `json:"variant"`
	Set      map[string]jsontext.Value `json:"set"`      // fields of its configuration that are other than the base's
	Values   []float64                 `json:"values"`   // of the map's outcomes
	Epochs   []float64                 `json:"epochs"`   // accuracy of the search network after each, per cent
	Genotype string                    `json:"genotype"` // what the search has found
}

// Fit is how an outcome is predicted.
type Fit struct {
	ID     string  `json:"id"` // of the outcome
	Kernel Kernel  `json:"kernel"`
	Error  float64 `json:"error"`  // root mean square of what cross-validation's predictions lack to the values
	Spread float64 `json:"spread"` // the values' standard deviation, which is the error of predicting their mean
	Within float64 `json:"within"` // share of values within cross-validation's 80 % intervals
}

// Tells says whether predictions are better than the mean of all runs, by a tenth of the variance at least.
func (f Fit) Tells() bool { return f.Error*f.Error < 0.9*f.Spread*f.Spread }

// Map is a map as its file has it.
type Map struct {
	Study string     `json:"study"`
	Base  run.Config `json:"base"`
	Runs  []Run      `json:"runs"`
	Fits  []Fit      `json:"fits"`
}

// Atlas is a map to look things up in.
type Atlas struct {
	Map
	Outcomes  []Outcome // of Fits
	configs   []run.Config
	points    [][]float64
	processes []process
}

// Prediction is what a run may come to by one outcome.
type Prediction struct {
	Mean  float64
	Doubt float64 // standard deviation of what the map does not know about such runs' mean
	SD    float64 // standard deviation of one run about Mean: doubt, and what differs by chance
	Known float64 // 0..1: the share of what curves change that runs near these tell
}

// Near is a run of the map near some curves.
type Near struct {
	Index int
	Alike float64 // 0..1, by the first outcome's kernel
}

// coverage is the width of an 80 % interval of a normal distribution, in standard deviations to either side.
const coverage = 1.2816

// Interval holds what one such run comes to with a probability of 80 %.
func (p Prediction) Interval() study.Interval {
	return study.Interval{Low: p.Mean - coverage*p.SD, High: p.Mean + coverage*p.SD}
}

// Config is the configuration of a run of the map.
func (a *Atlas) Config(i int) run.Config { return a.configs[i] }

// Differs are the fields, beside curves and seeds, in which a run of c is another than the map's: where there are any, the map says nothing
// about it.
func (a *Atlas) Differs(c run.Config) (fields []run.Field) {
	for _, f := range run.Fields() {
		if !own(f) && f.Value(c) != f.Value(a.Base) && (f.Counts(c) || f.Counts(a.Base)) {
			fields = append(fields, f)
		}
	}
	return fields
}

// At is what runs with such curves come to, by each outcome, and all runs of the map, the nearest first.
func (a *Atlas) At(c Curves) ([]Prediction, []Near) {
	x := c.coefficients()
	out := make([]Prediction, len(a.processes))
	for i := range a.processes {
		out[i] = a.processes[i].predict(x)
	}
	near := make([]Near, len(a.points))
	first := a.processes[0].Kernel
	first.Signal = 1
	for i, p := range a.points {
		near[i] = Near{i, first.between(x, p)}
	}
	slices.SortStableFunc(near, func(a, b Near) int { return cmp.Compare(b.Alike, a.Alike) })
	return out, near
}

func (p *process) predict(x []float64) Prediction {
	mean, doubt := p.at(x)
	known := 0.0
	if p.Signal > 0 {
		known = 1 - doubt*doubt/(p.Signal*p.Signal)
	}
	return Prediction{Mean: mean, Doubt: doubt, SD: math.Hypot(doubt, p.Noise), Known: known}
}

// Bounds of what a file may hold.
const (
	maxBytes = 16 << 20
	maxRuns  = 2000
)

// Read reads a map's JSON. It is valid, or the error says why not.
func Read(r io.Reader) (*Atlas, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("atlas: %w", err)
	case len(raw) > maxBytes:
		return nil, fmt.Errorf("atlas: more than %d MB", maxBytes>>20)
	}
	var m Map
	if err := json.Unmarshal(raw, &m, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("atlas: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	a, err := m.open()
	if err != nil {
		return nil, fmt.Errorf("atlas: %w", err)
	}
	return a, nil
}

// Encode writes a map as Read reads it.
func (m Map) Encode(w io.Writer) error {
	return json.MarshalWrite(w, m, json.Deterministic(true))
}

// open makes the processes.
func (m Map) open() (*Atlas, error) {
	a := &Atlas{Map: m}
	if len(m.Runs) < 2 || len(m.Runs) > maxRuns {
		return nil, fmt.Errorf("%d runs, and a map has 2 to %d", len(m.Runs), maxRuns)
	}
	if err := m.Base.Validate(); err != nil {
		return nil, fmt.Errorf("base: %w", err)
	}
	for i, r := range m.Runs {
		if err := a.place(r); err != nil {
			return nil, fmt.Errorf("run %d: %w", i, err)
		}
	}
	if len(m.Fits) == 0 {
		return nil, errors.New("no outcome")
	}
	for i, f := range m.Fits {
		o := slices.IndexFunc(Outcomes, func(o Outcome) bool { return o.ID == f.ID })
		k := f.Kernel
		if o < 0 || len(k.Lengths) != rateOrders+mixOrders || !(min(k.Signal, k.Noise, f.Error, f.Spread) >= 0) || slices.ContainsFunc(k.Lengths, func(l float64) bool { return !(l > 0) }) {
			return nil, fmt.Errorf("outcome %.80q is none, or its kernel is none", f.ID)
		}
		values := make([]float64, len(m.Runs))
		for r := range m.Runs {
			values[r] = m.Runs[r].Values[i]
		}
		p, ok := k.see(a.points, values)
		if !ok {
			return nil, fmt.Errorf("outcome %s: its kernel fits no runs", f.ID)
		}
		a.Outcomes, a.processes = append(a.Outcomes, Outcomes[o]), append(a.processes, p)
	}
	return a, nil
}

// place enters a run, which is a whole one of its configuration.
func (a *Atlas) place(r Run) error {
	raw, err := json.Marshal(r.Set)
	if err != nil {
		return err
	}
	c := a.Base
	if err := c.Decode(strings.NewReader(string(raw))); err != nil {
		return err
	}
	if err := c.Validate(); err != nil {
		return err
	}
	if fields := a.Differs(c); len(fields) > 0 {
		return fmt.Errorf("%s is another than the map's", fields[0].Name)
	}
	if len(r.Values) != len(a.Fits) || len(r.Epochs) == 0 || len(r.Epochs) > c.Epochs {
		return fmt.Errorf("%d outcomes of %d, and %d epochs of %d", len(r.Values), len(a.Fits), len(r.Epochs), c.Epochs)
	}
	if _, err := darts.ParseGenotype(r.Genotype); err != nil {
		return err
	}
	curves, err := CurvesOf(c)
	if err != nil {
		return err
	}
	a.configs, a.points = append(a.configs, c), append(a.points, curves.coefficients())
	return nil
}

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
	Trained         bool    // of the cell that is trained, not of the search
	Most            float64 // that it can be; the least is 0
	scale           float64
	of              func(*run.Report) float64
}

// Outcomes are those of a map. Accuracies are on balanced test images, after the last epoch.
var Outcomes = []Outcome{
	{"search", "Search network", "%", false, 100, 100, func(r *run.Report) float64 { return r.Accuracy }},
	{"search-head", "Search network, head classes", "%", false, 100, 100, func(r *run.Report) float64 { return r.Head }},
	{"search-tail", "Search network, tail classes", "%", false, 100, 100, func(r *run.Report) float64 { return r.Tail }},
	{"entropy", "Entropy of the alphas", "nats", false, math.Log(float64(len(darts.Primitives))), 1, func(r *run.Report) float64 { return r.Entropy }},
	{"skips", "Skip connections of the cells", "", false, math.Inf(1), 1, func(r *run.Report) float64 { return float64(r.Counts["skip"]) }},
	{"trained", "Trained cell", "%", true, 100, 100, func(r *run.Report) float64 { return r.Accuracy }},
	{"trained-head", "Trained cell, head classes", "%", true, 100, 100, func(r *run.Report) float64 { return r.Head }},
	{"trained-tail", "Trained cell, tail classes", "%", true, 100, 100, func(r *run.Report) float64 { return r.Tail }},
}

// Value is the outcome that a report has.
func (o Outcome) Value(r *run.Report) float64 { return o.scale * o.of(r) }

// From is the outcome of a job's search, or of the training that follows it; there is none where that has not begun.
func (o Outcome) From(search, training *run.Record) (v float64, ok bool) {
	of := search
	if o.Trained {
		of = training
	}
	if of == nil || of.Last() == nil {
		return 0, false
	}
	return o.Value(of.Last().Report), true
}

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
	Spread float64 `json:"spread"` // the same of predicting the mean of the other folds
	// Width is half of an interval in standard deviations of the process, such that in cross-validation four of five values lay within
	// (conformal prediction: Vovk et al., 2005, of residuals divided by their deviation). Of a process that is right it is 1.28.
	Width float64 `json:"width"`
}

// outcome is that of the fit's name; without a function where there is none.
func (f Fit) outcome() (o Outcome) {
	if i := slices.IndexFunc(Outcomes, func(o Outcome) bool { return o.ID == f.ID }); i >= 0 {
		o = Outcomes[i]
	}
	return o
}

// Tells says whether predictions are better than the mean of all runs, by a tenth of the variance at least.
func (f Fit) Tells() bool { return f.Error*f.Error < 0.9*f.Spread*f.Spread }

// Whatever is the prediction of a run whatever its curves.
func (f Fit) Whatever() Prediction {
	return Prediction{Mean: f.Kernel.Mean, SD: f.Spread, width: normal}
}

// Map is a map as its file has it.
type Map struct {
	Study string     `json:"study"`
	Base  run.Config `json:"base"`
	// Train is the training of what a run finds, but for its genotype; nil where cells are not trained.
	Train *run.Config `json:"train,omitzero"`
	Runs  []Run       `json:"runs"`
	Fits  []Fit       `json:"fits"`
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
	SD    float64 // standard deviation of one run about Mean: what the map does not know, and what differs by chance
	Known float64 // 0..1: the share of what curves change that runs near these tell
	width float64
	most  float64
}

// normal is half of the interval that holds 80 % of a normal distribution, in standard deviations.
const normal = 1.2816

// Interval holds four of five such runs.
func (p Prediction) Interval() study.Interval {
	i := study.Interval{Low: max(0, p.Mean-p.width*p.SD), High: p.Mean + p.width*p.SD}
	if p.most > 0 {
		i.High = min(i.High, p.most)
	}
	return i
}

// Expectation is what runs with some curves come to.
type Expectation struct {
	Outcomes []Prediction
	Near     []int // all runs of the map, the nearest first, by the outcome that is predicted best
	// Known says whether runs of the map lie around: within the range of each coefficient, and near enough to tell half of what curves
	// change of the outcome that is predicted best.
	Known bool
}

// Config is the configuration of a run of the map.
func (a *Atlas) Config(i int) run.Config { return a.configs[i] }

// Has says whether a run of c is among the map's.
func (a *Atlas) Has(c run.Config) bool {
	return slices.ContainsFunc(a.configs, c.Equal)
}

// Differs are the fields, beside curves and seeds, in which a run of c is another than the map's: where there are any, the map says nothing
// about it.
func (m Map) Differs(c run.Config) []run.Field { return differing(c, m.Base, own) }

// differing are the fields in which two configurations differ, and which count for one of them, but for some.
func differing(a, b run.Config, but func(run.Field) bool) (fields []run.Field) {
	for _, f := range run.Fields() {
		if !but(f) && f.Value(a) != f.Value(b) && (f.Counts(a) || f.Counts(b)) {
			fields = append(fields, f)
		}
	}
	return fields
}

// At is what runs with such curves come to.
func (a *Atlas) At(c Curves) (e Expectation) {
	x := c.coefficients()
	for i := range a.processes {
		p := a.processes[i].predict(x)
		p.width, p.most = a.Fits[i].Width, a.Outcomes[i].Most
		e.Outcomes = append(e.Outcomes, p)
	}
	best := a.best()
	k := a.Fits[best].Kernel
	alike := make([]float64, len(a.points))
	for i, p := range a.points {
		alike[i] = k.between(x, p)
		e.Near = append(e.Near, i)
	}
	slices.SortStableFunc(e.Near, func(i, j int) int { return cmp.Compare(alike[j], alike[i]) })
	e.Known = e.Outcomes[best].Known >= 0.5 && a.around(x)
	return e
}

// best is the outcome that is predicted best.
func (a *Atlas) best() (best int) {
	for i, f := range a.Fits {
		if b := a.Fits[best]; f.Error*b.Spread < b.Error*f.Spread {
			best = i
		}
	}
	return best
}

// around says whether a point lies within what the map's runs span, or hardly outside.
func (a *Atlas) around(x []float64) bool {
	for d, v := range x {
		low, high := math.Inf(1), math.Inf(-1)
		for _, p := range a.points {
			low, high = min(low, p[d]), max(high, p[d])
		}
		if beside := (high - low) / 20; v < low-beside || v > high+beside {
			return false
		}
	}
	return true
}

func (p *process) predict(x []float64) Prediction {
	mean, doubt := p.at(x)
	known := 0.0
	if p.Signal > 0 {
		known = 1 - doubt*doubt/(p.Signal*p.Signal)
	}
	return Prediction{Mean: mean, SD: math.Hypot(doubt, p.Noise), Known: known}
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
		return nil, fmt.Errorf("atlas: this is no map, or a damaged one: %s", strings.TrimPrefix(err.Error(), "json: "))
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
	if len(m.Runs) < 2 || len(m.Runs) > maxRuns {
		return nil, fmt.Errorf("%d runs, and a map has 2 to %d", len(m.Runs), maxRuns)
	}
	a, err := m.place()
	if err != nil {
		return nil, err
	}
	for i, f := range m.Fits {
		k := f.Kernel
		if len(k.Lengths) != rateOrders+mixOrders || !(min(k.Signal, k.Noise, f.Error, f.Spread, f.Width) >= 0) || slices.ContainsFunc(k.Lengths, func(l float64) bool { return !(l > 0) }) {
			return nil, fmt.Errorf("outcome %s: its kernel is none", f.ID)
		}
		p, ok := k.see(a.points, m.values(i))
		if !ok {
			return nil, fmt.Errorf("outcome %s: its kernel fits no runs", f.ID)
		}
		a.processes = append(a.processes, p)
	}
	return a, nil
}

// values are those of an outcome in all runs.
func (m Map) values(outcome int) []float64 {
	values := make([]float64, len(m.Runs))
	for r := range m.Runs {
		values[r] = m.Runs[r].Values[outcome]
	}
	return values
}

// place finds the runs' points: each is a whole one of its configuration. Fits need only name their outcomes.
func (m Map) place() (*Atlas, error) {
	a := &Atlas{Map: m}
	if err := m.Base.Validate(); err != nil {
		return nil, fmt.Errorf("base: %w", err)
	}
	if m.Train != nil {
		if err := m.Train.Validate(); err != nil {
			return nil, fmt.Errorf("train: %w", err)
		}
	}
	if len(m.Fits) == 0 {
		return nil, errors.New("no outcome")
	}
	for _, f := range m.Fits {
		o := f.outcome()
		if o.of == nil {
			return nil, fmt.Errorf("outcome %.80q is none", f.ID)
		}
		if o.Trained && m.Train == nil {
			return nil, fmt.Errorf("outcome %s is of trained cells, and it is not told how they are trained", f.ID)
		}
		a.Outcomes = append(a.Outcomes, o)
	}
	for i, r := range m.Runs {
		if err := a.add(r); err != nil {
			return nil, fmt.Errorf("run %d: %w", i, err)
		}
	}
	return a, nil
}

// add enters a run.
func (a *Atlas) add(r Run) error {
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

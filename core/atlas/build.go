package atlas

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"

	"hlrslab/core/run"
	"hlrslab/core/study"
)

// folds are those of cross-validation.
const folds = 10

// New makes a map of the runs of a study that are done; progress is told how many of the outcomes are fitted. All its jobs are searches
// that differ in nothing but curves and seeds, or the error says which does.
func New(p study.Plan, results []study.Result, progress func(done, of int)) (Map, error) {
	m := Map{Study: p.Study.Name, Base: p.Jobs[0].Config}
	m.Base.Seed = 1
	var outcomes []Outcome
	for _, o := range Outcomes {
		if !o.Trained || p.Jobs[0].Train != nil {
			outcomes = append(outcomes, o)
		}
	}
	check := Atlas{Map: m}
	var points [][]float64
	for _, result := range results {
		c := result.Config
		if fields := check.Differs(c); len(fields) > 0 {
			return m, fmt.Errorf("atlas: job %d (%s): %s is %s, and in others %s: a map's runs differ in schedules, mixes and seeds alone", result.Index, result.Variant, fields[0].Name, fields[0].Value(c), fields[0].Value(m.Base))
		}
		if result.Final() == nil {
			continue
		}
		search, training := result.Records()
		if search == nil {
			return m, fmt.Errorf("atlas: job %d (%s) is no search", result.Index, result.Variant)
		}
		curves, err := CurvesOf(c)
		if err != nil {
			return m, fmt.Errorf("atlas: job %d: %w", result.Index, err)
		}
		r := Run{Variant: result.Variant, Genotype: search.Last().Report.Genotype.String()}
		if r.Set, err = set(c, m.Base); err != nil {
			return m, err
		}
		for _, o := range outcomes {
			v, _ := o.From(search, training) // which are done
			r.Values = append(r.Values, rounded(v))
		}
		for _, e := range search.Events {
			if e.Kind == run.EpochDone {
				r.Epochs = append(r.Epochs, rounded(100*e.Report.Accuracy))
			}
		}
		m.Runs, points = append(m.Runs, r), append(points, curves.coefficients())
	}
	if len(m.Runs) < 2*folds {
		return m, fmt.Errorf("atlas: %d runs are done, and a map takes %d", len(m.Runs), 2*folds)
	}
	for i, o := range outcomes {
		values := make([]float64, len(m.Runs))
		for k, r := range m.Runs {
			values[k] = r.Values[i]
		}
		f, err := fitted(points, values)
		if err != nil {
			return m, fmt.Errorf("atlas: %s: %w", o.Title, err)
		}
		f.ID = o.ID
		m.Fits = append(m.Fits, f)
		progress(i+1, len(outcomes))
	}
	_, err := m.open()
	return m, err
}

// rounded is a value to four digits: what differs by chance is more than the rest.
func rounded(v float64) float64 {
	if v == 0 {
		return 0
	}
	unit := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*unit) / unit
}

// set has the fields of c that are other than base's.
func set(c, base run.Config) (map[string]jsontext.Value, error) {
	fields := func(c run.Config) (all map[string]jsontext.Value, err error) {
		raw, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		return all, json.Unmarshal(raw, &all)
	}
	all, err := fields(c)
	if err != nil {
		return nil, err
	}
	others, err := fields(base)
	if err != nil {
		return nil, err
	}
	for name, v := range others {
		if string(all[name]) == string(v) {
			delete(all, name)
		}
	}
	return all, nil
}

// fitted is the fit of values at points, and its cross-validation in folds of runs chosen at random: each is predicted by a process
// whose kernel, too, was fitted without its fold.
func fitted(points [][]float64, values []float64) (f Fit, err error) {
	f.Kernel = fit(points, values)
	order := rand.New(rand.NewPCG(1, 0)).Perm(len(points))
	var far []float64 // how far predictions are off, in their own standard deviations
	for fold := range folds {
		var seen [][]float64
		var of []float64
		for i, k := range order {
			if i%folds != fold {
				seen, of = append(seen, points[k]), append(of, values[k])
			}
		}
		p, ok := fit(seen, of).see(seen, of)
		if !ok {
			return f, errors.New("no kernel fits the runs")
		}
		mean := stat.Mean(of, nil)
		for i := fold; i < len(order); i += folds {
			k := order[i]
			guess := p.predict(points[k])
			off, rest := values[k]-guess.Mean, values[k]-mean
			f.Error += off * off / float64(len(points))
			f.Spread += rest * rest / float64(len(points))
			far = append(far, math.Abs(off)/guess.SD)
		}
	}
	slices.Sort(far)
	f.Error, f.Spread, f.Width = math.Sqrt(f.Error), math.Sqrt(f.Spread), far[min(int(math.Ceil(0.8*float64(len(far)+1))), len(far))-1]
	return f, nil
}

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

// Gather takes the runs of a study that are done into a map without fits. All its jobs are searches that differ in nothing but curves and
// seeds, with the same training of what they find, or the error says which does not.
func Gather(p study.Plan, results []study.Result) (Map, error) {
	m := Map{Study: p.Study.Name, Base: p.Jobs[0].Config, Train: p.Jobs[0].Train}
	m.Base.Seed = 1
	if m.Train != nil {
		train := *m.Train
		train.Seed = 1
		m.Train = &train
	}
	for _, o := range Outcomes {
		if !o.Trained || m.Train != nil {
			m.Fits = append(m.Fits, Fit{ID: o.ID})
		}
	}
	for _, result := range results {
		differs := m.differs(Map{Base: result.Config, Train: p.Jobs[result.Index].Train})
		if differs != nil {
			return m, fmt.Errorf("atlas: job %d (%s): %w", result.Index, result.Variant, differs)
		}
		if result.Final() == nil {
			continue
		}
		search, training := result.Records()
		if search == nil {
			return m, fmt.Errorf("atlas: job %d (%s) is no search", result.Index, result.Variant)
		}
		r := Run{Variant: result.Variant, Genotype: search.Last().Report.Genotype.String()}
		var err error
		if r.Set, err = set(result.Config, m.Base); err != nil {
			return m, err
		}
		for _, f := range m.Fits {
			v, _ := f.outcome().From(search, training) // which are done
			r.Values = append(r.Values, rounded(v))
		}
		for _, e := range search.Events {
			if e.Kind == run.EpochDone {
				r.Epochs = append(r.Epochs, rounded(100*e.Report.Accuracy))
			}
		}
		m.Runs = append(m.Runs, r)
	}
	return m, nil
}

// differs says in what another map's runs are others than this one's: in more than curves and seeds.
func (m Map) differs(o Map) error {
	const rule = "a map's runs differ in schedules, mixes and seeds alone"
	other := func(f run.Field, a, b run.Config) error {
		return fmt.Errorf("%s is %s, and in others %s: %s", f.Name, f.Value(b), f.Value(a), rule)
	}
	if fields := m.Differs(o.Base); len(fields) > 0 {
		return other(fields[0], m.Base, o.Base)
	}
	if (m.Train == nil) != (o.Train == nil) {
		return errors.New("its cells are trained, and others are not, or the other way round")
	}
	if m.Train == nil {
		return nil
	}
	if fields := differing(*o.Train, *m.Train, seed); len(fields) > 0 {
		return fmt.Errorf("training: %w", other(fields[0], *m.Train, *o.Train))
	}
	return nil
}

// Join is the runs of both maps, those that both have once, without fits.
func (m Map) Join(o Map) (Map, error) {
	if err := m.differs(o); err != nil {
		return m, fmt.Errorf("atlas: %q and %q: %w", m.Study, o.Study, err)
	}
	a, err := m.place()
	if err != nil {
		return m, err
	}
	b, err := o.place()
	if err != nil {
		return m, err
	}
	m.Runs = slices.Clone(m.Runs)
	for i, c := range b.configs {
		if a.Has(c) {
			continue
		}
		r := b.Runs[i]
		if r.Set, err = set(c, m.Base); err != nil {
			return m, err
		}
		m.Runs = append(m.Runs, r)
	}
	m.Fits = slices.Clone(m.Fits)
	for i, f := range m.Fits {
		m.Fits[i] = Fit{ID: f.ID}
	}
	return m, nil
}

// Fit fits and cross-validates each outcome; progress is told how many are.
func (m *Map) Fit(progress func(done, of int)) error {
	if len(m.Runs) < 2*folds {
		return fmt.Errorf("atlas: %d runs are done, and a map takes %d", len(m.Runs), 2*folds)
	}
	a, err := m.place()
	if err != nil {
		return fmt.Errorf("atlas: %w", err)
	}
	for i, f := range m.Fits {
		own, err := fitted(a.points, m.values(i))
		if err != nil {
			return fmt.Errorf("atlas: %s: %w", f.outcome().Title, err)
		}
		own.ID = f.ID
		m.Fits[i] = own
		progress(i+1, len(m.Fits))
	}
	_, err = m.open()
	return err
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

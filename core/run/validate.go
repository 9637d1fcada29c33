package run

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"hlrslab/core/darts"
	"hlrslab/core/data"
)

// Validate reports the first thing in a record that no run can have reported, wherever the record is from. One that is valid can be
// shown and drawn without a further look: every index is in its range, every number finite.
func (r Record) Validate() error {
	_, err := r.walk()
	return err
}

// stand is where a run stands after its events.
type stand struct {
	config             Config // in force
	epoch, at          int    // epochs, and steps of the next one, done
	changed            bool   // at this epoch
	thin               bool   // steps are left out
	ended              string // why the run ended
	losses, archLosses float64
}

// walk goes through a record, and says where its run stands at the end.
func (r Record) walk() (stand, error) {
	s := stand{config: r.Config, thin: r.Thin}
	if err := r.Config.Validate(); err != nil {
		return s, err
	}
	if err := r.Facts.validate(r.Config); err != nil {
		return s, fmt.Errorf("facts: %w", err)
	}
	if err := r.Devices.validate(); err != nil {
		return s, err
	}
	for i, e := range r.Events {
		if err := s.take(e, r.Facts); err != nil {
			return s, fmt.Errorf("event %d (%q of epoch %d): %w", i, e.Kind, e.Epoch, err)
		}
	}
	if r.Next != nil {
		if err := s.config.MayBecome(*r.Next); err != nil {
			return s, fmt.Errorf("next configuration: %w", err)
		}
	}
	return s, nil
}

// validate holds the facts against the configuration that they came of.
func (f Facts) validate(c Config) error {
	n := len(f.Classes)
	counts, err := c.Counts(n)
	if err != nil {
		return err
	}
	if counts = data.Permute(counts, c.ClassSeed); !slices.Equal(f.Counts, counts) {
		return fmt.Errorf("counts %v, and the configuration gives %v", f.Counts, counts)
	}
	if !slices.Equal(f.Order, headToTail(counts)) {
		return fmt.Errorf("order %v is not that of the counts", f.Order)
	}
	if steps, err := c.Steps(counts); err != nil || f.Steps != steps {
		return errors.Join(err, fmt.Errorf("%d steps an epoch, and the configuration gives %d", f.Steps, steps))
	}
	if f.Params < 1 {
		return fmt.Errorf("%d parameters", f.Params)
	}
	return nil
}

// headToTail are the classes by falling counts.
func headToTail(counts []int) []int {
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return counts[j] - counts[i] })
	return order
}

// take goes on by one event, or says why it cannot come next: an epoch is a change or none, all its steps, and its end.
func (s *stand) take(e Event, f Facts) error {
	switch {
	case s.ended != "":
		return errors.New("the run had ended")
	case e.Ended != "" && e.Kind != EpochDone:
		return errors.New("a run ends with an epoch")
	case s.epoch == s.config.Epochs:
		return fmt.Errorf("more than %d epochs", s.config.Epochs)
	case e.Epoch != s.epoch || e.Steps != f.Steps:
		return fmt.Errorf("epoch %d of %d steps was to come", s.epoch, f.Steps)
	case (e.Report != nil) != (e.Kind == EpochDone) || (e.Config != nil) != (e.Kind == Changed):
		return errors.New("only an epoch has a report, and only a change a configuration, which it must")
	case !finite(e.Loss, e.ArchLoss, e.Rate, e.ArchRate) || e.Rate < 0 || e.ArchRate < 0 || !share(e.Mix):
		return errors.New("losses and rates must be finite, rates not negative, and the mixing between 0 and 1")
	case s.config.Frozen(e.Epoch) && (e.ArchLoss != 0 || e.ArchRate != 0):
		return errors.New("a step of the architecture, which is frozen")
	}
	switch {
	case e.Kind == Changed && s.at == 0 && !s.changed:
		if bare := (Event{Kind: e.Kind, Epoch: e.Epoch, Steps: e.Steps, Config: e.Config}); e != bare {
			return errors.New("a change has numbers of steps")
		}
		if err := s.config.MayBecome(*e.Config); err != nil {
			return err
		}
		s.config, s.changed = *e.Config, true
	case e.Kind == StepDone && s.at < f.Steps && e.Step == s.at && !s.thin:
		s.at, s.losses, s.archLosses = s.at+1, s.losses+e.Loss, s.archLosses+e.ArchLoss
	case e.Kind == EpochDone && (s.at == f.Steps || s.thin) && e.Step == f.Steps:
		if err := e.Report.validate(s.config, f, s.epoch); err != nil {
			return fmt.Errorf("report: %w", err)
		}
		*s = stand{config: s.config, epoch: s.epoch + 1, ended: e.Ended, thin: s.thin}
	default:
		return fmt.Errorf("step %d of its kind cannot come after %d steps", e.Step, s.at)
	}
	return nil
}

func (p *Report) validate(c Config, f Facts, epoch int) error {
	n := len(f.Classes)
	switch {
	case !slices.Equal(p.Classes, f.Order):
		return fmt.Errorf("classes %v, and from head to tail they are %v", p.Classes, f.Order)
	case len(p.PerClass) != n || !share(p.PerClass...):
		return fmt.Errorf("accuracies of %d classes must be %d shares", len(p.PerClass), n)
	case !share(p.Accuracy, p.Head, p.Medium, p.Tail, p.Discrete, p.TauNormalised, p.Calibration) || !finite(p.TestLoss) || p.TestLoss < 0:
		return errors.New("accuracies must be shares of 1")
	case (p.Dropped != nil) != c.Drops(epoch):
		return errors.New("operations are dropped at a freeze, and told of there alone")
	case p.Dropped != nil && !p.Dropped.valid(c):
		return fmt.Errorf("%d of %d operations dropped, to an accuracy of %v", p.Dropped.Operations, p.Dropped.Of, p.Dropped.Accuracy)
	case p.Energy < 0 || p.Energy > 2 || (p.Energy > 0) != (c.Multiply() != nil):
		return fmt.Errorf("an energy of %v, and the multiplier is %s", p.Energy, c.Multiplier)
	case !(p.Entropy >= 0 && p.Entropy < 5e-3+math.Log(float64(len(darts.Primitives)))): // a recording has three digits
		return fmt.Errorf("an entropy of %v", p.Entropy)
	}
	if len(p.Confusion) != n {
		return fmt.Errorf("a confusion of %d classes, want %d", len(p.Confusion), n)
	}
	for i, row := range p.Confusion {
		if err := tallied(row, n, c.TestImages/n); err != nil {
			return err
		}
		if got := float64(row[i]) / float64(c.TestImages/n); got != p.PerClass[i] {
			return fmt.Errorf("an accuracy of %v, and the confusion has %v", p.PerClass[i], got)
		}
	}
	if c.Task == Train {
		return p.trained(c)
	}
	return p.found(c)
}

// trained holds what a training reports of its own against its configuration.
func (p *Report) trained(c Config) error {
	if p.Normal != nil || p.Reduce != nil || p.EdgeWeights != nil || p.Entropy != 0 || p.Discrete != 0 {
		return errors.New("a training with alphas")
	}
	var want darts.Genotype
	if c.Network == CellNetwork {
		want, _ = darts.ReadGenotype(c.Genotype)
	}
	if p.Genotype.String() != want.String() || c.Network == CellNetwork && !maps.Equal(p.Counts, want.Counts()) || c.Network != CellNetwork && p.Counts != nil {
		return fmt.Errorf("the genotype %v and the counts %v, and trained is %v", p.Genotype, p.Counts, want)
	}
	return nil
}

// found holds what a search reports of its own against its configuration.
func (p *Report) found(c Config) error {
	edges := darts.Edges(c.Nodes)
	for _, rows := range [][][]float64{p.Normal, p.Reduce} {
		if len(rows) != edges {
			return fmt.Errorf("alphas of %d edges, want %d", len(rows), edges)
		}
		for _, row := range rows {
			sum := 0.0
			for _, v := range row {
				sum += v
			}
			if len(row) != len(darts.Primitives) || !share(row...) || c.Mixture != "sigmoid" && math.Abs(sum-1) > 5e-3 { // a recording has thousandths
				return fmt.Errorf("the operations of an edge weigh %v, want %d shares of 1", row, len(darts.Primitives))
			}
		}
	}
	if want := 2 * edges; c.Part > 1 && len(p.EdgeWeights) != want || c.Part == 1 && p.EdgeWeights != nil || !share(p.EdgeWeights...) {
		return fmt.Errorf("the edges weigh %v; with a part of %d, %d shares are due, and none without", p.EdgeWeights, c.Part, want)
	}
	g := p.Genotype
	if err := g.Validate(); err != nil {
		return err
	}
	if len(g.Normal) != 2*c.Nodes || len(g.Reduce) != 2*c.Nodes || !maps.Equal(p.Counts, g.Counts()) {
		return fmt.Errorf("a genotype of %d and %d edges and the counts %v", len(g.Normal), len(g.Reduce), p.Counts)
	}
	return nil
}

// valid says whether so much can be dropped from the two kinds of cells.
func (d *Drop) valid(c Config) bool {
	edges := 2 * darts.Edges(c.Nodes)
	return 0 <= d.Operations && d.Operations <= d.Of && d.Of <= edges*len(darts.Primitives) && share(d.Accuracy)
}

// tallied reports a row of a confusion that does not count n images by classes.
func tallied(row []int, classes, n int) error {
	left := n
	for _, v := range row {
		if v < 0 || v > left {
			return fmt.Errorf("a confusion of %v, of %d test images", row, n)
		}
		left -= v
	}
	if len(row) != classes || left != 0 {
		return fmt.Errorf("a confusion of %v, of %d test images and %d classes", row, n, classes)
	}
	return nil
}

func finite(values ...float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}

// share says whether all values are parts of 1, but for the rounding of sums.
func share(values ...float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return !(v >= 0 && v <= 1+1e-9) })
}

// MayBecome reports the first field in which a run of c cannot become one of next.
func (c Config) MayBecome(next Config) error {
	if err := next.Validate(); err != nil {
		return err
	}
	for _, f := range Fields() {
		if !f.Live && f.Value(c) != f.Value(next) {
			return fault(f.Name, "cannot change during a run; start a new one")
		}
	}
	return nil
}

// Differs is the first field in which two configurations differ, if there is one.
func (c Config) Differs(other Config) (f Field, differ bool) {
	i := slices.IndexFunc(Fields(), func(f Field) bool { return f.Value(c) != f.Value(other) })
	if i < 0 {
		return Field{}, false
	}
	return Fields()[i], true
}

// Equal says whether two configurations have the same values.
func (c Config) Equal(other Config) bool {
	_, differ := c.Differs(other)
	return !differ
}

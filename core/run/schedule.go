package run

import (
	"fmt"

	"hlrslab/core/bbn"
	"hlrslab/core/sched"
)

// Schedules are what moves over the epochs.
type Schedules struct {
	Weights sched.Weights
	Arch    sched.Arch
	Mix     sched.Mix
}

// NetworkEpochs are the epochs in which the whole network is trained: all but those that train the classifier alone.
func (c Config) NetworkEpochs() int {
	if c.Task == Train && c.Retrain != NoRetraining {
		return c.Epochs - c.RetrainEpochs
	}
	return c.Epochs
}

// Frozen says whether the architecture rests in an epoch, so that the weights train on all images.
func (c Config) Frozen(epoch int) bool {
	return c.Task == Search && c.FreezeAt > 0 && epoch >= c.FreezeAt
}

// Moving is the epoch whose architecture an epoch has: the last one before a freeze, or the epoch itself.
func (c Config) Moving(epoch int) int {
	if c.Frozen(epoch) {
		return c.FreezeAt - 1
	}
	return epoch
}

// Drops says whether operations are dropped after an epoch.
func (c Config) Drops(epoch int) bool {
	return c.DropBelow > 0 && c.Frozen(epoch+1) && !c.Frozen(epoch)
}

// Schedules makes the schedules of the configuration.
func (c Config) Schedules() (Schedules, error) {
	s := Schedules{
		Weights: sched.Weights{
			Family: c.RateSchedule, Param: c.RateParam, Milestones: c.RateMilestones, Peak: c.Rate, Floor: c.RateMin, Warmup: c.RateWarmup, Epochs: c.NetworkEpochs(),
		},
		Arch: sched.Arch{
			Family: c.ArchSchedule, Param: c.ArchParam, Milestones: c.ArchMilestones, Floor: c.ArchFloor,
			Freeze: c.FreezeAt, Warmup: c.ArchWarmup, Ramp: c.ArchRamp, PerStep: c.ArchPerStep, EqualArea: c.ArchEqual == "area", Epochs: c.Epochs,
		},
		Mix: sched.Mix{Family: c.Mix, Param: c.MixParam, Epochs: c.Epochs},
	}
	if c.Branches == bbn.Alone {
		s.Mix = sched.Mix{Family: "stages", Param: 1, Epochs: c.Epochs} // the conventional branch to the end
	}
	var err error
	if c.ArchPoints != "" {
		if s.Arch.Points, err = sched.ParsePoints(c.ArchPoints); err != nil {
			return s, FieldError{Field: "arch-points", Err: err}
		}
	}
	if c.MixPoints != "" {
		if s.Mix.Points, err = sched.ParsePoints(c.MixPoints); err != nil {
			return s, FieldError{Field: "mix-points", Err: err}
		}
	}
	return s, nil
}

// Ties are what the architecture's rate may follow.
func (s Schedules) Ties() sched.Ties { return sched.Ties{Mix: s.Mix, Weights: s.Weights} }

// Validate returns nil if the schedules can be run; otherwise a FieldError names the field at fault.
func (s Schedules) Validate() error {
	if err := s.Weights.Validate(); err != nil {
		return err
	}
	if err := s.Arch.Validate(); err != nil {
		return err
	}
	return s.Mix.Validate()
}

// FieldError is what is wrong with one field of a configuration; errors.As finds it, with the field's name, in what Validate,
// Set, Decode, Counts, Schedules, Change and New return.
type FieldError = sched.FieldError

func fault(field, format string, args ...any) error {
	return FieldError{Field: field, Err: fmt.Errorf(format, args...)}
}

// blame says at which field an error of the data is.
func blame(field string, err error) error {
	if err == nil {
		return nil
	}
	return FieldError{Field: field, Err: err}
}

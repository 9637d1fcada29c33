package run

import (
	"fmt"

	"hlrslab/core/sched"
)

// Schedules makes the schedules of the configuration.
func (c Config) Schedules() (sched.Arch, sched.Mix, error) {
	arch := sched.Arch{
		Family: c.ArchSchedule, Param: c.ArchParam, Milestones: c.ArchMilestones, Floor: c.ArchFloor,
		Warmup: c.ArchWarmup, Ramp: c.ArchRamp, PerStep: c.ArchPerStep, EqualArea: c.ArchEqual == "area", Epochs: c.Epochs,
	}
	mix := sched.Mix{Family: c.Mix, Param: c.MixParam, Epochs: c.Epochs}
	var err error
	if c.ArchPoints != "" {
		if arch.Points, err = sched.ParsePoints(c.ArchPoints); err != nil {
			return arch, mix, FieldError{Field: "arch-points", Err: err}
		}
	}
	if c.MixPoints != "" {
		if mix.Points, err = sched.ParsePoints(c.MixPoints); err != nil {
			return arch, mix, FieldError{Field: "mix-points", Err: err}
		}
	}
	return arch, mix, nil
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

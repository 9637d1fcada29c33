package search

import "hlrslab/core/sched"

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
			return arch, mix, fieldError{"arch-points", err}
		}
	}
	if c.MixPoints != "" {
		if mix.Points, err = sched.ParsePoints(c.MixPoints); err != nil {
			return arch, mix, fieldError{"mix-points", err}
		}
	}
	return arch, mix, nil
}

type fieldError struct {
	field string
	err   error
}

func (e fieldError) Error() string { return e.field + ": " + e.err.Error() }
func (e fieldError) Unwrap() error { return e.err }

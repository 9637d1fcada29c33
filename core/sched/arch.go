package sched

import "math"

// Arch is a schedule of the architecture rate: a family and what goes before and around it. What a
// family does not use, it ignores.
type Arch struct {
	Family     string
	Param      float64   // the family's parameter; 0 takes its default
	Milestones []float64 // epochs at which step falls
	Points     []Point   // of drawn
	Floor      float64   // lowest share of the peak once the warm-up is over
	Warmup     float64   // epochs before the family begins, which then has the rest of the run
	Ramp       bool      // rise along a line during the warm-up instead of waiting at 0
	PerStep    bool      // move at every step, not every epoch
	EqualArea  bool      // divide by the integral, so that every schedule spends the same in all
	Freeze     int       // epochs after which the rate is 0, whatever the family says; 0 is never
	Epochs     int       // T
}

// Context is the state of the other schedules at one step.
type Context struct {
	Mix         float64 // the mixing factor a, 0..1
	WeightRatio float64 // the weight rate over its value at epoch 0, 0..1
	// Area is what Integral gives for the run, of use with EqualArea. At 0, Factor integrates by
	// itself, which a tied family cannot do.
	Area float64
}

// Validate returns nil if the schedule can be run; otherwise a FieldError names the flag at fault.
func (a Arch) Validate() error {
	if err := checkEpochs(a.Epochs); err != nil {
		return err
	}
	f, err := check(Families, "arch-schedule", "arch", a.Family, a.Param, a.Points)
	if err != nil {
		return err
	}
	t := float64(a.Epochs)
	switch {
	case a.Family == "freeze-after" && a.Param > t:
		return fault("arch-param", "freezing after %v epochs never comes in %d; give %d or fewer", a.Param, a.Epochs, a.Epochs)
	case !(a.Floor >= 0 && a.Floor <= 1):
		return fault("arch-floor", "%v is not a share of the peak; give 0 to 1", a.Floor)
	case !(a.Warmup >= 0 && a.Warmup < t):
		return fault("arch-warmup", "%v epochs leave nothing of %d to the schedule; give 0 or more, and fewer than %d", a.Warmup, a.Epochs, a.Epochs)
	}
	if a.Family == "step" {
		if err := checkMilestones("arch", a.Milestones, a.Epochs); err != nil {
			return err
		}
	}
	if a.EqualArea && f.tie == nil && a.Integral(Ties{}) == 0 {
		return fault("arch-equal", "the rate is 0 throughout, so no peak gives it an area; compare at equal peak, or change arch-%s",
			map[bool]string{true: "points", false: "warmup"}[a.Family == drawn])
	}
	return nil
}

func checkMilestones(prefix string, milestones []float64, epochs int) error {
	last := 0.
	for _, m := range milestones {
		if !(m > last && m < float64(epochs)) {
			return fault(prefix+"-milestones", "%v is out of place; give epochs that rise, above 0 and below %d", m, epochs)
		}
		last = m
	}
	return nil
}

// Factor is what the peak rate is multiplied by at a step of an epoch (both from 0), of steps steps.
// It lies in 0..1, or with EqualArea averages 1 over u.
func (a Arch) Factor(epoch, step, steps int, ctx Context) float64 {
	f := mustFind(Families, a.Family)
	t := float64(epoch)
	if a.PerStep && steps > 0 {
		t += float64(step) / float64(steps)
	}
	var tied float64
	if f.tie != nil {
		tied = f.tie(ctx)
	}
	m := a.modify(a.shape(f), t, tied)
	if !a.EqualArea || m == 0 {
		return m
	}
	if ctx.Area == 0 {
		if f.tie != nil {
			panic("sched: equal area of " + f.ID + " needs Context.Area")
		}
		ctx.Area = a.Integral(Ties{})
	}
	return m / ctx.Area
}

// shape is a family at a time in epochs, given the value of what it is tied to.
type shape func(t, tied float64) float64

func (a Arch) shape(f Family) shape {
	p := f.Param.or(a.Param)
	switch {
	case f.tie != nil:
		return func(_, tied float64) float64 { return tied }
	case f.falls != nil:
		epochs, gamma := f.falls(a, p)
		return func(t, _ float64) float64 {
			passed := 0
			for passed < len(epochs) && epochs[passed] <= t {
				passed++
			}
			return math.Pow(gamma, float64(passed))
		}
	}
	line, rest := f.line(p, a.Points), float64(a.Epochs)-a.Warmup
	return func(t, _ float64) float64 { return line((t - a.Warmup) / rest) }
}

// modify puts the floor under a shape, the warm-up before it and the freeze behind it. The floor is
// the family's: a warm-up at 0 stays there, as a frozen architecture should.
func (a Arch) modify(s shape, t, tied float64) float64 {
	switch {
	case a.Freeze > 0 && t >= float64(a.Freeze):
		return 0
	case t >= a.Warmup:
		return a.raise(s(t, tied))
	case a.Ramp:
		return t / a.Warmup * a.raise(s(a.Warmup, tied))
	}
	return 0
}

func (a Arch) raise(m float64) float64 { return a.Floor + (1-a.Floor)*m }

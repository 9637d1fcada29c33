package sched

// Weights is a schedule of the weights' rate: a family from a peak down to a floor, after a warm-up. DARTS has a cosine
// (arXiv 1806.09055), LDAM steps after five epochs of warm-up (arXiv 1906.07413).
type Weights struct {
	Family      string
	Param       float64   // the family's parameter; 0 takes its default
	Milestones  []float64 // epochs at which step falls
	Peak, Floor float64
	Warmup      int // epochs in which the rate rises along a line: after e of them it is at (e+1)/Warmup of the peak
	Epochs      int // T
}

// Rates are the families of the weights' rate.
var Rates = func() (list []Family) {
	for _, id := range []string{"cosine", "const", "linear", "step", "polynomial", "exponential"} {
		list = append(list, mustFind(Families, id))
	}
	return list
}()

// Validate returns nil if the schedule can be run; otherwise a FieldError names the flag at fault.
func (w Weights) Validate() error {
	if err := checkEpochs(w.Epochs); err != nil {
		return err
	}
	if _, err := check(Rates, "rate-schedule", "rate", w.Family, w.Param, nil); err != nil {
		return err
	}
	switch {
	case w.Floor > w.Peak:
		return fault("rate-min", "%v is above rate, %v", w.Floor, w.Peak)
	case w.Warmup < 0 || w.Warmup >= w.Epochs:
		return fault("rate-warmup", "%d epochs leave nothing of %d to the schedule; give 0 or more, and fewer than %d", w.Warmup, w.Epochs, w.Epochs)
	}
	if w.Family == "step" {
		return checkMilestones("rate", w.Milestones, w.Epochs)
	}
	return nil
}

// At is the rate at an epoch (from 0).
func (w Weights) At(epoch int) float64 {
	if epoch < w.Warmup {
		return w.Peak * float64(epoch+1) / float64(w.Warmup)
	}
	return w.Floor + (w.Peak-w.Floor)*w.factor(float64(epoch)/float64(w.Epochs))
}

// Ratio is the rate over its peak, at the share u of all epochs.
func (w Weights) Ratio(u float64) float64 {
	if w.Peak == 0 {
		return 1
	}
	if t := u * float64(w.Epochs); t < float64(w.Warmup) {
		return min((t+1)/float64(w.Warmup), 1)
	}
	floor := w.Floor / w.Peak
	return floor + (1-floor)*w.factor(u)
}

// factor is the family's value after the warm-up.
func (w Weights) factor(u float64) float64 {
	f := mustFind(Rates, w.Family)
	if f.falls != nil {
		return Arch{Family: w.Family, Param: w.Param, Milestones: w.Milestones, Epochs: w.Epochs}.shape(f)(u*float64(w.Epochs), 0)
	}
	from := float64(w.Warmup) / float64(w.Epochs)
	return f.line(f.Param.or(w.Param), nil)((u - from) / (1 - from))
}

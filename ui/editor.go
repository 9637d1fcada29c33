package ui

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"hlrslab/core/run"
	"hlrslab/core/sched"
)

// handles is how many control points a named family is drawn with.
const handles = 6

// archRates is the architecture's schedule as a run has it, in shares of its peak: at each epoch, and at the end.
func archRates(s run.Schedules) (rates []float64, end float64) {
	ties := s.Ties()
	last := ties.Context(s.Arch.Epochs)
	last.Area = s.Arch.Integral(ties)
	return s.Arch.Sample(ties), s.Arch.Factor(s.Arch.Epochs, 0, 0, last)
}

// archPoints draws the present family by control points, as shares of its peak, or a straight line where no curve can be shown.
func archPoints(c run.Config) string {
	s, err := c.Schedules()
	if err != nil || c.Validate() != nil {
		return "0:1,1:0"
	}
	s.Arch.EqualArea, s.Arch.Floor, s.Arch.Warmup = false, 0, 0 // which hold for what is drawn, too
	rates, end := archRates(s)
	return trace(append(rates, end))
}

// mixPoints draws the present mixing likewise.
func mixPoints(c run.Config) string {
	s, err := c.Schedules()
	if err != nil || c.Validate() != nil {
		return "0:1,1:0"
	}
	return trace(append(s.Mix.Sample(), s.Mix.At(c.Epochs, nil)))
}

// trace puts control points on a curve, which is given at each epoch and at the end.
func trace(y []float64) string {
	var points []sched.Point
	for i := range handles {
		u := float64(i) / (handles - 1)
		t := u * float64(len(y)-1)
		k := min(int(t), len(y)-2)
		v := y[k] + (t-float64(k))*(y[k+1]-y[k])
		points = append(points, sched.Point{U: u, V: math.Round(min(max(v, 0), 1)*100) / 100})
	}
	return sched.FormatPoints(points)
}

// points are the control points of a schedule, "arch" or "mix": those of a drawn one, or those that would draw a named family.
func (r *Run) points(which string) []sched.Point {
	family, text, drawn := r.Config.ArchSchedule, r.Config.ArchPoints, archPoints
	if which == "mix" {
		family, text, drawn = r.Config.Mix, r.Config.MixPoints, mixPoints
	}
	if family != "drawn" {
		text = drawn(r.Config)
	}
	points, _ := sched.ParsePoints(text)
	return points
}

// past is the share of a schedule that has been: what is before it stays as it was.
func (r *Run) past(which string) float64 {
	if !r.Fixed() {
		return -1
	}
	warmup := 0.
	if which == "arch" {
		warmup = r.Config.ArchWarmup
	}
	return (float64(len(r.Rates)) - warmup) / (float64(r.Config.Epochs) - warmup)
}

// point moves a control point: "arch:2:0.4:0.7" is the schedule, the point, and where it goes; "arch:2:add:" adds one after it,
// "arch:2:take:" takes it away, and "arch:new:0.4:0.7" adds one where it says.
func (l *Lab) point(what string) {
	parts := strings.Split(what, ":")
	if len(parts) != 4 {
		return
	}
	r := l.Run()
	points := slices.Clone(r.points(parts[0]))
	const apart = 0.02
	i, err := strconv.Atoi(parts[1])
	if parts[1] == "new" {
		u, e := strconv.ParseFloat(parts[2], 64)
		near := func(p sched.Point) bool { return math.Abs(p.U-u) < 2*apart }
		if i, err = slices.IndexFunc(points, func(p sched.Point) bool { return p.U > u }), e; i <= 0 || slices.ContainsFunc(points, near) {
			return
		}
		points = slices.Insert(points, i, sched.Point{U: u})
	}
	if err != nil || i < 0 || i >= len(points) || points[i].U < r.past(parts[0]) {
		return
	}
	set := func(points []sched.Point) {
		c := r.Config
		if parts[0] == "mix" {
			c.Mix, c.MixParam, c.MixPoints = "drawn", 0, sched.FormatPoints(points)
		} else {
			c.ArchSchedule, c.ArchParam, c.ArchPoints = "drawn", 0, sched.FormatPoints(points)
		}
		l.change(c, parts[0]+"-points")
	}
	switch parts[2] {
	case "add": // halfway to the next
		if i+1 < len(points) && points[i+1].U-points[i].U > 2*apart {
			set(slices.Insert(points, i+1, sched.Point{U: (points[i].U + points[i+1].U) / 2, V: (points[i].V + points[i+1].V) / 2}))
		}
		return
	case "take":
		if len(points) > 2 {
			set(slices.Delete(points, i, i+1))
		}
		return
	}
	u, errU := strconv.ParseFloat(parts[2], 64)
	v, errV := strconv.ParseFloat(parts[3], 64)
	if errU != nil || errV != nil {
		return
	}
	from, to := max(r.past(parts[0]), 0), 1.0
	if i > 0 {
		from = max(from, points[i-1].U+apart)
	}
	if i+1 < len(points) {
		to = points[i+1].U - apart
	}
	round := func(x float64) float64 { return float64(int(x*1000+0.5)) / 1000 }
	points[i] = sched.Point{U: round(min(max(u, from), to)), V: round(min(max(v, 0), 1))}
	if l.moving.which != parts[0] {
		l.moving.which, l.moving.from = parts[0], r.Config
	}
	set(points)
}

// hand is what moves a drawn schedule on a chart that goes to top: a warm-up goes before it, a floor is under it, and at equal area
// it is stretched, so its shares lie elsewhere than those of the chart.
func (r *Run) hand(which string, top, wide float64) *hand {
	h := &hand{wide: wide, to: Share{1, top}}
	if c := r.Config; which == "arch" {
		s, _ := c.Schedules()
		arch, peak, epochs := s.Arch, max(c.ArchRate, 1e-12), float64(c.Epochs)
		if arch.EqualArea {
			peak /= max(arch.Integral(s.Ties()), 1e-12)
		}
		rest, free := epochs-arch.Warmup, max(1-arch.Floor, 1e-6)
		h.from = Share{-arch.Warmup / rest, -arch.Floor / free}
		h.to = Share{1, (top/peak - arch.Floor) / free}
	}
	h.knobs = func(at func(Share) (x, y float64)) string { return r.knobs(which, at) }
	return h
}

// knobs are the control points on a chart, as sliders for hand and keyboard.
func (r *Run) knobs(which string, at func(Share) (x, y float64)) string {
	var b strings.Builder
	grip := 12.         // of what is taken hold of, which is wider than what is seen: 24 pixels
	if which == "mix" { // whose panel is small
		grip = 15
	}
	warmup := 0.
	if which == "arch" {
		warmup = r.Config.ArchWarmup
	}
	for i, q := range r.points(which) {
		x, y := at(Share(q))
		if q.U < r.past(which) {
			fmt.Fprintf(&b, `<circle class="knob past" cx="%.1f" cy="%.1f" r="4"/>`, x, y)
			continue
		}
		fmt.Fprintf(&b, `<circle class="pip" cx="%.1f" cy="%.1f" r="7"/><circle class="knob" cx="%.1f" cy="%.1f" r="%g" tabindex="0" role="slider" aria-orientation="vertical" data-point="%s:%d" data-u="%v" data-v="%v" aria-label="%s" aria-valuemin="0" aria-valuemax="1" aria-valuenow="%.2f" aria-valuetext="%s"/>`,
			x, y, x, y, grip, which, i, q.U, q.V, escape(fmt.Sprintf(Text.Point, i+1)), q.V, escape(fmt.Sprintf(Text.PointAt, q.V, 1+warmup+q.U*(float64(r.Config.Epochs)-warmup))))
	}
	return b.String()
}

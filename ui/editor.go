package ui

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"hlrslab/core/sched"
	"hlrslab/core/search"
)

// handles is how many control points a named family is drawn with.
const handles = 6

// archPoints draws the present family by control points, as shares of its peak.
func archPoints(c search.Config) string {
	arch, mix, err := c.Schedules()
	if err != nil {
		return "0:1,1:0"
	}
	arch.EqualArea = false
	return trace(arch.Sample(sched.Ties{Mix: mix, Rate: c.Rate, RateMin: c.RateMin}))
}

// mixPoints draws the present mixing likewise.
func mixPoints(c search.Config) string {
	_, mix, err := c.Schedules()
	if err != nil {
		return "0:1,1:0"
	}
	return trace(mix.Sample())
}

func trace(y []float64) string {
	var points []sched.Point
	for i := range handles {
		u := float64(i) / (handles - 1)
		t := u * float64(len(y)) // in epochs: where the run ends there is no value, but where the last ones lead
		k := min(int(t), len(y)-1)
		v := y[k]
		if k+1 < len(y) {
			v += (t - float64(k)) * (y[k+1] - v)
		} else if k > 0 {
			v += (t - float64(k)) * (v - y[k-1])
		}
		points = append(points, sched.Point{U: u, V: math.Round(min(max(v, 0), 1)*100) / 100})
	}
	return sched.FormatPoints(points)
}

// drawn is the control points of a schedule, "arch" or "mix", if it is drawn.
func (r *Run) drawn(which string) []sched.Point {
	family, text := r.Config.ArchSchedule, r.Config.ArchPoints
	if which == "mix" {
		family, text = r.Config.Mix, r.Config.MixPoints
	}
	if family != "drawn" {
		return nil
	}
	points, _ := sched.ParsePoints(text)
	return points
}

// past is the share of the run whose schedule has been: what is before it stays as it was.
func (r *Run) past() float64 {
	if !r.Fixed() {
		return -1
	}
	return float64(len(r.Rates)) / float64(r.Config.Epochs)
}

// point moves a control point: "arch:2:0.4:0.7" is the schedule, the point, and where it goes; "arch:2:add:" adds one after it,
// and "arch:2:take:" takes it away.
func (l *Lab) point(what string) {
	parts := strings.Split(what, ":")
	if len(parts) != 4 {
		return
	}
	r := l.Run()
	points := slices.Clone(r.drawn(parts[0]))
	i, err := strconv.Atoi(parts[1])
	if err != nil || i < 0 || i >= len(points) || points[i].U < r.past() {
		return
	}
	const apart = 0.02
	set := func(points []sched.Point) {
		c := r.Config
		if parts[0] == "mix" {
			c.MixPoints = sched.FormatPoints(points)
		} else {
			c.ArchPoints = sched.FormatPoints(points)
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
	from, to := max(r.past(), 0), 1.0
	if i > 0 {
		from = max(from, points[i-1].U+apart)
	}
	if i+1 < len(points) {
		to = points[i+1].U - apart
	}
	round := func(x float64) float64 { return float64(int(x*1000+0.5)) / 1000 }
	points[i] = sched.Point{U: round(min(max(u, from), to)), V: round(min(max(v, 0), 1))}
	set(points)
}

// knobs are the control points on a chart, as sliders for hand and keyboard.
func (r *Run) knobs(which string, p plane) string {
	var b strings.Builder
	for i, q := range r.drawn(which) {
		x, y := p.x(q.U*float64(r.Config.Epochs)), p.y(q.V)
		if q.U < r.past() {
			fmt.Fprintf(&b, `<circle class="knob past" cx="%.1f" cy="%.1f" r="4"/>`, x, y)
			continue
		}
		fmt.Fprintf(&b, `<circle class="knob" cx="%.1f" cy="%.1f" r="7" tabindex="0" role="slider" aria-orientation="vertical" data-point="%s:%d" data-u="%v" data-v="%v" aria-label="%s" aria-valuemin="0" aria-valuemax="1" aria-valuenow="%.2f" aria-valuetext="%s"/>`,
			x, y, which, i, q.U, q.V, escape(fmt.Sprintf(Text.Point, i+1)), q.V, escape(fmt.Sprintf(Text.PointAt, q.V, 1+q.U*float64(r.Config.Epochs))))
	}
	return b.String()
}

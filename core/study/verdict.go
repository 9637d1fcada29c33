package study

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Confidence is that of intervals, and of all comparisons' widened ones together.
const Confidence = 0.95

// Comparison is of all other methods with the baseline, on one task, or on several together.
type Comparison struct {
	Title string
	Tasks []int
	N     int     // how many intervals there are of its kind
	Wide  float64 // confidence of one of them that is widened, so that all hold at once (Bonferroni)
}

// Comparisons are those of all tasks together, where there are several, and of each. Of a sample there are none, as its runs share no seeds.
func (r *Results) Comparisons() (all []Comparison) {
	if r.Baseline < 0 {
		return nil
	}
	others := max(1, len(r.Methods)-1)
	add := func(title string, tasks []int, n int) {
		all = append(all, Comparison{title, tasks, n, 1 - (1-Confidence)/float64(n)})
	}
	if len(r.Tasks) > 1 {
		var tasks []int
		for t := range r.Tasks {
			tasks = append(tasks, t)
		}
		add("all tasks", tasks, others)
	}
	for t, name := range r.Tasks {
		add(name, []int{t}, others*len(r.Tasks))
	}
	return all
}

// Several says what many comparisons do to intervals.
func (c Comparison) Several() string {
	if c.N == 1 {
		return "There is one comparison, and one interval."
	}
	return fmt.Sprintf("There are %d comparisons with the baseline; where nothing differs, one 95 %% interval in 20 misses 0 by chance. So each is given a second time, widened to %.4g %% (Bonferroni): those hold all at once with a probability of 95 %%.", c.N, 100*c.Wide)
}

// Verdict says in a sentence, which begins with a small letter, how a method differs from the baseline.
func (r *Results) Verdict(method int, c Comparison) string {
	return verdict(r.Methods[r.Baseline], r.Over(method, c.Tasks...), r.Measure, c)
}

func verdict(baseline string, d Difference, m Measure, c Comparison) string {
	n := len(d.Each)
	better, worse, gain, sign := d.Above, d.Below, d.Mean, 1.0
	if m.Less {
		better, worse, gain, sign = d.Below, d.Above, -d.Mean, -1
	}
	word := "better"
	if gain < 0 {
		word = "worse"
	}
	by := m.Number(math.Abs(gain)) + " " + m.Points
	switch {
	case n == 0:
		where := ""
		if len(c.Tasks) > 1 {
			where = " on every task"
		}
		return fmt.Sprintf("no seed is done by both it and %s%s.", baseline, where)
	case n == 1:
		return fmt.Sprintf("%s than %s by %s on the one seed that both have done, which shows nothing.", word, baseline, by)
	case better == 0 && worse == 0:
		return fmt.Sprintf("the same as %s on all of %d seeds.", baseline, n)
	}
	// towards is an interval of how much better, or worse, it is.
	towards := func(i Interval, sign float64) string {
		low, high := sign*i.Low, sign*i.High
		return m.Number(min(low, high)) + " to " + m.Number(max(low, high))
	}
	interval, wide := d.Interval(Confidence), d.Interval(c.Wide)
	if interval.Holds(0) {
		return fmt.Sprintf("cannot be told apart from %s: %s by %s on average, 95 %% interval of the gain %s, better on %d of %d seeds.",
			baseline, word, by, towards(interval, sign), better, n)
	}
	on := better
	if gain < 0 {
		on, sign = worse, -sign
	}
	text := fmt.Sprintf("%s than %s by %s, 95 %% interval %s, on %d of %d seeds.", word, baseline, by, towards(interval, sign), on, n)
	if c.N > 1 && wide.Holds(0) {
		text += fmt.Sprintf(" Widened for %d comparisons, the interval is %s and holds 0: of so many comparisons, this may be the one that chance brings.", c.N, towards(wide, sign))
	}
	return text
}

// Number is a value of the measure, or a difference of such, with as many digits as are given.
func (m Measure) Number(v float64) string {
	if m.Unit == "%" {
		return Decimal(v, 2)
	}
	return Decimal(v, 3)
}

// Decimal has a true minus sign, and a dash for what is no number.
func Decimal(v float64, digits int) string {
	if math.IsNaN(v) {
		return "–"
	}
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Trim(text, "-0.") == "" { // no minus zero
		text = strings.TrimPrefix(text, "-")
	}
	return strings.Replace(text, "-", "−", 1)
}

package report

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"hlrslab/core/study"
)

// progress says what there is, and what is missing.
func (r *Report) progress() string {
	counts := map[string]int{}
	var states []string
	for _, result := range r.All {
		if counts[result.State]++; counts[result.State] == 1 && result.State != "done" {
			states = append(states, result.State)
		}
	}
	if states == nil {
		return fmt.Sprintf("All %s are done.", count(len(r.All), "job"))
	}
	slices.Sort(states)
	var parts []string
	for _, s := range states {
		parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
	}
	return fmt.Sprintf("This report is not complete: %d of %s are done (%s). What follows is of what is done; more seeds may say otherwise.",
		counts["done"], count(len(r.All), "job"), strings.Join(parts, ", "))
}

// failures say which jobs failed, and why.
func (r *Report) failures() (all []string) {
	for _, result := range r.All {
		if result.State == "failed" {
			all = append(all, fmt.Sprintf("Job %d (%s, seed %d) failed: %s", result.Index, result.Variant, result.Seed, result.Why))
		}
	}
	return all
}

// words are the question, the verdicts, and what they are worth.
func (r *Report) words() (all []block) {
	text := func(parts ...string) {
		all = append(all, block{Text: strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")})
	}
	m := r.Measure
	less := ""
	if m.Less {
		less = " Less is better."
	}
	on := "One task: " + r.Tasks[0] + "."
	if len(r.Tasks) > 1 {
		on = fmt.Sprintf("%d tasks: %s.", len(r.Tasks), strings.Join(r.Tasks, "; "))
	}
	question := ""
	if r.Plan.Study.Question != "" {
		question = "The question: " + r.Plan.Study.Question
	}
	text(question, fmt.Sprintf("Measured is this: %s, in %s, after the last epoch.%s %s of %s. %s", lower(m.Title), m.Unit, less,
		count(len(r.Methods), "variant"), count(len(r.Seeds), "seed"), on))

	first := r.comparisons()[0]
	var verdicts []string
	var pairs []int
	var sds []float64
	for i, name := range r.Methods {
		if i == r.Baseline {
			continue
		}
		d := r.Over(i, first.tasks...)
		verdicts = append(verdicts, sentence(name, r.Methods[r.Baseline], d, m, first))
		pairs = append(pairs, len(d.Each))
		if d.SD > 0 {
			sds = append(sds, d.SD)
		}
	}
	if verdicts == nil {
		values, _ := r.Done(0, 0)
		text(fmt.Sprintf("There is one variant, and nothing to compare it with: %s %s.", r.spread(values), m.Unit))
		text(limits)
		return all
	}
	all = append(all, block{List: verdicts})
	text(seeds(slices.Min(pairs), slices.Max(pairs)), widths(slices.Max(pairs), sds, m))
	text(several(first), together(len(r.Tasks)))
	text(limits)
	return all
}

// sentence is the verdict on a method, by its differences from the baseline.
func sentence(name, baseline string, d study.Difference, m study.Measure, c comparison) string {
	n := len(d.Each)
	number := func(v float64) string { return digits(v, m) }
	better, worse, gain, sign := d.Above, d.Below, d.Mean, 1.0
	if m.Less {
		better, worse, gain, sign = d.Below, d.Above, -d.Mean, -1
	}
	switch {
	case n == 0:
		where := ""
		if len(c.tasks) > 1 {
			where = " on every task"
		}
		return fmt.Sprintf("%s: no seed is done by both it and %s%s.", name, baseline, where)
	case n == 1:
		return fmt.Sprintf("%s: %s than %s by %s %s on the one seed that both have done, which shows nothing.", name, word(gain), baseline, number(math.Abs(gain)), m.Points)
	case better == 0 && worse == 0:
		return fmt.Sprintf("%s: the same as %s on all of %s.", name, baseline, count(n, "seed"))
	}
	// towards is an interval of how much better, or worse, it is.
	towards := func(i study.Interval, sign float64) string {
		low, high := sign*i.Low, sign*i.High
		return number(min(low, high)) + " to " + number(max(low, high))
	}
	interval, wide := d.Interval(Confidence), d.Interval(c.confidence)
	if interval.Holds(0) {
		return fmt.Sprintf("%s: cannot be told apart from %s: %s by %s %s on average, 95 %% interval of the gain %s, better on %d of %d seeds.",
			name, baseline, word(gain), number(math.Abs(gain)), m.Points, towards(interval, sign), better, n)
	}
	on := better
	if gain < 0 {
		on, sign = worse, -sign
	}
	text := fmt.Sprintf("%s: %s than %s by %s %s, 95 %% interval %s, on %d of %d seeds.", name, word(gain), baseline, number(math.Abs(gain)), m.Points, towards(interval, sign), on, n)
	if c.n > 1 && wide.Holds(0) {
		text += fmt.Sprintf(" Widened for %s, the interval is %s and holds 0: of so many comparisons, this may be the one that chance brings.", count(c.n, "comparison"), towards(wide, sign))
	}
	return text
}

func word(gain float64) string {
	if gain < 0 {
		return "worse"
	}
	return "better"
}

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// seeds say what so many pairs can show, by signs alone.
func seeds(least, most int) string {
	text := fmt.Sprintf("What %s can show:", count(most, "seed"))
	if least != most {
		text = fmt.Sprintf("What %d to %d seeds can show:", least, most)
	}
	p := func(v float64) string { return strings.TrimPrefix(fmt.Sprintf("%.3g", v), "0") }
	switch {
	case most < 2:
		return text + " nothing, as one value does not tell how far chance moves it."
	case most < 5:
		all := new(big.Int).Binomial(int64(2*most), int64(most))
		return text + fmt.Sprintf(" an exact test of the pairs’ signs comes to p = %s at the least, if a direction was expected beforehand, and to twice that if not; so %d seeds never reach .05, whatever they bring, and 5 are the fewest that can. That all %d runs of one variant lie above all of another happens by chance once in %s. The intervals go further only by taking differences for normal.",
			p(study.LeastP(most)), most, most, all)
	case most == 5:
		return text + fmt.Sprintf(" an exact test of the pairs’ signs comes to p = %s at the least, if a direction was expected beforehand, and to %s if not, which does not reach .05; 6 seeds can.", p(study.LeastP(5)), p(2*study.LeastP(5)))
	}
	return text + fmt.Sprintf(" an exact test of the pairs’ signs comes to p = %s at the least if all of them agree, and to twice that if no direction was expected; it needs no normal differences.", p(study.LeastP(most)))
}

// widths say how small a difference so many seeds tell.
func widths(n int, sds []float64, m study.Measure) string {
	if n < 2 || sds == nil {
		return ""
	}
	slices.Sort(sds)
	sd := stat.Quantile(0.5, stat.Empirical, sds, nil)
	half := study.HalfWidth(n, sd, Confidence)
	const most = 10000
	return fmt.Sprintf("From seed to seed, differences vary by an sd of %s %s (the median of the variants), with which %s have an interval of ± %s; half of that takes about %d.",
		digits(sd, m), m.Points, count(n, "seed"), digits(half, m), study.Needed(sd, half/2, Confidence, most))
}

// several says what many comparisons do to intervals.
func several(c comparison) string {
	if c.n == 1 {
		return "There is one comparison, and one interval."
	}
	return fmt.Sprintf("There are %d comparisons with the baseline; where nothing differs, one 95 %% interval in 20 misses 0 by chance. So each is given a second time, widened to %.4g %% (Bonferroni): those hold all at once with a probability of 95 %%.", c.n, 100*c.confidence)
}

// together says how tasks are taken together.
func together(tasks int) string {
	if tasks == 1 {
		return "With one task there is nothing to aggregate, and a bootstrap of few seeds says little: intervals are Student’s, of the differences on the same seeds."
	}
	return "Verdicts are by Student’s interval of the seeds’ means over the tasks; the tasks themselves are taken as given."
}

// aggregation says how the numbers over several tasks are made.
func (r *Report) aggregation() string {
	return fmt.Sprintf("IQM is the mean of the middle half of all runs’ values, which are not normalised; “better than” is the probability that a run is better than one of the baseline on the same task, ties being half. Intervals are percentiles of %d stratified bootstrap resamples (seeds are drawn within each task, from the seed %d). Of fewer than some ten seeds they are too narrow.",
		study.Resamples, BootstrapSeed)
}

const limits = "Limits: what was repeated are seeds, each of which stands for all that is drawn at random, not images: a task’s test images are the same in all runs. So intervals are of what other seeds would bring with these settings on these images; they say nothing of other data, budgets or settings. Values are those after the last epoch: no run, seed or epoch was chosen by its result."

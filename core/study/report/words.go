package report

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

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
	return fmt.Sprintf("This report is not complete: %d of %s are done (%s). What follows is of what is done; more %ss may say otherwise.",
		counts["done"], count(len(r.All), "job"), strings.Join(parts, ", "), r.one())
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
	if asks := strings.TrimSpace(r.Plan.Study.Question); asks != "" {
		question = "The question: " + asks
		if !strings.ContainsRune(".?!…", []rune(asks)[len([]rune(asks))-1]) {
			question += "."
		}
	}
	of := fmt.Sprintf("%s of %s.", count(len(r.Methods), "variant"), count(len(r.Seeds), "seed"))
	if r.sampled() {
		of = fmt.Sprintf("%s, %s in all.", count(len(r.Methods), "variant"), count(len(r.All), "run"))
	}
	text(question, fmt.Sprintf("Measured is this: %s, in %s, after the last epoch.%s", lower(m.Title), m.Unit, less), r.guessing(), of, on)

	done := 0
	for _, result := range r.All {
		if _, ok := m.Of(result); ok {
			done++
		}
	}
	if on, several := study.Devices(r.All); several {
		text("Not all of this was computed on one device: " + on + ". A GPU’s numbers are near the processor’s, but not its bits, and where two operations are close, another one may be chosen; so differences between runs may be differences between devices, too.")
	}
	if done == 0 {
		text("No job has come to a value of this yet.")
		return all
	}
	if r.sampled() {
		text("This is a sample: each run has settings and a seed of its own. So runs of different variants cannot be paired, and no difference between variants is given here, for it would be of seeds and of all that was sampled at once. hlrs study atlas makes a map of it, which says what other settings come to, and how far off that is.")
		text(limits(true))
		return all
	}
	first := r.Comparisons()[0]
	var verdicts []string
	var pairs []int
	var sds []float64
	for i, name := range r.Methods {
		if i == r.Baseline {
			continue
		}
		d := r.Over(i, first.Tasks...)
		verdicts = append(verdicts, name+": "+r.Verdict(i, first))
		pairs = append(pairs, len(d.Each))
		if d.SD > 0 {
			sds = append(sds, d.SD)
		}
	}
	if verdicts == nil {
		values, _ := r.Done(0, 0)
		text(fmt.Sprintf("There is one variant, and nothing to compare it with: %s %s.", r.spread(values), m.Unit))
		text(limits(false))
		return all
	}
	all = append(all, block{List: verdicts})
	if most := slices.Max(pairs); most > 0 {
		text(seeds(slices.Min(pairs), most), widths(most, sds, m))
		if most > 1 {
			text(first.Several(), together(len(r.Tasks)))
		}
	}
	text(limits(false))
	return all
}

// guessing says what an accuracy is without any learning.
func (r *Report) guessing() string {
	if r.Measure.Unit != "%" || r.Measure.Less {
		return ""
	}
	var classes []int
	for _, result := range r.All {
		if record := r.Measure.Record(result); record != nil {
			if n := len(record.Facts.Classes); n > 0 && !slices.Contains(classes, n) {
				classes = append(classes, n)
			}
		}
	}
	slices.Sort(classes)
	var parts []string
	for _, n := range classes {
		parts = append(parts, fmt.Sprintf("%.3g %% with %d classes", 100/float64(n), n))
	}
	if parts == nil {
		return ""
	}
	return "Guessing comes to " + strings.Join(parts, ", ") + "."
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
	sd := median(sds)
	half := study.HalfWidth(n, sd, study.Confidence)
	const most = 10000
	return fmt.Sprintf("From seed to seed, differences vary by an sd of %s %s (the median of the variants), with which %s have an interval of ± %s; half of that takes about %d.",
		m.Number(sd), m.Points, count(n, "seed"), m.Number(half), study.Needed(sd, half/2, study.Confidence, most))
}

// median is the middle of some numbers, or the mean of the two in the middle. (None of gonum's quantiles is that.)
func median(values []float64) float64 {
	all := slices.Sorted(slices.Values(values))
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
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

// limits say what the intervals, or the spread of a sample, do not tell.
func limits(sampled bool) string {
	what := "what was repeated are seeds, each of which stands for all that is drawn at random, not images: a task’s test images are the same in all runs. So intervals are of what other seeds would bring with these settings on these images; they say nothing of other data, budgets or settings."
	if sampled {
		what = "the spread of a variant’s runs is that of seeds and of sampled settings together, within the ranges that were sampled. A task’s test images are the same in all runs; nothing here is of other data or budgets."
	}
	return "Limits: " + what + " Values are those after the last epoch: no run, seed or epoch was chosen by its result."
}

package ui

import (
	"fmt"
	"math"
	"strings"

	"hlrslab/core/darts"
	"hlrslab/core/run"
)

// outcome is a trial's run as it stands.
type outcome struct {
	name        string
	record      run.Record
	epochs      int // that have ended
	steps       int // taken in these
	rate        float64
	mix         float64 // of the last epoch
	spent       float64 // the architecture rates of all steps together
	*run.Report         // of the last epoch that has ended; nil before
}

func outcomeOf(name string, r run.Record) outcome {
	o := outcome{name: name, record: r}
	for _, e := range r.Events {
		if e.Kind == run.EpochDone && e.Report != nil {
			o.epochs, o.steps = e.Epoch+1, o.steps+e.Steps
			o.spent += e.ArchRate * float64(e.Steps)
			o.rate, o.mix, o.Report = e.ArchRate, e.Mix, e.Report
		}
	}
	return o
}

func (o outcome) ended() bool { return o.Report != nil && o.record.Done() }

// images is the number of test images of a number of classes.
func (o outcome) images(classes int) int {
	return o.record.Config.TestImages * classes / max(len(o.PerClass), 1)
}

// third is the number of classes that head and tail have each.
func (o outcome) third() int { return (len(o.PerClass) + 1) / 3 }

// never counts the classes of which no test image was recognised.
func (o outcome) never() (n int) {
	for _, v := range o.PerClass {
		if v == 0 {
			n++
		}
	}
	return n
}

// chance is the accuracy of guessing.
func (o outcome) chance() float64 { return 1 / float64(max(len(o.PerClass), 1)) }

// answer makes a lesson's answer: how far its trials are, then, once all have ended, what says makes of them in their order.
func answer(trials []Trial, says func(o []outcome) []string) func(map[string]run.Record) (string, bool) {
	return func(records map[string]run.Record) (string, bool) {
		var all []outcome
		var missing, numbers []string
		for _, t := range trials {
			o := outcomeOf(t.Name, records[t.Name])
			all = append(all, o)
			if o.Report != nil {
				numbers = append(numbers, fmt.Sprintf("%s %s %% (head %s, tail %s)", o.name, percent(o.Accuracy), percent(o.Head), percent(o.Tail)))
			}
			switch {
			case o.ended():
			case len(o.record.Events) > 0:
				missing = append(missing, fmt.Sprintf("%s (%d of %d epochs so far)", t.Name, o.epochs, o.record.Config.Epochs))
			default:
				missing = append(missing, t.Name)
			}
		}
		so := "Balanced accuracy: " + strings.Join(numbers, "; ") + "."
		switch {
		case len(numbers) == 0:
			return "Nothing to compare yet. To come: " + strings.Join(missing, "; ") + ".", false
		case len(missing) > 0:
			return so + " Still to come: " + strings.Join(missing, "; ") + ".", false
		}
		sentences := append([]string{so}, says(all)...)
		first := all[0].record.Config
		for _, o := range all[1:] {
			if c := o.record.Config; c.Seed != first.Seed || c.Dataset != first.Dataset {
				sentences = append(sentences, "These runs are not of one seed and one set of images, so no difference can be attributed to what the lesson changes.")
				break
			}
		}
		return strings.Join(append(sentences, "This is one seed of a small experiment, which says little: choose another seed and run all of them again."), " "), true
	}
}

func percent(v float64) string { return fmt.Sprintf("%.1f", 100*v) }

// noise is twice the standard error of the difference of two shares of n, in shares. One is added to hits and misses each, as
// shares of 0 and 1 are not certain either.
func noise(a, b float64, n int) float64 {
	m := float64(n)
	variance := func(p float64) float64 {
		p = (p*m + 1) / (m + 2)
		return p * (1 - p) / (m + 2)
	}
	return 2 * math.Sqrt(variance(a)+variance(b))
}

// apart is the sign of a − b where n test images can tell them apart, else 0.
func apart(a, b float64, n int) int {
	switch d := a - b; {
	case math.Abs(d) <= noise(a, b, n):
		return 0
	case d > 0:
		return 1
	}
	return -1
}

// points words the difference of two shares of n test images: that of subject against other.
func points(subject, other string, a, b float64, n int) string {
	d := math.Abs(a - b)
	if a == b {
		return fmt.Sprintf("%s and %s are equal at %s %%", subject, other, percent(a))
	}
	switch apart(a, b, n) {
	case 1:
		return fmt.Sprintf("%s is %s points above %s", subject, percent(d), other)
	case -1:
		return fmt.Sprintf("%s is %s points below %s", subject, percent(d), other)
	}
	return fmt.Sprintf("%s and %s are %s points apart, too little for %d test images to tell (%s would do)",
		subject, other, percent(d), n, percent(noise(a, b, n)))
}

// accuracy words the difference in balanced accuracy.
func accuracy(a, b outcome) string {
	return points(a.name, b.name, a.Accuracy, b.Accuracy, a.images(len(a.PerClass))) + "."
}

func tailSays(o []outcome) []string {
	balanced, short, long := o[0], o[1], o[2]
	told := func(o outcome) string { return fmt.Sprintf("%s %d", o.name, o.never()) }
	s := []string{fmt.Sprintf("Steps: %s %d, %s %d, %s %d.", balanced.name, balanced.steps, short.name, short.steps, long.name, long.steps)}
	n := balanced.images(len(balanced.PerClass))
	switch apart(balanced.Accuracy, short.Accuracy, n) {
	case 1:
		all, steps := balanced.Accuracy-short.Accuracy, long.Accuracy-short.Accuracy
		s = append(s, fmt.Sprintf("At equal epochs the long tail is %s points behind.", percent(all)))
		switch apart(long.Accuracy, short.Accuracy, n) {
		case 1:
			if steps < all {
				s = append(s, fmt.Sprintf("More steps on the same images make up %s of them; the other %s remain.", percent(steps), percent(all-steps)))
			} else {
				s = append(s, fmt.Sprintf("More steps on the same images make up %s, all of it.", percent(steps)))
			}
		case -1:
			s = append(s, fmt.Sprintf("More steps on the same images lose another %s.", percent(-steps)))
		default:
			s = append(s, fmt.Sprintf("More steps on the same images change that by %+.1f, within the noise of %d test images: no share of it can be laid to the steps here.", 100*steps, n))
		}
	case -1:
		s = append(s, "At equal epochs the long tail is ahead here, against what one would expect.")
	default:
		s = append(s, "At equal epochs the two can hardly be told apart here: these few steps may not teach either much.")
	}
	k := balanced.third()
	s = append(s, "At nearly equal steps: in the head, "+points(long.name, balanced.name, long.Head, balanced.Head, long.images(k))+
		"; in the tail, "+points(long.name, balanced.name, long.Tail, balanced.Tail, long.images(k))+".")
	return append(s, "Classes never recognised: "+told(balanced)+", "+told(short)+", "+told(long)+".")
}

func rebalanceSays(o []outcome) []string {
	base := o[0]
	var s []string
	best, k := base, base.third()
	for _, r := range o[1:] {
		tail := apart(r.Tail, base.Tail, r.images(k))
		head := apart(r.Head, base.Head, r.images(k))
		verdict := map[[2]int]string{
			{1, -1}:  "the tail gains and the head pays",
			{1, 0}:   "the tail gains, at no price the head shows",
			{1, 1}:   "both gain",
			{0, -1}:  "the head pays, and what the tail gains, if anything, is within the noise",
			{0, 0}:   "no change that the test images could tell",
			{0, 1}:   "the head gains, not the tail",
			{-1, 1}:  "the head gains and the tail pays",
			{-1, 0}:  "the tail loses",
			{-1, -1}: "both lose",
		}[[2]int{tail, head}]
		s = append(s, fmt.Sprintf("%s against %s: tail %+.1f points, middle %+.1f, head %+.1f; %s.", r.name, base.name, 100*(r.Tail-base.Tail), 100*(r.Medium-base.Medium), 100*(r.Head-base.Head), verdict))
		if r.Accuracy > best.Accuracy {
			best = r
		}
	}
	if best.name == base.name {
		s = append(s, "Over all classes no remedy is above "+base.name+" here.")
	} else {
		s = append(s, "Over all classes: "+accuracy(best, base))
	}
	// What drawing alike repeats: the last class has ⌊n/2⌋ images in the weights' half.
	alike := o[1]
	f := alike.record.Facts
	if c := len(f.Order); c > 0 && f.Counts[f.Order[c-1]] >= 2 {
		drawn := float64(f.Steps*alike.record.Config.Batch) / float64(c)
		each := func(rank int) float64 { return drawn / float64(f.Counts[f.Order[rank]]/2) }
		s = append(s, fmt.Sprintf("With %s, each of the last class's %d images for the weights is drawn about %.0f times an epoch, each of the first class's %.2f times.",
			alike.name, f.Counts[f.Order[c-1]]/2, each(c-1), each(0)))
	}
	return s
}

// cells words how far the architectures went.
func cells(o []outcome) string {
	var entropy, skips, cut []string
	for _, r := range o {
		all := r.Counts["skip"] + r.Counts["pool"] + r.Counts["conv"]
		entropy = append(entropy, fmt.Sprintf("%s %.3f", r.name, r.Entropy))
		skips = append(skips, fmt.Sprintf("%s %d of %d", r.name, r.Counts["skip"], all))
		cut = append(cut, fmt.Sprintf("%s %s", r.name, percent(r.Discrete)))
	}
	return fmt.Sprintf("Entropy of an edge's mixture in nats, %.3f for all operations alike: %s. Skip connections in the cells: %s. "+
		"Accuracy cut out of the search network, its weights as they are, in per cent (guessing gives %s): %s.",
		entropyOf(len(darts.Primitives)), strings.Join(entropy, ", "), strings.Join(skips, ", "), percent(o[0].chance()), strings.Join(cut, ", "))
}

// guesses says how many of the cells, cut out, tell no more than guessing.
func guesses(o []outcome) string {
	n := 0
	for _, r := range o {
		if apart(r.Discrete, r.chance(), r.images(len(r.PerClass))) <= 0 {
			n++
		}
	}
	switch n {
	case 0:
		return "All of them are above guessing when cut out."
	case len(o):
		return "Cut out, none can be told from guessing: nearly all that these networks know is in the mixture, and a cell would have to be trained anew."
	}
	return fmt.Sprintf("Cut out, %d of %d cannot be told from guessing: what these know is in the mixture.", n, len(o))
}

func dartsSays(o []outcome) []string {
	slow, quick, random, position := o[0], o[1], o[2], o[3]
	s := []string{cells(o), guesses(o)}
	if quick.Entropy < slow.Entropy {
		s = append(s, "The faster search decided more.")
	} else {
		s = append(s, "The faster search did not decide more here.")
	}
	skips := func(o outcome) int { return o.Counts["skip"] }
	half := (skips(quick) + quick.Counts["pool"] + quick.Counts["conv"]) / 2
	switch {
	case skips(quick) > half:
		s = append(s, "It collapsed: more than half of its cells' operations are skips.")
	case skips(quick) > skips(slow) && skips(quick) > skips(random):
		s = append(s, "It has the more skips, which is the way a collapse goes, but no collapse.")
	default:
		s = append(s, "It did not collapse into skips: that usually takes more epochs than these.")
	}
	n := slow.images(len(slow.PerClass))
	best := slow
	if quick.Accuracy > slow.Accuracy {
		best = quick
	}
	s = append(s, accuracy(best, random))
	switch apart(best.Accuracy, random.Accuracy, n) {
	case 1:
		s = append(s, "So the better search is ahead of no search here.")
	case -1:
		s = append(s, "So not searching did better than either search here.")
	default:
		s = append(s, "So searching has not shown to be worth more than not searching here.")
	}
	f, seen := position.record.Facts, 0
	total, sum := 0, 0
	for _, v := range f.Counts {
		total += v
	}
	for _, c := range f.Order {
		if sum < total/2 {
			seen++
		}
		sum += f.Counts[c]
	}
	if seen > 0 {
		s = append(s, fmt.Sprintf("Halved by position, the weights saw %d of %d classes; %d classes were never recognised, against %d with stratified halves.",
			seen, len(f.Order), position.never(), slow.never()))
	}
	return append(s, accuracy(position, slow))
}

func branchSays(o []outcome) []string {
	var a []string
	for _, r := range o {
		a = append(a, fmt.Sprintf("%s %.2f", r.name, r.mix))
	}
	s := []string{"The factor a in the last epoch: " + strings.Join(a, ", ") + "."}
	first, equal, rising := o[0], o[1], o[2]
	n, k := first.images(len(first.PerClass)), first.third()
	s = append(s, accuracy(first, equal), accuracy(first, rising))
	switch e, r := apart(first.Accuracy, equal.Accuracy, n), apart(first.Accuracy, rising.Accuracy, n); {
	case e > 0 && r > 0:
		s = append(s, "So here BBN's order did best.")
	case e < 0 && r < 0:
		s = append(s, "So here BBN's order did worst.")
	case e < 0:
		s = append(s, "So here two branches alike did better than BBN's order. Its late, re-balanced part is short in so few epochs.")
	case r > 0:
		s = append(s, "So here BBN's order did better than its reverse, not than two branches alike.")
	case r < 0:
		s = append(s, "So here BBN's order did worse than its reverse.")
	case e > 0:
		s = append(s, "So here BBN's order did better than two branches alike, not than its reverse.")
	default:
		s = append(s, "So here the order is not seen to matter.")
	}
	s = append(s, "In the tail, "+points(first.name, rising.name, first.Tail, rising.Tail, first.images(k))+
		"; in the head, "+points(first.name, rising.name, first.Head, rising.Head, first.images(k))+".")
	return append(s, cells(o))
}

func scheduleSays(o []outcome) []string {
	var spent []string
	for _, r := range o {
		spent = append(spent, fmt.Sprintf("%s %.2f and %.4f", r.name, r.spent, r.rate))
	}
	constant, still := o[0], o[3]
	n := constant.images(len(constant.PerClass))
	s := []string{"Rates of all steps together, and that of the last: " + strings.Join(spent, "; ") + ".", cells(o), accuracy(constant, still)}
	failed := apart(constant.Accuracy, still.Accuracy, n)
	switch failed {
	case -1:
		s = append(s, "So the constant rate did make the search fail.")
	case 1:
		s = append(s, "So the constant rate did not fail, it did better: there is nothing to save.")
	default:
		s = append(s, "So the constant rate did not fail by more than the noise: there is nothing to save for certain.")
	}
	for _, r := range o[1:3] {
		s = append(s, accuracy(r, constant))
		if failed >= 0 {
			continue
		}
		switch saved, whole := apart(r.Accuracy, constant.Accuracy, n), apart(r.Accuracy, still.Accuracy, n); {
		case saved > 0 && whole >= 0:
			s = append(s, "It saved the search: it is not behind no step by more than the noise.")
		case saved > 0:
			s = append(s, "It saved part of the search: no step at all is still ahead.")
		default:
			s = append(s, "By this it did not save the search, or not by more than the noise.")
		}
	}
	return append(s, "This is the search network, not the cell that it found: how good that is shows when it is trained.")
}

func retrainSays(o []outcome) []string {
	random, published, skips := o[0], o[1], o[2]
	return []string{
		accuracy(published, skips), accuracy(random, skips), accuracy(published, random),
		"A search has to find what is better than a random cell. Whether it does, no single pair of trainings can say: look at the points of the recorded searches.",
	}
}

// The elements of presentation MathML that the formulas need.

const mspace = `<mspace width="0.7em"/>`

func waysSay(o []outcome) []string {
	softmax := o[0]
	var s, run, gaps []string
	for _, r := range o {
		run = append(run, fmt.Sprintf("%s %.1f", r.name, support(r.Report)))
		gaps = append(gaps, fmt.Sprintf("%s %s", r.name, percent(r.Accuracy-r.Discrete)))
	}
	better := 0
	for _, r := range o[1:] {
		s = append(s, accuracy(r, softmax))
		better += max(apart(r.Accuracy, softmax.Accuracy, r.images(len(r.PerClass))), 0)
	}
	if better == 0 {
		s = append(s, "So no other way is ahead of DARTS by more than the noise here.")
	}
	return append(s, fmt.Sprintf("Operations with a weight, of the %d of an edge: %s. Points lost by cutting the cell out: %s.", len(darts.Primitives), strings.Join(run, ", "), strings.Join(gaps, ", ")),
		"This is one seed each, of a search of moments.")
}

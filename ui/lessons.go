package ui

import (
	"fmt"
	"math"
	"strings"

	"hlrslab/core/darts"
	"hlrslab/core/run"
)

// Lesson is a short text that ends in a question which runs answer.
type Lesson struct {
	ID, Title string
	Text      []string // paragraphs, plain text with no markup
	Formulas  []Formula
	Question  string
	Trials    []Trial // one press each starts it; two to four, compared side by side, from one seed
	// Answer says what the runs so far show, by their numbers, or what is missing; done once all trials have ended.
	Answer func(records map[string]run.Record) (text string, done bool) // by Trial.Name
}

// Formula is MathML with the sentence that reads it aloud.
type Formula struct{ MathML, Says string }

// Trial is one experiment: fields over the preset small, by their names. Names differ among all lessons.
type Trial struct {
	Name, Note string
	Set        map[string]string
	Train      bool // it trains a network, over the preset small of trainings
}

// Lessons in order.
var Lessons = []Lesson{
	{
		ID: "tail", Title: "The long tail",
		Text: []string{
			"CIFAR-10 has equally many images of each class. A long tail keeps only n images of class i, as below, so that the " +
				"last class has ρ times fewer than the first. The test set stays balanced, so every class counts equally. The head is the first three classes, the tail the last three.",
			"Two things change at once: the tail's classes become rare, and there are fewer images in all, so an epoch has fewer steps for the weights and the α. So " +
				"the third trial trains on the long tail for four times the epochs, nearly as many steps as on the balanced set. It then sees each " +
				"image four times as often: no comparison keeps everything equal.",
		},
		Formulas: []Formula{{
			display(msub("n", mi("i")), mo("="), mo("⌊"), msub("n", mtext("max")), mo("⋅"),
				msup(mi("ρ"), mrow(mo("−"), mi("i"), mo("/"), mrow(mo("("), mi("C"), mo("−"), mn("1"), mo(")")))), mo("⌋")),
			"Class i, counted from 0, keeps n-max times the imbalance ρ to the power of minus i over C minus 1 images, rounded down; C is the number of classes.",
		}},
		Question: "How much does the tail lose to being rare, and how much do all classes lose to fewer steps?",
		Trials:   tailTrials, Answer: answer(tailTrials, tailSays),
	},
	{
		ID: "rebalance", Title: "Why re-balancing helps a classifier, and what it costs",
		Text: []string{
			"Trained on a long tail, a network learns that most images belong to the head, and answers accordingly. Three remedies: draw every class " +
				"equally often; add the logarithm of its count to each class's logit in the loss, so that the network need not learn it; or give rare " +
				"classes more weight, here in the last of six epochs only.",
			"None of them adds images. Drawing all classes equally repeats the tail's few images many times and seldom shows the head's. The architecture does not change here " +
				"(rate 0), to show the classifier alone. What re-balancing does to a search is another question: the abstract of arXiv 2406.07028 " +
				"says that it makes DARTS worse.",
		},
		Formulas: []Formula{
			{
				display(mi("ℓ"), mo("="), mo("−"), mi("log"), mfrac(
					mrow(msub("n", mi("y")), msup(mi("e"), msub("z", mi("y")))),
					mrow(munder(mo("∑"), mi("j")), msub("n", mi("j")), msup(mi("e"), msub("z", mi("j")))))),
				"Balanced softmax: the loss is minus the logarithm of n of the true class y times e to its logit, over the sum of the same for all classes j; n counts a class's images.",
			},
			{
				display(msub("w", mi("i")), mo("∝"), mfrac(mrow(mn("1"), mo("−"), mi("β")), mrow(mn("1"), mo("−"), msup(mi("β"), msub("n", mi("i")))))),
				"Deferred re-weighting: class i weighs in proportion to 1 minus β over 1 minus β to the power of its count; β is 0.9999.",
			},
		},
		Question: "What does each remedy give the tail, and what does the head pay?",
		Trials:   rebalanceTrials, Answer: answer(rebalanceTrials, rebalanceSays),
	},
	{
		ID: "darts", Title: "What DARTS does, and how it collapses",
		Text: []string{
			"Each edge of a cell runs eight operations and mixes them by a softmax of its α. One half of the images trains the weights, the " +
				"other the α. In the end each node keeps its two strongest edges, each with its strongest operation. Everything else is cut away, " +
				"along with whatever the network had built on it.",
			"A search may collapse: skip connections, which are easy to train through, win on every edge. At rate 0 the α stay at their random start: " +
				"one draw of a random search. The last trial halves the images by position, as DARTS's code does. That works for a shuffled list, but a " +
				"long tail's list is sorted by class.",
		},
		Formulas: []Formula{
			{
				display(mover(mi("o"), mo("¯")), mo("("), mi("x"), mo(")"), mo("="), munder(mo("∑"), mi("k")),
					mfrac(msup(mi("e"), msub("α", mi("k"))), mrow(munder(mo("∑"), mi("l")), msup(mi("e"), msub("α", mi("l"))))),
					msub("o", mi("k")), mo("("), mi("x"), mo(")")),
				"An edge gives the sum of its operations' outputs, each weighted by the softmax of the edge's α.",
			},
			{
				display(munder(mo("min"), mi("α")), msub("L", mtext("val")), mo("("), msup(mi("w"), mo("*")), mo("("), mi("α"), mo(")"), mo(","), mi("α"), mo(")"),
					mspace, mtext("with"), mspace, msup(mi("w"), mo("*")), mo("("), mi("α"), mo(")"), mo("="), munder(mo("arg min"), mi("w")),
					msub("L", mtext("train")), mo("("), mi("w"), mo(","), mi("α"), mo(")")),
				"Two levels: find the α that minimise the validation loss at those weights that minimise the training loss for these α. The preset small takes the weights as they are for the latter.",
			},
		},
		Question: "Does a faster search decide more, does it collapse into skips, and is it better than no search at all?",
		Trials:   dartsTrials, Answer: answer(dartsTrials, dartsSays),
	},
	{
		ID: "branches", Title: "Two branches and their mix",
		Text: []string{
			"BBN trains two branches on one trunk: the conventional one takes images as they come, the other draws rare classes most often. A factor a " +
				"mixes their logits and losses. BBN lowers it over the epochs: representation first, re-balancing later. Tests weight both branches equally.",
			"The α follow the mixed loss, too. Where a is small, re-balanced images lead the architecture, and for the tail these are the same few images, " +
				"again and again. The paper behind this lab, arXiv 2406.07028, studies the factor; its formula is not public to us.",
		},
		Formulas: []Formula{
			{
				display(mi("z"), mo("="), mn("2"), mi("a"), msub("W", mi("c")), msub("f", mi("c")), mo("+"), mn("2"), mo("("), mn("1"), mo("−"), mi("a"), mo(")"),
					msub("W", mi("r")), msub("f", mi("r")), mo("+"), mi("b")),
				"The logits are 2 a times the conventional branch's, plus 2 times 1 minus a times the re-balancing branch's, plus a bias b.",
			},
			{
				display(mi("L"), mo("="), mi("a"), mi("ℓ"), mo("("), mi("z"), mo(","), msub("y", mi("c")), mo(")"), mo("+"),
					mo("("), mn("1"), mo("−"), mi("a"), mo(")"), mi("ℓ"), mo("("), mi("z"), mo(","), msub("y", mi("r")), mo(")"),
					mo(","), mspace, mi("a"), mo("="), mn("1"), mo("−"), msup(mrow(mo("("), mi("e"), mo("/"), mi("T"), mo(")")), mn("2"))),
				"The loss is a times that for the conventional image's label plus 1 minus a times that for the other's. BBN's a is 1 minus the square of the epoch e, from 0, over all epochs T.",
			},
		},
		Question: "Does the order matter, first images as they come and then re-balanced ones, or does an equal mix do as well?",
		Trials:   branchTrials, Answer: answer(branchTrials, branchSays),
	},
	{
		ID: "schedule", Title: "The schedule: make the search fail, and save it",
		Text: []string{
			"The α have a learning rate of their own, with a schedule m. If it is high and constant, the α run ahead of weights that are hardly " +
				"trained, to the last step. A decaying rate leaves the late epochs to the weights.",
			"But a decaying rate also moves less in total, which may be the whole effect. At equal area a schedule sums to as much as the constant " +
				"one, so it begins higher. The last trial takes no step at all: a search that does worse has failed.",
			"arXiv 2406.07028 changes this rate by epoch; its exact formula is not public to us. These shapes are a family, and none is claimed to be the paper's.",
		},
		Formulas: []Formula{{
			display(msub("η", mi("α")), mo("("), mi("u"), mo(")"), mo("="), msub("η", mn("0")), mfrac(mrow(mi("m"), mo("("), mi("u"), mo(")")),
				mrow(msubsup(mo("∫"), mn("0"), mn("1")), mi("m"), mo("("), mi("v"), mo(")"), mi("d"), mi("v"))), mo(","), mspace,
				mi("m"), mo("="), mn("1"), mspace, mtext("or"), mspace, mn("1"), mo("−"), msup(mi("u"), mn("2"))),
			"At equal area, the architecture rate at the share u of the run is η zero times m of u over the integral of m from 0 to 1; at equal peak it is not divided. m is 1, or 1 minus u squared.",
		}},
		Question: "Does the constant rate make the search fail, and does a decaying one save it, even at equal area?",
		Trials:   scheduleTrials, Answer: answer(scheduleTrials, scheduleSays),
	},
	{
		ID: "retrain", Title: "What a cell is worth",
		Text: []string{
			"A search ends in a cell, cut out of a network that was trained as a mixture of all operations. To find out what the cell is worth, a new " +
				"network of it is trained from scratch, on all training images, and tested after the last epoch.",
			"It should be compared with a random cell. Li and Talwalkar (2019) and Yang et al. (2020) found that much of what is credited to a search comes from the " +
				"space that it searches and from how its cells are trained. The searches that this page opens with are shown beside random cells, too.",
		},
		Formulas: []Formula{{
			display(mi("A"), mo("="), mfrac(mn("1"), mi("C")), munder(mo("∑"), mi("c")), mfrac(msub("r", mi("c")), msub("t", mi("c")))),
			"Balanced accuracy is the mean over the C classes of the share of a class's test images that are recognised: r of t.",
		}},
		Question: "How far apart are a random cell, the one that DARTS published, and one of skip connections alone?",
		Trials:   retrainTrials, Answer: answer(retrainTrials, retrainSays),
	},
}

// over is fields by their names, from names and values in turn, over those of base.
func over(base map[string]string, pairs ...string) map[string]string {
	m := map[string]string{}
	for k, v := range base {
		m[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

var (
	onePlain = over(nil, "branches", "none", "imbalance", "100", "n-max", "500", "epochs", "6")
	oneStill = over(onePlain, "arch-rate", "0")
	oneMoves = over(onePlain, "arch-schedule", "const")
	twoPlain = over(nil, "branches", "cell", "imbalance", "100", "n-max", "500", "epochs", "6", "arch-schedule", "const")

	tailTrials = []Trial{
		{Name: "Balanced", Note: "300 images of every class, 3 epochs.", Set: over(onePlain, "imbalance", "1", "n-max", "300", "epochs", "3")},
		{Name: "Long tail", Note: "300 images of the first class down to 3 of the last, 3 epochs: a quarter of the steps.", Set: over(onePlain, "n-max", "300", "epochs", "3")},
		{Name: "Long tail for longer", Note: "The same images for 12 epochs.", Set: over(onePlain, "n-max", "300", "epochs", "12")},
	}
	rebalanceTrials = []Trial{
		{Name: "As they come", Note: "Every image once an epoch, cross-entropy.", Set: over(oneStill, "sampler", "instance", "loss", "ce")},
		{Name: "Classes drawn alike", Note: "Every class equally often.", Set: over(oneStill, "sampler", "balanced", "loss", "ce")},
		{Name: "Balanced softmax", Note: "Images as they come; the counts go into the loss.", Set: over(oneStill, "sampler", "instance", "loss", "balanced-softmax")},
		{Name: "Weighted at the end", Note: "Deferred re-weighting: class weights in the last epoch.", Set: over(oneStill, "sampler", "instance", "loss", "drw")},
	}
	dartsTrials = []Trial{
		{Name: "Rate 0.01", Note: "Slow and constant.", Set: over(oneMoves, "arch-rate", "0.01")},
		{Name: "Rate 0.1", Note: "Ten times as fast.", Set: over(oneMoves, "arch-rate", "0.1")},
		{Name: "Rate 0", Note: "The α stay at their random start.", Set: over(oneMoves, "arch-rate", "0")},
		{Name: "Halves by position", Note: "As the first, but the weights take the first half of the list, the α the second.", Set: over(oneMoves, "arch-rate", "0.01", "halves", "positional")},
	}
	branchTrials = []Trial{
		{Name: "Parabolic mix", Note: "BBN's: a falls from 1 to near 0.", Set: over(twoPlain, "mix", "parabolic")},
		{Name: "Equal mix", Note: "a is 0.5 throughout.", Set: over(twoPlain, "mix", "equal")},
		{Name: "Rising mix", Note: "The other way round: a rises from 0.", Set: over(twoPlain, "mix", "increment")},
	}
	scheduleTrials = []Trial{ // the preset's own search
		{Name: "Constant", Note: "Rate 0.03 to the end.", Set: over(nil, "arch-schedule", "const")},
		{Name: "Parabola", Note: "1 − u², from 0.03: two thirds as much in all.", Set: over(nil, "arch-schedule", "parabolic")},
		{Name: "Parabola, equal area", Note: "1 − u², from 0.045: as much in all.", Set: over(nil, "arch-schedule", "parabolic", "arch-equal", "area")},
		{Name: "No step", Note: "The α stay at their random start.", Set: over(nil, "arch-rate", "0")},
	}
	retrainTrials = []Trial{
		{Name: "A random cell", Note: "Operations and inputs drawn at random.", Set: over(nil, "genotype", "random:1"), Train: true},
		{Name: "The cell of DARTS", Note: "DARTS_V2, found on all of CIFAR-10.", Set: over(nil, "genotype", "DARTS_V2"), Train: true},
		{Name: "A cell of skips", Note: "Where a collapsed search ends.", Set: over(nil, "genotype", "all:skip_connect"), Train: true},
	}
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

func display(parts ...string) string {
	return `<math display="block">` + strings.Join(parts, "") + `</math>`
}

func mi(s string) string                    { return "<mi>" + s + "</mi>" }
func mn(s string) string                    { return "<mn>" + s + "</mn>" }
func mo(s string) string                    { return "<mo>" + s + "</mo>" }
func mtext(s string) string                 { return "<mtext>" + s + "</mtext>" }
func mrow(parts ...string) string           { return "<mrow>" + strings.Join(parts, "") + "</mrow>" }
func msup(base, above string) string        { return "<msup>" + base + above + "</msup>" }
func msub(base, below string) string        { return "<msub>" + mi(base) + below + "</msub>" }
func msubsup(base, below, up string) string { return "<msubsup>" + base + below + up + "</msubsup>" }
func munder(base, below string) string      { return "<munder>" + base + below + "</munder>" }
func mover(base, above string) string       { return `<mover accent="true">` + base + above + "</mover>" }
func mfrac(above, below string) string      { return "<mfrac>" + above + below + "</mfrac>" }

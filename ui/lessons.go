package ui

import "hlrslab/core/run"

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
			"Benchmarks have equally many images of each class. A long tail keeps only n images of class i, as below, so that the " +
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
	{
		ID: "ways", Title: "Other ways to search",
		Text: []string{
			"DARTS mixes an edge’s operations by a softmax: all have some weight to the end, and what is cut away was in use. Sparsemax projects the α onto " +
				"shares of which many are 0; those operations are not run at all, and the mixture comes near a single cell by itself as it cools. " +
				"FairDARTS gives each operation a share of its own, without competition.",
			"Another way concerns the weights: the classifier’s rows of rare classes learn faster, the more so the rarer the class and the larger γ.",
		},
		Formulas: []Formula{
			{
				display(mi("p"), mo("="), munder(mi("argmin"), mrow(mi("q"), mo("∈"), mi("Δ"))), msup(mrow(mo("‖"), mi("q"), mo("−"), mi("α"), mo("/"), mi("τ"), mo("‖")), mn("2"))),
				"Sparsemax: the shares p are the point q of the simplex that is nearest to alpha over the temperature tau.",
			},
			{
				display(msub("m", mi("c")), mo("∝"), msup(mrow(mo("("), msub("n", mtext("max")), mo("/"), msub("n", mi("c")), mo(")")), mi("γ"))),
				"The rate m of class c’s own weights is in proportion to n max over n of c to the power of gamma, with mean 1.",
			},
		},
		Question: "Which way leads to the best search network here, and whose cell loses least by being cut out?",
		Trials:   wayTrials, Answer: answer(wayTrials, waysSay),
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
	wayTrials = []Trial{
		{Name: "Softmax", Note: "DARTS, with two branches.", Set: twoPlain},
		{Name: "Sparsemax", Note: "It cools from 0.1 by half after each epoch.", Set: over(twoPlain, "mixture", "sparsemax", "temperature", "0.1", "cooling", "0.5", "cooling-every", "1")},
		{Name: "Sigmoids", Note: "FairDARTS’ mixture and penalty.", Set: over(twoPlain, "mixture", "sigmoid", "penalty", "fair")},
		{Name: "Faster for the rare", Note: "The softmax again, and rates by class, γ = 0.5.", Set: over(twoPlain, "class-gamma", "0.5")},
	}
	retrainTrials = []Trial{
		{Name: "A random cell", Note: "Operations and inputs drawn at random.", Set: over(nil, "genotype", "random:1"), Train: true},
		{Name: "The cell of DARTS", Note: "DARTS_V2, found on all of CIFAR-10.", Set: over(nil, "genotype", "DARTS_V2"), Train: true},
		{Name: "A cell of skips", Note: "Where a collapsed search ends.", Set: over(nil, "genotype", "all:skip_connect"), Train: true},
	}
)

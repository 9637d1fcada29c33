package run

// Way is a published method of search, or our own, as values of a configuration's fields.
type Way struct {
	ID, Name string
	Note     string // what is special about it, in a sentence
	set      func(*Config)
}

// Ways are all there are, DARTS itself first.
var Ways = []Way{
	{"darts", "DARTS", "The softmax of the alphas weighs each edge’s operations; Adam follows the gradient of the architecture’s loss.", func(*Config) {}},
	{"zo", "ZO-DARTS+", "Sparsemax gives weak operations no weight, so that they are not run, and cools. A copy of the network, whose alphas are moved a little at random, is trained beside it for ten steps, and how far both come apart says which way is down.", func(c *Config) {
		c.Method, c.Mixture = "zo", "sparsemax"
	}},
	{"fair", "FairDARTS", "Each operation has a weight of its own between 0 and 1, without competition; a penalty drives it to one of them.", func(c *Config) {
		c.Mixture, c.Penalty = "sigmoid", "fair"
	}},
	{"beta", "β-DARTS", "A penalty on the alphas, rising over the epochs, keeps any one of them from running ahead.", func(c *Config) {
		c.Penalty, c.PenaltyCourse = "beta", "rising"
	}},
	{"perturbed", "SDARTS-RS", "In the weights’ step each operation’s share is moved at random, more and more over the epochs, so that the weights do not depend on it.", func(c *Config) {
		c.Perturbation = 0.3
	}},
	{"minus", "DARTS-", "Every edge has one more skip connection, of a weight that falls to 0: training leans on that one, and not on the one to choose.", func(c *Config) {
		c.ExtraSkip = 1
	}},
	{"partial", "PC-DARTS", "A quarter of the channels goes through an edge’s operations, the rest passes by, and each edge has a weight of its own: less work for a step. (Its authors also let the alphas wait for 30 % of the epochs, which is a matter of the warm-up.)", func(c *Config) {
		for c.Part = 4; c.Channels%c.Part != 0; c.Part /= 2 { // a network of two channels has two parts
		}
	}},
	{"approx", "ApproxDARTS", "The cells multiply 8-bit numbers by a circuit that drops their two lowest bits, about half the energy of the exact one: the search sees what the cell will be run on.", func(c *Config) {
		c.Multiplier = "trunc2"
	}},
	{"skips", "Two skip connections", "The cell that is chosen keeps its two strongest skip connections at most, as in P-DARTS.", func(c *Config) { c.KeepSkips = 2 }},
	{"random", "Random cells", "Each step of the weights trains one cell drawn at random, and each epoch’s end chooses the best of twenty random ones: random search with weight sharing, without alphas.", func(c *Config) {
		c.Method = "random"
	}},
	{"single", "Single stage", "After half of the epochs the alphas rest, weak operations are dropped, and the weights go on with all images: the mixed network is the result, and no cell is cut out and trained.", func(c *Config) {
		c.FreezeAt, c.DropBelow = c.Epochs/2, 0.05
	}},
	{"classes", "Rates by class", "Another reading of “heterogeneous rates”: the classifier’s weights of a rare class learn faster, and the architecture’s step leaves them out.", func(c *Config) { c.ClassGamma = 0.5 }},
}

// on is c with the way's fields, and those of no other way.
func (w Way) on(c Config) Config {
	d := Default()
	c.Method, c.ZOWindow, c.ZORadius, c.ZOFloor, c.ZOMomentum, c.Candidates = d.Method, d.ZOWindow, d.ZORadius, d.ZOFloor, d.ZOMomentum, d.Candidates
	c.Mixture, c.Temperature, c.Cooling, c.CoolingEvery = d.Mixture, d.Temperature, d.Cooling, d.CoolingEvery
	c.Penalty, c.PenaltyWeight, c.PenaltyCourse = d.Penalty, d.PenaltyWeight, d.PenaltyCourse
	c.ClassGamma, c.ClassLimit, c.ClassCourse, c.KeepSkips = d.ClassGamma, d.ClassLimit, d.ClassCourse, d.KeepSkips
	c.Perturbation, c.ExtraSkip, c.ExtraCourse, c.Part = d.Perturbation, d.ExtraSkip, d.ExtraCourse, d.Part
	c.FreezeAt, c.DropBelow = d.FreezeAt, d.DropBelow
	c.Multiplier = d.Multiplier
	w.set(&c)
	return c
}

// Goes is c on the way of that name; an unknown one is an error.
func (c Config) Goes(id string) (Config, error) {
	names := ""
	for _, w := range Ways {
		if w.ID == id {
			return w.on(c), nil
		}
		names += " " + w.ID
	}
	return c, fault("way", "there is no %.80q; choose one of%s", id, names)
}

// Way is the way that c goes, or nil where its fields are those of none.
func (c Config) Way() *Way {
	for i, w := range Ways {
		if w.on(c).Equal(c) {
			return &Ways[i]
		}
	}
	return nil
}

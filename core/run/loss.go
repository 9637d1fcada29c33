package run

import (
	"strings"

	"hlrslab/core/data"
	"hlrslab/core/nn"
)

// Beta is the overlap of effective numbers (Cui et al., 2019), where losses weigh classes by them.
const Beta = 0.9999

// deferral is the share of the epochs after which deferred re-weighting and re-sampling begin (Cao et al., 2019).
const deferral = 0.8

// Late says whether what is deferred has begun in an epoch of the network's epochs: in the last one it has, however few there are.
func Late(epoch, epochs int) bool {
	return float64(epoch) >= deferral*float64(epochs) || epoch == epochs-1
}

// CosineScale is the factor of a cosine classifier's logits.
const CosineScale = 30

// Cosine says whether a loss wants LDAM's classifier (see nn.Classifier).
func Cosine(loss string) bool { return strings.HasPrefix(loss, "ldam") }

// ClassRates are the rates of each class's own weights in an epoch, as shares of the weights' rate, where classes have so many images;
// nil where all weights go at one rate.
func (c Config) ClassRates(counts []int, epoch int) []float64 {
	if c.Task != Search || c.ClassGamma == 0 {
		return nil
	}
	return nn.ClassRates(counts, Course(c.ClassCourse, c.ClassGamma, epoch, c.Epochs), c.ClassLimit)
}

// WeightCounts are how many images of each class the weights learn from in an epoch of a search, from 0, where the classes have counts.
func (c Config) WeightCounts(counts []int, epoch int) []int {
	if c.Frozen(epoch) {
		return counts
	}
	return data.SplitCounts(counts, c.Halves, c.WeightShare)
}

// Course is a value in an epoch of so many, from 0, that is constant, rising from 0 or falling to 0.
func Course(course string, value float64, epoch, epochs int) float64 {
	switch past := float64(epoch) / float64(epochs); course {
	case "rising":
		return value * past
	case "falling":
		return value * (1 - past)
	}
	return value
}

// Loss is the weights' loss by its name in Config, of classes that have so many images; adjustment is balanced softmax's τ.
func Loss(name string, adjustment float64, counts []int, late bool) (l nn.Loss) {
	switch {
	case name == "inverse":
		l.Weights = nn.InverseWeights(counts, 1)
	case name == "cb", name == "cb-focal", late && strings.HasSuffix(name, "drw"):
		l.Weights = nn.EffectiveWeights(counts, Beta)
	}
	switch {
	case strings.HasSuffix(name, "focal"):
		l.Gamma = 1
	case name == "balanced-softmax" && adjustment == 1:
		l.Shift = nn.LogPrior(counts)
	case name == "balanced-softmax":
		l.Shift = nn.LogitAdjustment(counts, adjustment)
	case Cosine(name):
		l.Margin, l.Scale = nn.Margins(counts), CosineScale
	}
	return l
}

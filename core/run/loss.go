package run

import (
	"strings"

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

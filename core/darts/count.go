package darts

import (
	"hlrslab/core/approx"
	"hlrslab/core/nn"
)

// SupernetCost is the number of weights of a search network, alphas left out, and its multiply-adds per
// image of size × size.
func SupernetCost(net Supernet, classes, size int) (params, macs int) {
	return cost(size, func(b *nn.Builder) { b.Head("classifier", nn.Classifier{Classes: classes}, net.Backbone(b, "")) })
}

// EvalCost is the number of weights of a genotype's network, its multiply-adds per image of size × size, both without the
// auxiliary head, and that head's weights.
func EvalCost(genotype Genotype, channels, layers, classes, size int) (params, macs, auxiliary int) {
	head := nn.Classifier{Classes: classes}
	network := func(auxiliary nn.Classifier) (params, macs int) {
		return cost(size, func(b *nn.Builder) {
			b.Head("classifier", head, EvalNet{genotype, channels, layers, auxiliary, false}.Backbone(b, ""))
		})
	}
	params, macs = network(nn.Classifier{})
	whole, _ := network(head)
	return params, macs, whole - params
}

// EvalEnergy is what the products of a genotype's network take for an image of size × size, relative to the exact 8-bit multiplier: those
// of its cells, depthwise and pointwise, are m's, those of its stem and classifier exact.
func EvalEnergy(genotype Genotype, channels, layers, classes, size int, m *approx.Multiplier) float64 {
	var store nn.Store
	b := nn.NewBuilder(&store, 1, size)
	b.Multiplier = m
	b.Head("classifier", nn.Classifier{Classes: classes}, EvalNet{Genotype: genotype, Channels: channels, Layers: layers}.Backbone(b, ""))
	depthwise, pointwise := b.Approximate()
	return 1 - (1-m.Energy)*float64(depthwise+pointwise)/float64(b.MACs())
}

// cost lays out a network, without memory for it, and counts.
func cost(size int, network func(*nn.Builder)) (params, macs int) {
	var store nn.Store
	b := nn.NewBuilder(&store, 1, size)
	network(b)
	return store.Weights.Total, b.MACs()
}

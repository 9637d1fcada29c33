package darts

import "hlrslab/core/nn"

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

// cost lays out a network, without memory for it, and counts.
func cost(size int, network func(*nn.Builder)) (params, macs int) {
	var store nn.Store
	b := nn.NewBuilder(&store, 1, size)
	network(b)
	return store.Weights.Total, b.MACs()
}

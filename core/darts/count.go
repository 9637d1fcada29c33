package darts

import (
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// SupernetCost is the number of weights of the search network, alphas left out, and its multiply-adds per
// image of size × size.
func SupernetCost(channels, layers, nodes, classes, size int) (params, macs int) {
	return cost(size, classes, func(g *nn.Graph) []*nn.State {
		return Supernet(g, channels, layers, nodes, "last")
	})
}

// EvalCost is the number of weights of a genotype's network, without auxiliary head, and its
// multiply-adds per image of size × size.
func EvalCost(genotype Genotype, channels, layers, classes, size int) (params, macs int) {
	return cost(size, classes, func(g *nn.Graph) []*nn.State {
		return EvalNet(g, genotype, channels, layers)
	})
}

// cost lays a network out, without memory for it, and counts.
func cost(size, classes int, network func(*nn.Graph) []*nn.State) (params, macs int) {
	var store nn.Store
	g := nn.NewGraph(&store, tensor.NewPool(1), 1, size)
	features := 0
	for _, s := range network(g) {
		c, _, _ := s.Shape()
		features += c
	}
	nn.NewLinear(&store.Weights, "classifier", features, classes)
	return store.Weights.Total, g.MACs + features*classes
}

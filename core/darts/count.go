package darts

import (
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// SupernetCost is the number of weights of the search network, alphas left out, and its multiply-adds per
// image of size × size.
func SupernetCost(channels, layers, nodes, classes, size int) (params, macs int) {
	var store nn.Store
	g := nn.NewGraph(&store, tensor.NewPool(1), 1, size)
	return cost(g, classes, Supernet(g, channels, layers, nodes, "last"))
}

// EvalCost is the number of weights of a genotype's network, its multiply-adds per image of size × size, both without the
// auxiliary head, and that head's weights.
func EvalCost(genotype Genotype, channels, layers, classes, size int) (params, macs, auxiliary int) {
	for _, aux := range []bool{false, true} {
		var store nn.Store
		g := nn.NewGraph(&store, tensor.NewPool(1), 1, size)
		n := EvalNet(g, genotype, channels, layers, aux)
		p, m := cost(g, classes, n.Top)
		if !aux {
			params, macs = p, m
			continue
		}
		c, _, _ := n.Auxiliary.Shape()
		nn.NewLinear(&store.Weights, "auxiliary_head.classifier", c, classes)
		auxiliary = store.Weights.Total - params
	}
	return params, macs, auxiliary
}

// cost closes a network that is laid out, without memory for it, and counts.
func cost(g *nn.Graph, classes int, top []*nn.State) (params, macs int) {
	features := 0
	for _, s := range top {
		c, _, _ := s.Shape()
		features += c
	}
	nn.NewLinear(&g.Store.Weights, "classifier", features, classes)
	return g.Store.Weights.Total, g.MACs + features*classes
}

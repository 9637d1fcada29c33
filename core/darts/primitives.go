// Package darts is differentiable architecture search (Liu, Simonyan, Yang: DARTS, ICLR 2019):
// the search space, the supernet, the bilevel step, the genotype and its evaluation network.
package darts

// Primitives are the candidate operations of an edge, in the order of alpha's columns.
var Primitives = []string{
	"none", "max_pool_3x3", "avg_pool_3x3", "skip_connect",
	"sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5",
}

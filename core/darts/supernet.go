package darts

import (
	"fmt"

	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// Edges is the number of edges of a cell: node i reads the two inputs and the i nodes before it.
func Edges(nodes int) int { return nodes * (nodes + 3) / 2 }

// Reductions are the cells that halve the map and double the channels: at a third and two thirds.
func Reductions(layers int) (first, second int) { return layers / 3, 2 * layers / 3 }

// Supernet adds the search network to b and returns the nodes of its last cell, whose means are the features. The
// names of its weights are the reference's; the last cell's begin with its name and own (such as "cell7" and ".rb"), so
// that two branches can share all but that. Operation weights are edges × primitives of the normal cells, then of the
// reduction cells. With extra, each edge has one more skip connection, all of one more operation weight, as DARTS- has it (Chu et al., 2021).
func Supernet(b *nn.Builder, channels, layers, nodes int, extra bool, own string) []*nn.Node {
	stem := b.Node(nn.Term{Source: b.Stem("stem.conv", "stem.bn", 3*channels, tensor.Window{K: 3, Stride: 1, Dilation: 1, Pad: 1}), Weight: -1})
	s0, s1 := []*nn.Node{stem}, []*nn.Node{stem}
	first, second := Reductions(layers)
	before := false
	for i := range layers {
		reduce := i == first || i == second
		if reduce {
			channels *= 2
		}
		name := fmt.Sprintf("cell%d", i)
		if i == layers-1 {
			name += own
		}
		s0, s1 = s1, cell(b, name, s0, s1, channels, nodes, reduce, before, extra)
		before = reduce
	}
	return s1
}

func cell(b *nn.Builder, name string, s0, s1 []*nn.Node, channels, nodes int, reduce, reduced, extra bool) []*nn.Node {
	all := []*nn.Node{
		preprocess(b, name+".preprocess0", ".conv", ".bn", s0, channels, reduced, false),
		preprocess(b, name+".preprocess1", ".conv", ".bn", s1, channels, false, false),
	}
	mix := 0
	if reduce {
		mix = Edges(nodes) * len(Primitives)
	}
	edge := 0
	for range nodes {
		var terms []nn.Term
		for j, s := range all {
			stride := 1
			if reduce && j < 2 {
				stride = 2
			}
			terms = append(terms, mixed(b, fmt.Sprintf("%s.edge%d", name, edge), fmt.Sprintf("%s.state%d", name, j), s, channels, stride, mix)...)
			if extra {
				terms = append(terms, skip(b, fmt.Sprintf("%s.edge%d.auxiliary", name, edge), s, channels, stride, 2*Edges(nodes)*len(Primitives)))
			}
			edge++
			mix += len(Primitives)
		}
		all = append(all, b.Node(terms...))
	}
	return all[2:]
}

// preprocess brings a cell's input to its channels, and to its size where the cell before reduced; conv and bn name the
// layers of the plain form.
func preprocess(b *nn.Builder, name, conv, bn string, in []*nn.Node, channels int, halve, affine bool) *nn.Node {
	var c *nn.Conv
	if halve {
		c = b.FactorizedReduce(name+".conv_1.weight", name+".conv_2.weight", name+".bn", in, channels, affine)
	} else {
		c = b.Pointwise(name+conv, name+bn, in, channels, affine)
	}
	return b.Node(nn.Term{Source: c, Weight: -1})
}

// mixed is the operations of one edge; 'none' is no term. Pools belong to the state: all edges share them.
func mixed(b *nn.Builder, edge, state string, s *nn.Node, channels, stride, mix int) []nn.Term {
	terms := []nn.Term{
		{Node: s, Pool: nn.MaxPool, Stride: stride, Norm: state + ".max_pool_3x3.bn", Weight: mix + 1},
		{Node: s, Pool: nn.MeanPool, Stride: stride, Norm: state + ".avg_pool_3x3.bn", Weight: mix + 2},
	}
	terms = append(terms, skip(b, edge+".skip_connect", s, channels, stride, mix+3))
	for k := 4; k < len(Primitives); k++ {
		name := func(n int) string { return fmt.Sprintf("%s.%s.op%d", edge, Primitives[k], n) }
		terms = append(terms, nn.Term{Source: weighted(b, Primitives[k], name, s, stride, false), Weight: mix + k})
	}
	return terms
}

// skip is a skip connection of that weight: the state itself, or, where the map is halved, its factorised reduction.
func skip(b *nn.Builder, name string, s *nn.Node, channels, stride, weight int) nn.Term {
	if stride == 1 {
		return nn.Term{Node: s, Weight: weight}
	}
	return nn.Term{Source: b.FactorizedReduce(name+".conv_1.weight", name+".conv_2.weight", name+".bn", []*nn.Node{s}, channels, false), Weight: weight}
}

// weighted adds a separable or dilated convolution; name says how its nth layer is called.
func weighted(b *nn.Builder, op string, name func(n int) string, s *nn.Node, stride int, affine bool) *nn.Conv {
	k := int(op[len(op)-1] - '0')
	w := tensor.Window{K: k, Stride: stride, Dilation: 1, Pad: k / 2}
	if op[:3] == "dil" {
		w.Dilation, w.Pad = 2, k-1
		return b.Separable(name(1)+".weight", name(2)+".weight", name(3), s, w, affine)
	}
	c := b.Separable(name(1)+".weight", name(2)+".weight", name(3), s, w, affine)
	w.Stride = 1
	return b.Then(name(5)+".weight", name(6)+".weight", name(7), c, w, affine)
}

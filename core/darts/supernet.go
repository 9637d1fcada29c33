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

// Supernet is the search network. Operation weights are edges × primitives of the normal cells, then of the reduction cells, and then
// those of what a field below adds.
type Supernet struct {
	Channels, Layers, Nodes int
	// Extra has each edge have one more skip connection, all of one more operation weight, as DARTS- has it (Chu et al., 2021).
	Extra bool
	// Part has an edge's operations see one channel in so many, and the others pass by them, with a weight of each edge: edges of the
	// normal cells, then of the reduction cells (PC-DARTS, Xu et al., 2020). Where it is at most 1, they see all. The channels of a
	// part must be even, and so must maps that a cell halves.
	Part int
}

// Alphas are a supernet's architecture parameters.
func (net Supernet) Alphas() int {
	n := 2 * Edges(net.Nodes) * len(Primitives)
	if net.Part > 1 {
		n += 2 * Edges(net.Nodes)
	}
	return n
}

// Backbone adds the network up to the classifier to b, and returns the nodes of its last cell, whose means are the features. The
// names of its weights are the reference's; the last cell's begin with its name and own (such as "cell7" and ".rb"), so
// that two branches can share all but that.
func (net Supernet) Backbone(b *nn.Builder, own string) []*nn.Node {
	channels := net.Channels
	stem := b.Node(nn.Term{Source: b.Stem("stem.conv", "stem.bn", 3*channels, tensor.Window{K: 3, Stride: 1, Dilation: 1, Pad: 1}), Weight: -1})
	s0, s1 := []*nn.Node{stem}, []*nn.Node{stem}
	first, second := Reductions(net.Layers)
	before := false
	for i := range net.Layers {
		reduce := i == first || i == second
		if reduce {
			channels *= 2
		}
		name := fmt.Sprintf("cell%d", i)
		if i == net.Layers-1 {
			name += own
		}
		s0, s1 = s1, net.cell(b, name, s0, s1, channels, reduce, before)
		before = reduce
	}
	return s1
}

func (net Supernet) cell(b *nn.Builder, name string, s0, s1 []*nn.Node, channels int, reduce, reduced bool) []*nn.Node {
	all := []*nn.Node{
		preprocess(b, name+".preprocess0", ".conv", ".bn", s0, channels, reduced, false),
		preprocess(b, name+".preprocess1", ".conv", ".bn", s1, channels, false, false),
	}
	edge, edges, mix := 0, Edges(net.Nodes), 0
	if reduce {
		mix = edges
	}
	seen := all // what the operations see of each state
	if net.Part > 1 {
		seen = []*nn.Node{part(b, all[0], channels/net.Part), part(b, all[1], channels/net.Part)}
	}
	for range net.Nodes {
		var terms, passing []nn.Term
		for j, s := range seen {
			stride := 1
			if reduce && j < 2 {
				stride = 2
			}
			at := fmt.Sprintf("%s.edge%d", name, edge)
			terms = append(terms, mixed(b, at, fmt.Sprintf("%s.state%d", name, j), s, s.Sum.C, stride, mix*len(Primitives))...)
			if net.Extra {
				terms = append(terms, skip(b, at+".auxiliary", s, s.Sum.C, stride, 2*edges*len(Primitives)))
			}
			if net.Part > 1 {
				passing = append(passing, net.pass(all[j], stride, 2*edges*len(Primitives)+mix))
			}
			edge++
			mix++
		}
		n := b.Node(terms...)
		if net.Part > 1 {
			n = b.Node(append(passing, net.shuffled(n))...)
			seen = append(seen, part(b, n, channels/net.Part))
			all = append(all, n)
			continue
		}
		all = append(all, n)
		seen = all
	}
	return all[2:]
}

// part is the first channels of a state.
func part(b *nn.Builder, s *nn.Node, channels int) *nn.Node {
	first := make([]int, channels)
	for ch := range first {
		first[ch] = ch
	}
	return b.Node(nn.Term{Node: s, Weight: -1, Channels: first})
}

// shuffled and pass are what a node has of its operations and of a state's other channels: first one of the operations, then one of
// each of the other parts, and so on.
func (net Supernet) shuffled(operations *nn.Node) nn.Term {
	return nn.Term{Node: operations, Weight: -1, Channels: net.channels(operations.Sum.C, true)}
}

func (net Supernet) pass(s *nn.Node, stride, weight int) nn.Term {
	t := nn.Term{Node: s, Weight: weight, Channels: net.channels(s.Sum.C/net.Part, false)}
	if stride == 2 {
		t.Pool, t.Stride = nn.HalvingMaxPool, 2
	}
	return t
}

// channels are those that a node's channels read: of the operations, or of the other parts of a state, each of so many.
func (net Supernet) channels(of int, operations bool) []int {
	out := make([]int, of*net.Part)
	for ch := range out {
		group, row := ch%net.Part, ch/net.Part
		switch {
		case operations == (group > 0):
			out[ch] = -1
		case operations:
			out[ch] = row
		default:
			out[ch] = group*of + row
		}
	}
	return out
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

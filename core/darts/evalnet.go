package darts

import (
	"fmt"

	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// EvalNet adds the network of a genotype to g: every BatchNorm has its affine part, pools have none.
// The names of its weights are quark0/darts'. It returns the states whose means are the features;
// close the graph with Build.
func EvalNet(g *nn.Graph, genotype Genotype, channels, layers int) []*nn.State {
	stem := g.NewState(nn.Term{Source: g.Stem("stem.0.weight", "stem.1", 3*channels, tensor.Window{K: 3, Stride: 1, Dilation: 1, Pad: 1}), Mix: -1})
	s0, s1 := []*nn.State{stem}, []*nn.State{stem}
	first, second := Reductions(layers)
	reduced := false
	for i := range layers {
		edges, concat := genotype.Normal, genotype.NormalConcat
		reduce := i == first || i == second
		if reduce {
			channels *= 2
			edges, concat = genotype.Reduce, genotype.ReduceConcat
		}
		name := fmt.Sprintf("cells.%d", i)
		states := []*nn.State{
			preprocess(g, name+".preprocess0", ".op.1.weight", ".op.2", s0, channels, reduced, true),
			preprocess(g, name+".preprocess1", ".op.1.weight", ".op.2", s1, channels, false, true),
		}
		for e := 0; e < len(edges); e += 2 {
			states = append(states, g.NewState(
				chosen(g, fmt.Sprintf("%s._ops.%d", name, e), edges[e], states, channels, reduce),
				chosen(g, fmt.Sprintf("%s._ops.%d", name, e+1), edges[e+1], states, channels, reduce)))
		}
		out := make([]*nn.State, len(concat))
		for j, c := range concat {
			out[j] = states[c]
		}
		s0, s1, reduced = s1, out, reduce
	}
	return s1
}

// chosen is the one operation of a discrete edge.
func chosen(g *nn.Graph, name string, e Edge, states []*nn.State, channels int, reduce bool) nn.Term {
	s, stride := states[e.From], 1
	if reduce && e.From < 2 {
		stride = 2
	}
	switch e.Op {
	case "max_pool_3x3":
		return nn.Term{State: s, Pool: nn.MaxPool, Stride: stride, Mix: -1}
	case "avg_pool_3x3":
		return nn.Term{State: s, Pool: nn.MeanPool, Stride: stride, Mix: -1}
	case "skip_connect":
		if stride == 1 {
			return nn.Term{State: s, Mix: -1}
		}
		return nn.Term{Source: g.FactorizedReduce(name+".conv_1.weight", name+".conv_2.weight", name+".bn", []*nn.State{s}, channels, true), Mix: -1}
	}
	layer := func(n int) string { return fmt.Sprintf("%s.op.%d", name, n) }
	return nn.Term{Source: weighted(g, e.Op, layer, s, stride, true), Mix: -1}
}

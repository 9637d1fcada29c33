package darts

import (
	"fmt"

	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// Net is where an evaluation network's features are: the means of Top's maps and, with an auxiliary head, the ReLU of
// Auxiliary's, which have one pixel for images of 32 × 32. Close the graph with Build on both.
type Net struct {
	Top       []*nn.State
	Auxiliary *nn.State
}

// EvalNet adds the network of a genotype to g: every BatchNorm has its affine part, pools have none, and what is no identity
// may be dropped (see Graph.DropPath). The names of its weights are quark0/darts'. The auxiliary head of training reads the
// cell at two thirds.
func EvalNet(g *nn.Graph, genotype Genotype, channels, layers int, auxiliary bool) (n Net) {
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
		if auxiliary && i == second {
			at := "auxiliary_head.features."
			c := g.Pooled(at+"2.weight", at+"3", s1, 128, tensor.Window{K: 5, Stride: 3, Dilation: 1})
			c = g.ThenFull(at+"5.weight", at+"6", c, 768, nn.Kernel{H: 2, W: 2, StrideH: 1, StrideW: 1})
			n.Auxiliary = g.NewState(nn.Term{Source: c, Mix: -1})
		}
	}
	n.Top = s1
	return n
}

// chosen is the one operation of a discrete edge.
func chosen(g *nn.Graph, name string, e Edge, states []*nn.State, channels int, reduce bool) nn.Term {
	s, stride := states[e.From], 1
	if reduce && e.From < 2 {
		stride = 2
	}
	term := nn.Term{State: s, Stride: stride, Mix: -1, Drop: true}
	layer := func(n int) string { return fmt.Sprintf("%s.op.%d", name, n) }
	switch e.Op {
	case "max_pool_3x3":
		term.Pool = nn.MaxPool
	case "avg_pool_3x3":
		term.Pool = nn.MeanPool
	case "skip_connect":
		if term.Drop = stride > 1; term.Drop {
			term.Source = g.FactorizedReduce(name+".conv_1.weight", name+".conv_2.weight", name+".bn", []*nn.State{s}, channels, true)
		}
	case "conv_7x1_1x7":
		c := g.Full(layer(1)+".weight", "", s, channels, nn.Kernel{H: 1, W: 7, StrideH: 1, StrideW: stride, PadW: 3})
		term.Source = g.ThenFull(layer(2)+".weight", layer(3), c, channels, nn.Kernel{H: 7, W: 1, StrideH: stride, StrideW: 1, PadH: 3})
	default:
		term.Source = weighted(g, e.Op, layer, s, stride, true)
	}
	if term.Source != nil {
		term.State = nil
	}
	return term
}

package darts

import (
	"fmt"

	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// AuxiliaryShare is the auxiliary head's share of the loss (DARTS, section 3.2).
const AuxiliaryShare = 0.4

// EvalNet is the network of a genotype: every BatchNorm has its affine part, pools have none, and with Drops what is no identity may
// be dropped (see nn.DropPath), for which each such term keeps a gradient of its own. The auxiliary classifier of training reads the cell at two thirds, of images of 32 × 32; if it has no classes,
// there is none.
type EvalNet struct {
	Genotype         Genotype
	Channels, Layers int
	Auxiliary        nn.Classifier
	Drops            bool
}

// Backbone adds the network up to the classifier to b, and returns the nodes whose means are the features. The names of its weights
// are quark0/darts'; those of the last cell take own as a suffix of its name, so that two branches can share all but that.
func (net EvalNet) Backbone(b *nn.Builder, own string) []*nn.Node {
	genotype, channels, layers := net.Genotype, net.Channels, net.Layers
	stem := b.Node(nn.Term{Source: b.Stem("stem.0.weight", "stem.1", 3*channels, tensor.Window{K: 3, Stride: 1, Dilation: 1, Pad: 1}), Weight: -1})
	s0, s1 := []*nn.Node{stem}, []*nn.Node{stem}
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
		if i == layers-1 {
			name += own
		}
		nodes := []*nn.Node{
			preprocess(b, name+".preprocess0", ".op.1.weight", ".op.2", s0, channels, reduced, true),
			preprocess(b, name+".preprocess1", ".op.1.weight", ".op.2", s1, channels, false, true),
		}
		for e := 0; e < len(edges); e += 2 {
			nodes = append(nodes, b.Node(
				net.chosen(b, fmt.Sprintf("%s._ops.%d", name, e), edges[e], nodes, channels, reduce),
				net.chosen(b, fmt.Sprintf("%s._ops.%d", name, e+1), edges[e+1], nodes, channels, reduce)))
		}
		out := make([]*nn.Node, len(concat))
		for j, c := range concat {
			out[j] = nodes[c]
		}
		s0, s1, reduced = s1, out, reduce
		if net.Auxiliary.Classes > 0 && i == second {
			at, multiplier := "auxiliary_head.features.", b.Multiplier // of the cells alone
			b.Multiplier = nil
			c := b.Pooled(at+"2.weight", at+"3", s1, 128, tensor.Window{K: 5, Stride: 3, Dilation: 1})
			c = b.ThenFull(at+"5.weight", at+"6", c, 768, nn.Kernel{H: 2, W: 2, StrideH: 1, StrideW: 1})
			b.ThroughReLU(b.Auxiliary("auxiliary_head.classifier", net.Auxiliary, AuxiliaryShare, []*nn.Node{b.Node(nn.Term{Source: c, Weight: -1})}))
			b.Multiplier = multiplier
		}
	}
	return s1
}

// chosen is the one operation of a discrete edge.
func (net EvalNet) chosen(b *nn.Builder, name string, e Edge, nodes []*nn.Node, channels int, reduce bool) nn.Term {
	s, stride := nodes[e.From], 1
	if reduce && e.From < 2 {
		stride = 2
	}
	term := nn.Term{Node: s, Stride: stride, Weight: -1, Drop: net.Drops}
	layer := func(n int) string { return fmt.Sprintf("%s.op.%d", name, n) }
	switch e.Op {
	case "max_pool_3x3":
		term.Pool = nn.MaxPool
	case "avg_pool_3x3":
		term.Pool = nn.MeanPool
	case "skip_connect":
		if stride == 1 {
			term.Drop = false
		} else {
			term.Source = b.FactorizedReduce(name+".conv_1.weight", name+".conv_2.weight", name+".bn", []*nn.Node{s}, channels, true)
		}
	case "conv_7x1_1x7":
		c := b.Full(layer(1)+".weight", "", s, channels, nn.Kernel{H: 1, W: 7, StrideH: 1, StrideW: stride, PadW: 3})
		term.Source = b.ThenFull(layer(2)+".weight", layer(3), c, channels, nn.Kernel{H: 7, W: 1, StrideH: stride, StrideW: 1, PadH: 3})
	default:
		term.Source = weighted(b, e.Op, layer, s, stride, true)
	}
	if term.Source != nil {
		term.Node = nil
	}
	return term
}

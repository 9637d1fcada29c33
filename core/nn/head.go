package nn

// MaxClasses is the most classes of a network: a test reports of each pair how often the one was taken for the other.
const MaxClasses = 1024

// Head turns features, the means of nodes' planes, into logits: Σ over the branches of factor·W·f, and the bias. It then takes the
// loss, and its gradient back to the features.
type Head struct {
	Nodes   [][]*Node // of each branch, whose channels follow each other
	ReLU    bool      // read through their ReLU
	Classes int
	Weight  int     // place of Classes × (all features)
	Bias    int     // of the bias; the branches' factors do not touch it, except where …
	Second  int     // … the second branch brings one of its own: factor·bias of each; or -1
	Share   float64 // of the loss, where there are several heads
}

// Features is the number of a branch's features.
func (h *Head) Features(branch int) (n int) {
	for _, node := range h.Nodes[branch] {
		n += node.Sum.C
	}
	return n
}

// Head adds a classifier named name on the means of a list of nodes for each branch. The logits are the first head's; of
// the loss each has its share.
func (b *Builder) Head(name string, classes int, nodes ...[]*Node) *Head {
	h := &Head{Nodes: nodes, Classes: classes, Second: -1, Share: 1}
	in := 0
	for branch, list := range nodes {
		for _, n := range list {
			n.Heads = append(n.Heads, h)
		}
		in += h.Features(branch)
	}
	weights := &b.p.Params.Weights
	h.Weight, h.Bias = weights.Add(name+".weight", in, classes, in), weights.Add(name+".bias", in, classes)
	b.p.MACs += in * classes
	b.heads = append(b.heads, h)
	return h
}

// SecondBias gives the head's second branch a bias of its own.
func (b *Builder) SecondBias(h *Head, name string) {
	h.Second = b.p.Params.Weights.Add(name, h.Features(1), h.Classes)
}

// ThroughReLU has the head read its nodes' ReLU.
func (b *Builder) ThroughReLU(h *Head) {
	h.ReLU = true
	for _, list := range h.Nodes {
		for _, n := range list {
			n.rectify(b)
		}
	}
}

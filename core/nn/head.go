package nn

// MaxClasses is the most classes of a network: a test reports of each pair how often the one was taken for the other.
const MaxClasses = 1024

// Classifier is what a Head is, whatever it reads.
type Classifier struct {
	Classes int
	Cosine  bool // logits are the cosines of weights and features, of zeros 0, without a bias (LDAM: Cao et al., 2019)
}

// Head turns features, the means of nodes' planes, into logits: Σ over the branches of factor·W·f, and the bias. It then takes the
// loss, and its gradient back to the features.
type Head struct {
	Classifier
	Nodes  [][]*Node // of each branch, whose channels follow each other
	ReLU   bool      // read through their ReLU
	Weight int       // place of Classes × (all features)
	Bias   int       // of the bias, or -1; the branches' factors do not touch it, except where …
	Second int       // … the second branch brings one of its own: factor·bias of each; or -1
	Share  float64   // of the loss: an auxiliary head's may be less than 1
	Branch int       // whose labels alone an auxiliary head answers for, from its features at factor 1; or -1
}

// Features is the number of a branch's features.
func (h *Head) Features(branch int) (n int) {
	for _, node := range h.Nodes[branch] {
		n += node.Sum.C
	}
	return n
}

// Columns is the number of all branches' features.
func (h *Head) Columns() (n int) {
	for branch := range h.Nodes {
		n += h.Features(branch)
	}
	return n
}

// Head adds the network's classifier, named name, on the means of a list of nodes for each branch.
func (b *Builder) Head(name string, c Classifier, nodes ...[]*Node) *Head {
	h := b.head(name, c, nodes)
	h.Share, h.Branch = 1, -1
	b.heads = append(b.heads, h)
	return h
}

// Auxiliary adds a classifier on nodes of the branch under way, which serves training alone: the share of its loss on that branch's
// labels adds to the loss.
func (b *Builder) Auxiliary(name string, c Classifier, share float64, nodes []*Node) *Head {
	own := make([][]*Node, b.branch+1)
	own[b.branch] = nodes
	h := b.head(name, c, own)
	h.Share, h.Branch = share, b.branch
	b.auxiliary = append(b.auxiliary, h)
	return h
}

func (b *Builder) head(name string, c Classifier, nodes [][]*Node) *Head {
	h := &Head{Classifier: c, Nodes: nodes, Bias: -1, Second: -1}
	for _, list := range nodes {
		for _, n := range list {
			n.Heads = append(n.Heads, h)
		}
	}
	weights, in := &b.p.Params.Weights, h.Columns()
	h.Weight = weights.Add(name+".weight", in, c.Classes, in)
	if !c.Cosine {
		h.Bias = weights.Add(name+".bias", in, c.Classes)
	}
	b.p.MACs += in * c.Classes
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

package nn

import (
	"math"
	"math/rand/v2"
	"slices"

	"hlrslab/core/tensor"
)

// MaxTerms bounds the terms of a node: 7 operations on each of its edges, and one more.
const MaxTerms = 64

// A Source computes a map that is read through its BatchNorm: a Conv or a Stem.
type Source interface {
	output() (FeatureMap, *BatchNorm) // the norm is nil if there is none
	receive(grad FeatureMap, weight int)
	inert() bool
	ready() int
	undo(b *Builder, level int)
}

// Pooling says how a Term reads a node.
type Pooling int

// A Term reads the node itself, its 3×3 pool, its pixels at each multiple of the stride, or the maximum of each square of 2×2.
const (
	Identity Pooling = iota
	MaxPool
	MeanPool
	Subsample
	HalvingMaxPool
)

// Max says whether the pool is a maximum.
func (p Pooling) Max() bool { return p == MaxPool || p == HalvingMaxPool }

// Term is one summand of a node as it is declared: the normalised output of a source, or a node, its ReLU, or a pool of either. A
// node that has fewer channels than the sum is read with zeros for as many before them as behind (ResNet's option A).
type Term struct {
	Source Source
	Node   *Node
	ReLU   bool // of the node
	Pool   Pooling
	Stride int
	Norm   string // pools: name of the BatchNorm without affine part that follows; empty for none
	Weight int    // place among the operation weights; -1 is weight 1
	Drop   bool   // whether drop path may drop it
	// Channels are those of a node that the sum's channels read, each at most once, or -1 for a zero; nil: its own.
	Channels []int
}

// Read is one summand of a node as it is computed: a map, through its BatchNorm if it has one.
type Read struct {
	Map    FeatureMap
	Norm   *BatchNorm
	Weight int        // place among the operation weights; -1 is weight 1
	Drop   int        // place among the masks of drop path; -1 is never dropped
	Grad   FeatureMap // upstream gradient of what is read, before the weight: the node's own, or that masked

	from, to []int // nil where the channels are the sum's own
}

// From is the map's channel that the sum's channel ch reads, or -1 if it reads a zero.
func (r *Read) From(ch int) int {
	if r.from == nil {
		return ch
	}
	return r.from[ch]
}

// To is the sum's channel that reads the map's channel ch, or -1 if none does.
func (r *Read) To(ch int) int {
	if r.to == nil {
		return ch
	}
	return r.to[ch]
}

// sort has the sum's channels read those of the map.
func (r *Read) sort(channels []int) {
	r.from, r.to = channels, slices.Repeat([]int{-1}, r.Map.C)
	for ch, from := range channels {
		if from < 0 {
			continue
		}
		if r.to[from] >= 0 {
			panic("nn: two channels of a sum read one")
		}
		r.to[from] = ch
	}
}

// padded are channels zeros, as many before the others as behind.
func padded(channels, of int) []int {
	out := slices.Repeat([]int{-1}, of)
	for ch := range channels {
		out[(of-channels)/2+ch] = ch
	}
	return out
}

// Pool is a pool of a node, computed once for all its readers.
type Pool struct {
	Kind   Pooling
	ReLU   bool // of the node's ReLU
	Stride int
	Out    FeatureMap
	Norm   *BatchNorm // nil if there is none
	Uses   []Use
}

// Use is one node that reads another, its ReLU or its pool, as its term.
type Use struct {
	By   *Node
	Term int
}

// Node is a map that others read: a weighted sum of terms, with its ReLU and its pools.
type Node struct {
	Branch           int
	Sum, ReLU, Grad  FeatureMap // a ReLU of no channels is read by nobody
	Reads            []Read
	Pools            []*Pool
	Uses, ThroughUse []Use // by terms of the sum, and of the ReLU
	Readers          []*Conv
	Heads            []*Head
	Inert            bool // no mixed operation lies before it: its gradient serves weights alone

	terms  []Term
	level  int // of the forward pass
	undone int // of the backward pass
}

// Node adds the weighted sum of terms.
func (b *Builder) Node(terms ...Term) *Node {
	n := &Node{Branch: b.branch, terms: terms, Inert: true}
	for i, t := range terms {
		n.Inert = n.Inert && t.Weight < 0 && (t.Source == nil || t.Source.inert()) && (t.Node == nil || t.Node.Inert)
		b.p.OpWeights = max(b.p.OpWeights, t.Weight+1)
		r, level := Read{Weight: t.Weight, Drop: -1}, 0
		switch {
		case t.Source != nil:
			r.Map, r.Norm = t.Source.output()
			if r.Norm == nil && t.Weight >= 0 {
				panic("nn: a source without BatchNorm cannot be weighed")
			}
			level = t.Source.ready()
		case t.Pool != Identity:
			p := t.Node.pool(b, t)
			r.Map, r.Norm, level = p.Out, p.Norm, t.Node.level
			p.Uses = append(p.Uses, Use{n, i})
		case t.ReLU:
			t.Node.rectify(b)
			r.Map, level = t.Node.ReLU, t.Node.level
			t.Node.ThroughUse = append(t.Node.ThroughUse, Use{n, i})
		default:
			r.Map, level = t.Node.Sum, t.Node.level
			t.Node.Uses = append(t.Node.Uses, Use{n, i})
		}
		n.Reads = append(n.Reads, r)
		n.level = max(n.level, level+1)
	}
	m := n.Reads[0].Map
	for i, r := range n.Reads {
		if terms[i].Channels != nil {
			r.Map.C = len(terms[i].Channels)
		}
		if m.C = max(m.C, r.Map.C); i == 0 {
			m.C = r.Map.C
		}
	}
	b.enter(n, m.C, m.H, m.W)
	for i, t := range terms {
		r := &n.Reads[i]
		switch {
		case t.Channels != nil:
			r.sort(t.Channels)
		case r.Map.C < m.C:
			r.sort(padded(r.Map.C, m.C))
		}
		if r.from != nil && t.Source != nil {
			panic("nn: a source has other channels than the sum")
		}
		if r.Grad = n.Grad; t.Drop {
			r.Grad, r.Drop = b.alloc(m.C, m.H, m.W), b.p.Drops
			b.p.Drops++
		}
		if t.Source != nil {
			t.Source.receive(r.Grad, t.Weight)
		}
	}
	return n
}

// DropPath draws the masks of a pass: each term that may be is dropped for each image with probability p on its own, and
// made up for in the others (drop path: Larsson et al., 2017).
func DropPath(masks []float32, p float64, rng *rand.Rand) {
	for i := range masks {
		if masks[i] = float32(1 / (1 - p)); rng.Float64() < p {
			masks[i] = 0
		}
	}
}

// enter lays out a node and schedules its forward pass.
func (b *Builder) enter(n *Node, c, h, w int) {
	n.Sum, n.Grad = b.alloc(c, h, w), b.alloc(c, h, w)
	b.use(n.Sum, n.level)
	for _, r := range n.Reads {
		b.use(r.Map, n.level)
	}
	add(&b.p.Forward, n.level, n)
	b.nodes = append(b.nodes, n)
}

// rectify has the node make its ReLU.
func (n *Node) rectify(b *Builder) {
	if n.ReLU.C == 0 {
		n.ReLU = b.allocTo(n.Branch, n.Sum.C, n.Sum.H, n.Sum.W)
	}
}

// pool returns the pool that t asks for, adding it if it is new.
func (n *Node) pool(b *Builder, t Term) *Pool {
	if t.ReLU {
		n.rectify(b)
	}
	for _, p := range n.Pools {
		if p.Kind == t.Pool && p.ReLU == t.ReLU && p.Stride == t.Stride && (p.Norm != nil) == (t.Norm != "") {
			return p
		}
	}
	p := &Pool{Kind: t.Pool, ReLU: t.ReLU, Stride: t.Stride}
	w := p.Window()
	p.Out = b.alloc(n.Sum.C, w.Out(n.Sum.H), w.Out(n.Sum.W))
	p.Norm = b.newNorm(t.Norm, p.Out, false)
	n.Pools = append(n.Pools, p)
	return p
}

// Gated says whether the ReLU is all that is read of n; then the backward pass does without the sum.
func (n *Node) Gated() bool {
	return len(n.Reads) > 0 && n.ReLU.C > 0 && len(n.Uses) == 0 && !slices.ContainsFunc(n.Pools, func(p *Pool) bool { return !p.ReLU }) &&
		!slices.ContainsFunc(n.Heads, func(h *Head) bool { return !h.ReLU })
}

// Drops says whether a term of n may be dropped.
func (n *Node) Drops() bool {
	return slices.ContainsFunc(n.Reads, func(r Read) bool { return r.Drop >= 0 })
}

// undo schedules the backward pass of n and of its terms' sources.
func (n *Node) undo(b *Builder) {
	level := 0
	for _, c := range n.Readers {
		level = max(level, c.undone+1)
	}
	for u := range n.uses() {
		level = max(level, u.By.undone+1)
	}
	n.undone = level
	b.use(n.Grad, back(level))
	if !n.Gated() {
		b.use(n.Sum, back(level))
	} else if !n.Drops() { // the terms are added up where their ReLU belongs
		b.p.Maps[n.Sum.ID].From, b.p.Maps[n.Sum.ID].To = math.MaxInt, -1
	}
	if n.ReLU.C > 0 {
		b.use(n.ReLU, n.level)
		b.use(n.ReLU, back(level))
	}
	for u := range n.uses() {
		b.use(u.By.Reads[u.Term].Grad, back(level))
	}
	for _, p := range n.Pools {
		b.use(p.Out, n.level)
		b.use(p.Out, back(level))
	}
	for _, r := range n.Reads {
		b.use(r.Map, back(level))
		b.use(r.Grad, back(level))
	}
	add(&b.p.Backward, level, n)
	for _, t := range n.terms {
		if t.Source != nil {
			t.Source.undo(b, level)
		}
	}
}

// Window is what a pool reads.
func (p *Pool) Window() tensor.Window {
	w := tensor.Window{K: 3, Stride: p.Stride, Dilation: 1, Pad: 1}
	switch p.Kind {
	case Subsample:
		w.K, w.Pad = 1, 0
	case HalvingMaxPool:
		w.K, w.Pad = 2, 0
	}
	return w
}

// uses lists all terms that read n, its ReLU or its pools.
func (n *Node) uses() func(yield func(Use) bool) {
	return func(yield func(Use) bool) {
		lists := [][]Use{n.Uses, n.ThroughUse}
		for _, p := range n.Pools {
			lists = append(lists, p.Uses)
		}
		for _, list := range lists {
			for _, u := range list {
				if !yield(u) {
					return
				}
			}
		}
	}
}

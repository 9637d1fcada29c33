package nn

import (
	"fmt"
	"math"
	"slices"

	"hlrslab/core/approx"
)

// Builder declares a network for a fixed batch, layer by layer, and compiles it to a Program. Layers of different branches that
// name their parameters alike share them.
type Builder struct {
	Multiplier *approx.Multiplier // of Convs that are declared from here on

	p      Program
	branch int
	nodes  []*Node
	groups []*GradientGroup // of the branch that Compile has come to

	heads, auxiliary []*Head
	tooSmall         error
}

// NewBuilder begins a network for batches of batch images of size × size with three channels, whose parameters are laid out
// in store.
func NewBuilder(store *Store, batch, size int) *Builder {
	b := &Builder{p: Program{Params: store, Batch: batch}}
	b.input(size)
	return b
}

// Branch begins the next branch, which has a batch of its own.
func (b *Builder) Branch() {
	b.branch++
	b.input(b.p.Inputs[0].H)
}

func (b *Builder) input(size int) {
	in := b.alloc(3, size, size)
	b.use(in, 0)
	b.use(in, math.MaxInt) // it is there for all passes on a batch
	b.p.Inputs = append(b.p.Inputs, in)
}

// alloc adds a feature map to the branch under way, allocTo to any.
func (b *Builder) alloc(c, h, w int) FeatureMap { return b.allocTo(b.branch, c, h, w) }

func (b *Builder) allocTo(branch, c, h, w int) FeatureMap {
	m := FeatureMap{len(b.p.Maps), c, h, w}
	b.p.Maps = append(b.p.Maps, Lifetime{m, branch, math.MaxInt, -1})
	return m
}

// use says that m holds something at a level.
func (b *Builder) use(m FeatureMap, level int) {
	l := &b.p.Maps[m.ID]
	l.From, l.To = min(l.From, level), max(l.To, level)
}

// back is a level of the backward pass among all levels.
func back(level int) int { return BackwardLevel + level }

// add enters an operation in a level.
func add(levels *[][]Op, level int, op Op) {
	for len(*levels) <= level {
		*levels = append(*levels, nil)
	}
	(*levels)[level] = append((*levels)[level], op)
}

// MACs are the multiply-adds of what is declared so far: see Program.
func (b *Builder) MACs() int { return b.p.MACs }

// Approximate are those of them that a Multiplier multiplies: see Program.
func (b *Builder) Approximate() (depthwise, pointwise int) { return b.p.Depthwise, b.p.Pointwise }

// Compile closes the network. It fails if there are more classes than MaxClasses, or if a map is too small for a convolution.
func (b *Builder) Compile() (*Program, error) {
	if b.tooSmall != nil {
		return nil, b.tooSmall
	}
	for branch := range b.p.Inputs {
		b.unwind(branch)
	}
	last := len(b.p.Forward)
	for _, h := range append(b.heads, b.auxiliary...) {
		add(&b.p.Forward, last, h)
		if h.Classes > MaxClasses {
			return nil, fmt.Errorf("%d classes, and a network tells %d apart", h.Classes, MaxClasses)
		}
	}
	return &b.p, nil
}

// unwind schedules the backward pass of a branch: what is made last is undone first.
func (b *Builder) unwind(branch int) {
	for _, n := range slices.Backward(b.nodes) {
		if n.Branch == branch {
			n.undo(b)
		}
	}
	// The first to send a channel a gradient sets it, the others add theirs.
	slices.SortStableFunc(b.groups, func(g, h *GradientGroup) int { return g.level - h.level })
	seen := map[Channel]bool{}
	for _, g := range b.groups {
		for _, c := range g.Convs {
			for ch, from := range c.From {
				c.Sets[ch] = !seen[from]
				seen[from] = true
			}
		}
		add(&b.p.Backward, g.level, g)
	}
	b.groups = nil
}

// GradientGroup is the Convs of one backward level that send gradients to the same nodes: they run one after the other.
type GradientGroup struct {
	Convs []*Conv

	level int
	nodes []*Node
}

// join enters c with those that share a node with it, which may bring groups together.
func (b *Builder) join(level int, c *Conv) {
	var own *GradientGroup
	b.groups = slices.DeleteFunc(b.groups, func(g *GradientGroup) bool {
		if g.level != level || !slices.ContainsFunc(c.In, func(n *Node) bool { return slices.Contains(g.nodes, n) }) {
			return false
		}
		if own == nil {
			own = g
			return false
		}
		own.nodes, own.Convs = append(own.nodes, g.nodes...), append(own.Convs, g.Convs...)
		return true
	})
	if own == nil {
		own = &GradientGroup{level: level}
		b.groups = append(b.groups, own)
	}
	own.nodes, own.Convs = append(own.nodes, c.In...), append(own.Convs, c)
}

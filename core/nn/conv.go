package nn

import (
	"fmt"

	"hlrslab/core/approx"
	"hlrslab/core/tensor"
)

// ViewKind says what a View is.
type ViewKind int

// A view is a window that learns, a mean over a window, or a selection of single elements.
const (
	Windowed ViewKind = iota
	Mean
	Selection
)

// View is a map made of each input channel: one of a Part's inputs.
type View struct {
	Kind   ViewKind
	Window tensor.Window // of Windowed and Mean
	Y, X   tensor.Axis   // of a Selection
}

// Part is one matrix of a Conv: rows out of all views of all input channels.
type Part struct {
	Views     []View // of each channel; none reads the channels as they are
	Depthwise int    // place of the windows' weights: Conv.Inputs × Kernel
	Kernel    int    // weights of a window; 0 where views do not learn
	Pointwise int    // place of the matrix: Rows × Columns
	Columns   int    // views × input channels, a channel's views together
	Row, Rows int    // output channels
}

// Channel is one input channel of a Conv: a channel of a node's ReLU.
type Channel struct {
	Node    *Node
	Channel int
}

// Conv is a convolution's window (depthwise, fixed, or none), a 1×1 product and a BatchNorm: the one weighted building block
// of the DARTS space.
//
// With a Multiplier, window and product are two convolutions of 8-bit numbers, each of the codes of its input and of its weights by their
// own ranges, an input's being that over the whole batch of the branch at every pass; what lies outside a map has the code of 0, and is
// multiplied like all else. Gradients are those of the convolution of what the codes stand for, whatever the products are, and stop at
// what is beyond the codes' ends (straight-through: Bengio et al., 2013).
type Conv struct {
	Branch  int
	In      []*Node // it reads the channels of their ReLUs, or …
	Before  *Conv   // … the ReLU of a Conv's normalised output, or, if that has no BatchNorm, that output
	Inputs  int
	From    []Channel // of each input channel, if it reads nodes
	Sets    []bool    // whether it is the first to send that channel a gradient
	Parts   []Part
	H, W    int // of the views and the output
	Out     FeatureMap
	Norm    *BatchNorm // nil if there is none
	Grad    FeatureMap // upstream gradient, of the normalised output
	Weight  int        // operation weight of the term that it serves; -1 is weight 1
	Inert   bool       // no mixed operation lies before it: its gradient serves weights alone
	channel FeatureMap // shape of the input

	Multiplier *approx.Multiplier // nil multiplies in single precision
	Middle     FeatureMap         // what a multiplier's window makes, if there is one

	level  int // of the forward pass
	undone int // of the backward pass, at which the inputs' gradient is there
}

// Separable adds [ReLU,] depthwise window, 1×1 convolution and BatchNorm on a node. Names are those
// of the reference: prefix.opN.weight for the depthwise and opN+1 for the pointwise kernel.
func (b *Builder) Separable(dw, pw, bn string, in *Node, w tensor.Window, affine bool) *Conv {
	return b.separable(b.on(in), dw, pw, bn, w, affine)
}

// Then adds the second half of a separable convolution to the first.
func (b *Builder) Then(dw, pw, bn string, first *Conv, w tensor.Window, affine bool) *Conv {
	return b.separable(b.after(first), dw, pw, bn, w, affine)
}

func (b *Builder) separable(c *Conv, dw, pw, bn string, w tensor.Window, affine bool) *Conv {
	n := c.Inputs
	p := Part{Views: []View{{Window: w}}, Kernel: w.K * w.K}
	p.Depthwise = b.p.Params.Weights.Add(dw, w.K*w.K, n, 1, w.K, w.K)
	return b.finish(c, bn, w.Out(c.channel.H), w.Out(c.channel.W), affine, b.matrix(c, p, pw, n, 1, 1))
}

// Pointwise adds ReLU, 1×1 convolution to out channels and BatchNorm on the concatenation of in.
func (b *Builder) Pointwise(name, bn string, in []*Node, out int, affine bool) *Conv {
	c := b.on(in...)
	return b.finish(c, bn, c.channel.H, c.channel.W, affine, b.matrix(c, Part{}, name, out, 1, 1))
}

// FactorizedReduce adds ReLU, two 1×1 convolutions with stride 2, the second shifted by one pixel,
// to half of the out channels each, and BatchNorm. The shifted one reads zeros outside an odd map.
func (b *Builder) FactorizedReduce(name1, name2, bn string, in []*Node, out int, affine bool) *Conv {
	c := b.on(in...)
	h, w := (c.channel.H+1)/2, (c.channel.W+1)/2
	var parts []Part
	for i, name := range []string{name1, name2} {
		p := Part{Row: i * (out / 2), Views: []View{selection(tensor.Axis{Off: i, Stride: 2, Out: h}, tensor.Axis{Off: i, Stride: 2, Out: w})}}
		parts = append(parts, b.matrix(c, p, name, out/2, 1, 1))
	}
	return b.finish(c, bn, h, w, affine, parts...)
}

// Kernel is the geometry of a full convolution: H × W, padding on either side.
type Kernel struct{ H, W, StrideH, StrideW, PadH, PadW int }

// Full adds ReLU and a full convolution to out channels on a node; BatchNorm with affine part follows if bn names one.
func (b *Builder) Full(name, bn string, in *Node, out int, k Kernel) *Conv {
	return b.full(b.on(in), name, bn, out, k)
}

// ThenFull adds such a convolution to a Conv: on the ReLU of its normalised output, or, if it has no BatchNorm, on that output.
func (b *Builder) ThenFull(name, bn string, first *Conv, out int, k Kernel) *Conv {
	return b.full(b.after(first), name, bn, out, k)
}

func (b *Builder) full(c *Conv, name, bn string, out int, k Kernel) *Conv {
	h := (c.channel.H+2*k.PadH-k.H)/k.StrideH + 1
	w := (c.channel.W+2*k.PadW-k.W)/k.StrideW + 1
	var p Part
	for y := range k.H {
		for x := range k.W {
			p.Views = append(p.Views, selection(tensor.Axis{Off: y - k.PadH, Stride: k.StrideH, Out: h}, tensor.Axis{Off: x - k.PadW, Stride: k.StrideW, Out: w}))
		}
	}
	return b.finish(c, bn, h, w, true, b.matrix(c, p, name, out, k.H, k.W))
}

// Pooled adds ReLU, a mean over windows without padding, a 1×1 convolution to out channels and BatchNorm with affine part.
func (b *Builder) Pooled(name, bn string, in []*Node, out int, w tensor.Window) *Conv {
	c := b.on(in...)
	p := Part{Views: []View{{Kind: Mean, Window: w}}}
	height, width := w.Out(c.channel.H), w.Out(c.channel.W)
	if min(c.channel.H, c.channel.W) < w.K {
		height = 0 // no window fits
	}
	return b.finish(c, bn, height, width, true, b.matrix(c, p, name, out, 1, 1))
}

func selection(y, x tensor.Axis) View { return View{Kind: Selection, Y: y, X: x} }

// on begins a Conv that reads the ReLU of nodes, and after one that reads a Conv's output.
func (b *Builder) on(in ...*Node) *Conv {
	n := 0
	for _, node := range in {
		n += node.Sum.C
	}
	return &Conv{In: in, Inputs: n, channel: in[0].Sum}
}

func (b *Builder) after(first *Conv) *Conv {
	m := first.Out
	first.Grad = b.alloc(m.C, m.H, m.W)
	return &Conv{Before: first, Inputs: m.C, channel: m}
}

// matrix gives a part its product, the weights of a kernel of kh × kw for each row and channel.
func (b *Builder) matrix(c *Conv, p Part, name string, rows, kh, kw int) Part {
	p.Rows, p.Columns = rows, c.Inputs*max(1, len(p.Views))
	p.Pointwise = b.p.Params.Weights.Add(name, c.Inputs*kh*kw, rows, c.Inputs, kh, kw)
	return p
}

// finish completes a Conv of the parts with an output of h × w, and schedules its forward pass.
func (b *Builder) finish(c *Conv, bn string, h, w int, affine bool, parts ...Part) *Conv {
	if min(h, w) < 1 && b.tooSmall == nil {
		b.tooSmall = fmt.Errorf("a map of %d × %d pixels is too small for what reads it", c.channel.H, c.channel.W)
	}
	last := parts[len(parts)-1]
	c.Branch, c.Parts, c.H, c.W, c.Weight, c.Multiplier = b.branch, parts, h, w, -1, b.Multiplier
	if c.Multiplier != nil && last.Kernel > 0 {
		c.Middle = b.alloc(c.Inputs, h, w)
	}
	c.Out = b.alloc(last.Row+last.Rows, h, w)
	c.Norm = b.newNorm(bn, c.Out, affine)
	c.Inert = c.Before == nil || c.Before.Inert
	if c.Before != nil {
		c.level = c.Before.level + 1
	}
	for _, n := range c.In {
		c.level = max(c.level, n.level+1)
		c.Inert = c.Inert && n.Inert
		n.rectify(b)
		n.Readers = append(n.Readers, c)
		for ch := range n.Sum.C {
			c.From = append(c.From, Channel{n, ch})
		}
	}
	c.Sets = make([]bool, len(c.From))
	for _, p := range c.Parts {
		b.p.MACs += (p.Kernel*c.Inputs + p.Rows*p.Columns) * h * w
		if c.Multiplier != nil {
			b.p.Depthwise += p.Kernel * c.Inputs * h * w
			b.p.Pointwise += p.Rows * p.Columns * h * w
		}
	}
	c.use(b, c.level)
	add(&b.p.Forward, c.level, c)
	return c
}

// use says that the output and what it is made of are used at a level.
func (c *Conv) use(b *Builder, level int) {
	b.use(c.Out, level)
	if c.Middle.C > 0 {
		b.use(c.Middle, level)
	}
	for _, n := range c.In {
		b.use(n.ReLU, level)
	}
	if c.Before != nil {
		b.use(c.Before.Out, level)
	}
}

// undo schedules the backward pass of c after level, at which its normalisation's gradient is there.
func (c *Conv) undo(b *Builder, level int) {
	level++
	c.undone = level
	c.use(b, back(level))
	b.use(c.Grad, back(level))
	if c.Before == nil {
		for _, n := range c.In {
			b.use(n.Grad, back(level))
		}
		b.join(level, c)
		return
	}
	b.use(c.Before.Grad, back(level))
	add(&b.p.Backward, level, c)
	c.Before.undo(b, level)
}

func (c *Conv) output() (FeatureMap, *BatchNorm) { return c.Out, c.Norm }
func (c *Conv) inert() bool                      { return c.Inert }
func (c *Conv) ready() int                       { return c.level }

func (c *Conv) receive(grad FeatureMap, weight int) {
	c.Grad = grad
	for ; c != nil; c = c.Before {
		c.Weight = weight
	}
}

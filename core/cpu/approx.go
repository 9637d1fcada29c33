package cpu

import (
	"hlrslab/core/approx"
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// exactColumns is how many products add up to less than 2²⁴, whatever the multiplier: longer sums are rounded between so many.
const exactColumns = 128

// coded is a Conv whose products are a multiplier's: what it reads is turned to codes, in a worker's scratch, and these to sums of
// products. There are two ways to these, of the same bits: a product of two factors is left to the kernels of single precision, others
// are looked up.
type coded struct {
	*conv
	products *products
	middle   *extent  // of what the window makes; nil without one
	kernels  *codes   // its weights'
	matrices []*codes // of each part

	windowParts int
}

// products are a multiplier's: for each weight's code those with all inputs' codes, and, if they are of two, the factors.
type products struct {
	byWeight [256]tensor.Entries
	factor   *tensor.Entries
}

// codes are those of an array of weights, in the executor's, and what they stand for.
type codes struct {
	at, n int
	approx.Quantised
}

// extent finds the range of a map, chunk by chunk and channel by channel.
type extent struct {
	parts [][]approx.Range
	approx.Range
}

func (b *branch) newExtent(channels int) *extent {
	x := &extent{parts: make([][]approx.Range, len(b.sizes))}
	for k := range x.parts {
		nn.Reserve(&b.e.p.Params.Memory, &x.parts[k], channels)
	}
	return x
}

func (x *extent) measure(k, ch int, v []float32) {
	lo, hi := tensor.Limits(v)
	x.parts[k][ch] = approx.Range{Low: lo, High: hi}
}

// finish puts the channels' ranges together, each as it is read.
func (x *extent) finish(read func(ch int, v float32) float32) {
	x.Range = approx.Empty()
	for _, channels := range x.parts {
		for ch, r := range channels {
			a, b := read(ch, r.Low), read(ch, r.High)
			x.Range = x.With(approx.Range{Low: min(a, b), High: max(a, b)})
		}
	}
}

func plain(_ int, v float32) float32 { return v }

// read is value v of channel ch as others read it.
func (n *norm) read(ch int, v float32) float32 {
	return max(n.shift[ch]+float32(n.scale[ch]*v), n.floor)
}

// newCoded returns c as its multiplier has it, or nil without one.
func newCoded(c *conv) *coded {
	b := c.b
	if c.Multiplier == nil {
		return nil
	}
	d := &coded{conv: c, products: b.e.productsOf(c.Multiplier), windowParts: 1}
	in, plane := c.inputMap(), b.plane(c.window, 0)
	if c.before != nil && c.before.extent == nil {
		c.before.extent = b.newExtent(c.Inputs)
	}
	for _, p := range c.parts {
		if p.Kernel > 0 {
			w := p.Views[0].Window
			d.middle = b.newExtent(c.Inputs)
			d.kernels = b.e.codesOf(p.Depthwise, c.Inputs*p.Kernel)
			b.maxCodes = max(b.maxCodes, (in.H*in.W+(in.H+2*w.Pad)*(in.W+2*w.Pad))*b.sizes[0])
			b.maxKernel, b.maxMatrix = max(b.maxKernel, p.Kernel), max(b.maxMatrix, 2*p.Kernel)
		}
		d.matrices = append(d.matrices, b.e.codesOf(p.Pointwise, p.Rows*p.Columns))
		b.maxCodes = max(b.maxCodes, p.Columns*plane+b.plane(in, 0))
		b.maxWindow = max(b.maxWindow, 2*tensor.Lanes*plane)
		b.maxRows, b.maxMatrix = max(b.maxRows, p.Columns+2), max(b.maxMatrix, p.Rows*(min(p.Columns, exactColumns)+2))
	}
	return d
}

// productsOf are the multiplier's, made once.
func (e *executor) productsOf(m *approx.Multiplier) *products {
	if p := e.products[m]; p != nil {
		return p
	}
	p := &products{}
	for a, row := range m.Table() {
		for w, v := range row {
			p.byWeight[w][a] = float32(v)
		}
	}
	if m.Factor != nil {
		p.factor = new(tensor.Entries)
		for a, v := range m.Factor {
			p.factor[a] = float32(v)
		}
	}
	e.products[m] = p
	return p
}

// codesOf are those of n weights from a place on, which are made as a pass begins; branches share them.
func (e *executor) codesOf(at, n int) *codes {
	if c := e.codesAt[at]; c != nil {
		return c
	}
	if len(e.codesAt) == 0 {
		nn.Reserve(&e.p.Params.Memory, &e.codes, e.p.Params.Weights.Total)
		nn.Reserve(&e.p.Params.Memory, &e.decoded, e.p.Params.Weights.Total)
	}
	c := &codes{at: at, n: n}
	e.codesAt[at] = c
	e.prepares = append(e.prepares, func() {
		w := e.pass.Weights[at:][:n]
		c.Quantised = approx.Quantise(tensor.Limits(w))
		for i, v := range w {
			q := c.Code(v)
			e.codes[at+i], e.decoded[at+i] = q, c.Value(q)
		}
	})
	return c
}

// inputs are the codes of what the Conv reads, and whether some of it is beyond their ends.
func (c *coded) inputs() (q approx.Quantised, beyond bool) {
	r := approx.Empty()
	if c.before != nil {
		r = c.before.extent.Range
	}
	for _, n := range c.nodes {
		r = r.With(n.extent.Range)
	}
	q = approx.Quantise(r.Low, r.High)
	return q, !q.Within(r.Low) || !q.Within(r.High)
}

// multiplied are the codes of what part i's matrix reads, and of its weights.
func (c *coded) multiplied(i int) (in, weights approx.Quantised) {
	if c.middle != nil {
		return approx.Quantise(c.middle.Low, c.middle.High), c.matrices[i].Quantised
	}
	in, _ = c.inputs()
	return in, c.matrices[i].Quantised
}

// encode sets dst to the codes of the plane at src, by way of the worker's first plane.
func (c *coded) encode(dst []uint8, src int, q approx.Quantised, worker int) {
	mem, to := c.b.mem, c.b.plane1[worker]
	scale, shift := q.Affine()
	tap, w := [1]tensor.Tap{}, [1]float32{scale}
	tensor.Sum(mem, to, src, len(dst), tap[:], w[:], shift, 0, false)
	tensor.Codes(dst, mem[to:])
}

// source is where channel ch of what the Conv reads lies.
func (c *coded) source(k, ch, worker int) int {
	if c.before == nil {
		return c.input(k, ch)
	}
	c.before.relu(k, ch, c.b.plane1[worker])
	return c.b.plane1[worker]
}

func (c *coded) splitWindows(parts int) int {
	c.windowParts = max(1, min(parts, c.Inputs))
	return c.windowParts
}

// windows takes some channels of chunk k through the window.
func (c *coded) windows(k, task, worker int) {
	if !c.live() {
		return
	}
	b, p, images := c.b, &c.parts[0], c.b.sizes[k]
	mem, w, in, plan := b.mem, p.Views[0].Window, c.inputMap(), p.views[0].forward[b.variant(k)]
	q, _ := c.inputs()
	weights := c.kernels
	from, to := share(task, c.windowParts, c.Inputs, 1)
	flat := b.codes[worker][:b.length(in, k)]
	row := (in.W + 2*w.Pad) * images
	padded := b.codes[worker][len(flat):][:(in.H+2*w.Pad)*row]
	kernel, factors, zeros := b.kernel[worker][:p.Kernel], b.matrix[worker][:p.Kernel], b.matrix[worker][p.Kernel:][:p.Kernel]
	scale, tap := [1]float32{q.Scale * weights.Scale}, [1]tensor.Tap{}
	for i := range padded {
		padded[i] = q.Zero
	}
	for i := range zeros {
		zeros[i] = -float32(weights.Zero)
	}
	away := c.away(q, worker)
	for ch := from; ch < to; ch++ {
		c.encode(flat, c.source(k, ch, worker), q, worker)
		at, length := b.at(c.Middle, k, ch), b.length(c.Middle, k)
		of, out := b.e.codes[p.Depthwise+ch*p.Kernel:][:p.Kernel], mem[at:][:length]
		if c.products.factor != nil && q.Zero == 0 { // whose product with any code is 0: nothing outside the map counts
			for i, w := range of {
				factors[i] = c.products.factor[w]
			}
			tensor.Lookup(mem[b.plane2[worker]:], flat, c.products.factor)
			plan.Sum(mem, at, b.plane2[worker], factors, false)
		} else {
			var rest float32
			for i, w := range of {
				kernel[i] = &c.products.byWeight[w]
				rest -= float32(q.Zero) * float32(w)
			}
			for i := range out {
				out[i] = rest
			}
			for y := range in.H {
				copy(padded[(y+w.Pad)*row+w.Pad*images:], flat[y*in.W*images:][:in.W*images])
			}
			c.slide(out, padded, kernel, w, row, images)
		}
		tensor.Lookup(mem[b.plane1[worker]:], flat, away)
		plan.Sum(mem, at, b.plane1[worker], zeros, true)
		tensor.Sum(mem, at, at, length, tap[:], scale[:], 0, tensor.NoFloor, false)
		c.middle.measure(k, ch, out)
	}
}

// finishWindows ends what needs all chunks.
func (c *coded) finishWindows() {
	if c.live() {
		c.middle.finish(plain)
	}
}

// slide adds a window's products to an output plane, rows of codes being row apart.
func (c *coded) slide(out []float32, padded []uint8, kernel []*tensor.Entries, w tensor.Window, row, images int) {
	pixels := 1 // that lie side by side in both
	if w.Stride == 1 {
		pixels = c.W
	}
	for y := range c.H {
		for x := 0; x < c.W; x += pixels {
			dst := out[(y*c.W+x)*images:][:pixels*images]
			for ky := range w.K {
				tensor.LookupAdd(dst, padded[(y*w.Stride+ky*w.Dilation)*row+x*w.Stride*images:], w.Dilation*images, kernel[ky*w.K:][:w.K])
			}
		}
	}
}

// code sets the codes of the views of some input channels, columns plane apart.
func (c *coded) code(k, i, from, to, worker int) (all []uint8, plane int) {
	b, p := c.b, &c.parts[i]
	plane = b.plane(c.window, k)
	all = b.codes[worker]
	q, _ := c.multiplied(i)
	for ch := from; ch < to; ch++ {
		own := all[ch*plane:][:b.length(c.window, k)]
		switch {
		case c.middle != nil:
			c.encode(own, b.at(c.Middle, k, ch), q, worker)
		case len(p.Views) == 0:
			c.encode(own, c.source(k, ch, worker), q, worker)
		default:
			in := c.inputMap()
			flat := all[p.Columns*plane:][:b.length(in, k)]
			c.encode(flat, c.source(k, ch, worker), q, worker)
			for v := range p.Views {
				pick(all[(ch*len(p.Views)+v)*plane:][:len(own)], flat, p.Views[v], in, b.sizes[k], q.Zero)
			}
		}
	}
	return all, plane
}

// pick copies a selection's elements, each of so many images; outside the map is zero.
func pick(dst, src []uint8, v nn.View, in nn.FeatureMap, images int, zero uint8) {
	for y := range v.Y.Out {
		for x := range v.X.Out {
			own := dst[(y*v.X.Out+x)*images:][:images]
			sy, sx := v.Y.Stride*y+v.Y.Off, v.X.Stride*x+v.X.Off
			if sy >= 0 && sy < in.H && sx >= 0 && sx < in.W {
				copy(own, src[(sy*in.W+sx)*images:])
				continue
			}
			for i := range own {
				own[i] = zero
			}
		}
	}
}

// multiply makes what part i has of some output channels of chunk k.
func (c *coded) multiply(k, i, from, to, worker int) {
	p := &c.parts[i]
	if from, to = max(from, p.Row), min(to, p.Row+p.Rows); from >= to {
		return
	}
	codes, plane := c.code(k, i, 0, c.Inputs, worker)
	for first := 0; first < p.Columns; first += exactColumns {
		own, columns := codes[first*plane:], min(exactColumns, p.Columns-first)
		if c.products.factor != nil {
			c.byFactors(k, i, from, to, first, columns, own, plane, worker)
		} else {
			c.byTable(k, i, from, to, first, columns, own, plane, worker)
		}
	}
}

// byTable adds the products of some columns, looked up, to output channels.
func (c *coded) byTable(k, i, from, to, first, columns int, codes []uint8, plane, worker int) {
	b, p, length := c.b, &c.parts[i], c.b.length(c.Out, k)
	in, weights := c.multiplied(i)
	scale, tap := [1]float32{in.Scale * weights.Scale}, [1]tensor.Tap{}
	acc, tall := b.windows[worker], b.tall[worker]
	rows := acc + tensor.Lanes*plane
	for row := from; row < to; row += tensor.Lanes {
		n := min(tensor.Lanes, to-row)
		clear(b.mem[acc:][:tensor.Lanes*length])
		for col := 0; col < columns; col += len(tall) {
			some := tall[:min(len(tall), columns-col)]
			for j := range some {
				for r := range n {
					c.products.tall(&some[j], r, b.e.codes[p.Pointwise+(row-p.Row+r)*p.Columns+first+col+j], in, weights)
				}
			}
			tensor.LookupRows(b.mem, acc, length, codes[col*plane:], plane, some)
		}
		tensor.Transpose(b.mem, rows, plane, acc, tensor.Lanes, length, tensor.Lanes)
		for r := range n {
			tensor.Sum(b.mem, b.at(c.Out, k, row+r), rows+r*plane, length, tap[:], scale[:], 0, tensor.NoFloor, first > 0)
		}
	}
}

// tall sets row r of t to a weight's entries.
func (p *products) tall(t *tensor.Tall, r int, w uint8, in, weights approx.Quantised) {
	ow, rest := float32(weights.Zero), (float32(weights.Zero)-float32(w))*float32(in.Zero)
	for q, v := range &p.byWeight[w] {
		t[q][r] = v - float32(ow*float32(q)) + rest
	}
}

// byFactors is byTable where products are of two factors: a matrix product, with two columns more for what the codes of 0 make of it.
func (c *coded) byFactors(k, i, from, to, first, columns int, codes []uint8, plane, worker int) {
	b, p, length, rows := c.b, &c.parts[i], c.b.length(c.Out, k), to-from
	in, weights := c.multiplied(i)
	factor, sum := c.products.factor, b.plane2[worker]
	taps, matrix, width := b.taps1[worker][:columns+2], b.matrix[worker], columns+2
	clear(b.mem[sum:][:length])
	for col := range columns {
		own, at := codes[col*plane:][:length], b.windows[worker]+col*plane
		tensor.Lookup(b.mem[at:], own, factor)
		tensor.AddCodes(b.mem[sum:], own)
		taps[col] = tensor.Tap{Off: int32(at), W: int32(col)}
	}
	taps[columns] = tensor.Tap{Off: int32(sum), W: int32(columns)}
	for r := range rows {
		own, rest := matrix[r*width:][:width], 0
		for col, w := range b.e.codes[p.Pointwise+(from-p.Row+r)*p.Columns+first:][:columns] {
			own[col] = factor[w]
			rest += int(in.Zero) * (int(weights.Zero) - int(w))
		}
		own[columns], own[columns+1] = -float32(weights.Zero), float32(rest)
	}
	scale, tap := [1]float32{in.Scale * weights.Scale}, [1]tensor.Tap{}
	for col := 0; col < length; col += stripColumns {
		n := min(stripColumns, length-col)
		taps[columns+1] = tensor.Tap{Off: int32(b.ones - col), W: int32(columns + 1)}
		tensor.Product(b.mem, b.tile[worker], stripColumns+planePad, rows, col, n, taps, matrix, width)
		for r := range rows {
			tensor.Sum(b.mem, b.at(c.Out, k, from+r)+col, b.tile[worker]+r*(stripColumns+planePad), n, tap[:], scale[:], 0, tensor.NoFloor, first > 0)
		}
	}
}

// reads is conv.reads of what the codes stand for.
func (c *coded) reads(k, i, from, to, worker int) []tensor.Tap {
	b, p := c.b, &c.parts[i]
	views := len(p.views)
	all, plane := c.code(k, i, from, to, worker)
	q, _ := c.multiplied(i)
	value := c.values(q, worker)
	t := b.taps1[worker][:p.Columns]
	for col := from * views; col < to*views; col++ {
		at := b.windows[worker] + col*plane
		tensor.Lookup(b.mem[at:], all[col*plane:][:b.length(c.window, k)], value)
		t[col] = tensor.Tap{Off: int32(at), W: int32(col)}
	}
	return t[from*views : to*views]
}

// values are what codes stand for.
func (c *coded) values(q approx.Quantised, worker int) *tensor.Entries {
	t := &c.b.entries[worker]
	for i := range t {
		t[i] = q.Value(uint8(i))
	}
	return t
}

// away is how far codes are from that of 0.
func (c *coded) away(q approx.Quantised, worker int) *tensor.Entries {
	q.Scale = 1
	return c.values(q, worker)
}

// scatter is conv.scatter, where gradients stop at what is beyond the codes' ends.
func (c *coded) scatter(p *part, k, ch, worker, src, dst int, add bool) {
	b := c.b
	at, own := b.windows[worker]+ch*len(p.views)*b.plane(c.window, k), b.length(c.window, k)
	if c.middle != nil {
		q, _ := c.multiplied(0)
		stop(b.mem[at:][:own], b.values(c.Middle, k, ch), q)
	}
	q, beyond := c.inputs()
	length, to, more := b.length(c.inputMap(), k), dst, add
	if add && beyond {
		to, more = b.plane2[worker], false
	}
	for v := range p.views {
		p.views[v].backward[b.variant(k)].Sum(b.mem, to, at+v*b.plane(c.window, k), c.kernel(p, ch), more || v > 0)
	}
	if beyond {
		stop(b.mem[to:][:length], b.mem[src:][:length], q)
	}
	if to != dst {
		tap := [1]tensor.Tap{}
		tensor.Sum(b.mem, dst, to, length, tap[:], one, 0, tensor.NoFloor, true)
	}
	if !b.e.weighting || p.fixed != nil {
		return
	}
	flat := b.codes[worker][:length]
	c.encode(flat, src, q, worker)
	tensor.Lookup(b.mem[b.plane1[worker]:], flat, c.values(q, worker))
	acc := b.acc[worker]
	clear(acc[:p.Kernel*tensor.Lanes])
	p.views[0].forward[b.variant(k)].Dot(acc, b.mem, at, b.plane1[worker])
	fold(b.partial[k][p.Depthwise+ch*p.Kernel:][:p.Kernel], acc)
	c.kernels.stop(c.b, k, p.Depthwise+ch*p.Kernel, p.Kernel)
}

// stop clears the gradient of what is beyond the ends.
func stop(grad, x []float32, q approx.Quantised) {
	lo, hi := q.Low, q.High
	for i, v := range x[:len(grad)] {
		if v < lo || v > hi {
			grad[i] = 0
		}
	}
}

// stop does so for n of the weights, from a place on, of chunk k.
func (c *codes) stop(b *branch, k, at, n int) {
	stop(b.partial[k][at:][:n], b.e.pass.Weights[at:], c.Quantised)
}

package cpu

import (
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// tiled is a full convolution by tiles (see tensor.Tile), of full chunks. It goes through a chunk in bands of rows of tiles, so that
// what is in hand stays in cache.
type tiled struct {
	*conv
	windows []float32 // 36 × outputs × inputs, made of the weights as a pass begins
	rows    int       // of tiles, of a band
	across  int       // tiles of a row
	line    int       // floats of a row of pixels, and …
	step    int       // … from one to the next where both axes are under way
	band    int       // floats of one value of a band's tiles

	// Places in a worker's scratch: pixels of a row of tiles, one row of tiles with one axis turned, values of all channels and of a group,
	// what the last band has to add to the next one's first rows; and the windows' gradient, and two matrices on the way to it.
	pixels, turned, values, group, carry, grad, flat, sums int
}

// groupChannels is how many channels are turned together.
const groupChannels = 16

// tileValues are those of a tile.
const tileValues = tensor.Values * tensor.Values

// newTiled returns c by tiles, or nil if it is none that can be.
func newTiled(c *conv) *tiled {
	b, p := c.b, &c.parts[0]
	h, w, in, out := c.Out.H, c.Out.W, c.Inputs, c.Out.C
	if c.Multiplier != nil || len(c.parts) > 1 || len(p.Views) != 9 || b.sizes[0] < tensor.Chunk || h%tensor.Tile+w%tensor.Tile > 0 || in%groupChannels+out%groupChannels > 0 {
		return nil
	}
	for i, v := range p.Views {
		if v.Kind != nn.Selection || v.Y != (tensor.Axis{Off: i/3 - 1, Stride: 1, Out: h}) || v.X != (tensor.Axis{Off: i%3 - 1, Stride: 1, Out: w}) {
			return nil
		}
	}
	t := &tiled{conv: c, across: w / tensor.Tile, line: w * tensor.Chunk, step: w*tensor.Chunk + planePad}
	t.rows = 1
	for t.rows*t.across < 4 && h%(2*t.rows*tensor.Tile) == 0 { // 64 floats are a block of Product
		t.rows *= 2
	}
	t.band = t.rows * t.across * tensor.Chunk
	size := 0
	take := func(place *int, n int) { *place, size = size, size+n }
	take(&t.pixels, tensor.Values*t.line)
	take(&t.turned, tensor.Values*t.step)
	take(&t.values, tileValues*max(t.apart(max(in, out)), out*groupChannels/2))
	take(&t.group, tileValues*t.apart(groupChannels))
	take(&t.carry, in*t.line)
	take(&t.grad, tileValues*in*out)
	take(&t.flat, t.band*groupChannels)
	take(&t.sums, out*(groupChannels+tensor.Chunk))
	b.maxWindow, b.maxLine = max(b.maxWindow, size), max(b.maxLine, t.line)
	b.maxRows = max(b.maxRows, t.band)
	nn.Reserve(&b.e.p.Params.Memory, &t.windows, tileValues*in*out)
	b.e.prepares = append(b.e.prepares, t.prepare)
	return t
}

// apart is the distance from one value to the next of so many channels.
func (t *tiled) apart(channels int) int { return channels*t.band + planePad }

// prepare makes the windows of the pass's weights.
func (t *tiled) prepare() {
	p := &t.parts[0]
	tensor.TileWindows(t.windows, t.b.e.pass.Weights[p.Pointwise:][:p.Rows*p.Columns])
}

// input sets the values, at to, of a band of the input channels from ch on.
func (t *tiled) input(k, first, ch, channels, to, worker int) {
	b, scratch := t.b, t.b.windows[worker]
	mem, line, apart := b.mem, t.line, t.apart(channels)
	for c := range channels {
		var src int
		if n := t.before; n != nil {
			src = b.at(n.Out, k, ch+c)
		} else {
			src = t.conv.input(k, ch+c)
		}
		for r := range t.rows {
			y := (first + r) * tensor.Tile
			top, bottom := y == 0, y+tensor.Tile == t.Out.H
			rows, turned := tensor.Lines{At: src + (y-1)*line, Step: line, Ahead: b.plane(t.Out, k)}, tensor.Lines{At: scratch + t.turned, Step: t.step}
			if n := t.before; n != nil {
				tensor.TileInputRead(mem, turned, rows, n.norm.reading(ch+c), top, bottom, b.zeros, line, scratch+t.pixels)
			} else {
				above, below := rows.At, rows.At+5*line
				if top {
					above = b.zeros
				}
				if bottom {
					below = b.zeros
				}
				tensor.TileInput(mem, turned, rows, above, below, 1, line)
			}
			for i := range tensor.Values {
				tensor.TileInput(mem, tensor.Lines{At: to + i*tensor.Values*apart + c*t.band + r*t.across*tensor.Chunk, Step: apart, Column: tensor.Chunk},
					tensor.Lines{At: scratch + t.turned + i*t.step - tensor.Chunk, Step: tensor.Chunk, Column: tensor.Tile * tensor.Chunk}, b.zeros, b.zeros, t.across, tensor.Chunk)
			}
		}
	}
}

// taps are n that lie step apart, with weights as many apart.
func (t *tiled) taps(worker, n, step, weights int) []tensor.Tap {
	list := t.b.taps1[worker][:n]
	for i := range list {
		list[i] = tensor.Tap{Off: int32(i * step), W: int32(i * weights)}
	}
	return list
}

// forward makes output channels of chunk k, a multiple of four.
func (t *tiled) forward(k, from, to, worker int) {
	b := t.b
	mem, scratch, in, line := b.mem, b.windows[worker], t.Inputs, t.line
	taps := t.taps(worker, in, t.band, 1)
	group := scratch + t.group
	apart := t.apart(groupChannels)
	for first := 0; first < t.Out.H/tensor.Tile; first += t.rows {
		t.input(k, first, 0, in, scratch+t.values, worker)
		for ch := from; ch < to; ch += groupChannels {
			n := min(groupChannels, to-ch)
			for v := range tileValues {
				tensor.Product(mem, group+v*apart, t.band, n, scratch+t.values+v*t.apart(in), t.band, taps, t.windows[(v*t.Out.C+ch)*in:], in)
			}
			for c := range n {
				for r := range t.rows {
					for i := range tensor.Values {
						tensor.TileOutput(mem, tensor.Lines{At: scratch + t.turned + i*t.step, Step: tensor.Chunk, Column: tensor.Tile * tensor.Chunk},
							tensor.Lines{At: group + i*tensor.Values*apart + c*t.band + r*t.across*tensor.Chunk, Step: apart, Column: tensor.Chunk}, t.across, tensor.Chunk)
					}
					tensor.TileOutput(mem, tensor.Lines{At: b.at(t.Out, k, ch+c) + (first+r)*tensor.Tile*line, Step: line, Ahead: b.plane(t.Out, k)}, tensor.Lines{At: scratch + t.turned, Step: t.step}, 1, line)
				}
			}
		}
	}
}

// backward takes the gradient of the output of chunk k to the weights, if that is asked for, and to the inputs. Tasks share these two
// for each group of input channels.
func (t *tiled) backward(k, task, parts, worker int) {
	b := t.b
	groups := t.Inputs / groupChannels
	lo, hi := share(task, parts, 2*groups, 1)
	if lo == hi {
		return
	}
	for first := 0; first < t.Out.H/tensor.Tile; first += t.rows {
		t.outputGradient(k, first, worker)
		for unit := lo; unit < hi; unit++ {
			switch ch := unit / 2 * groupChannels; {
			case unit%2 == 1:
				t.inputGradient(k, first, ch, worker)
			case b.e.weighting:
				t.weightGradient(k, first, ch, worker)
			}
		}
	}
	for unit := lo; unit < hi; unit++ {
		ch := unit / 2 * groupChannels
		switch {
		case unit%2 == 0 && b.e.weighting:
			t.keep(k, ch, worker)
		case unit%2 == 1 && t.before != nil:
			for ; ch < (unit/2+1)*groupChannels; ch++ {
				t.gate(k, ch, b.at(t.before.Grad, k, ch))
			}
		}
	}
}

// outputGradient sets the gradients of a band's values.
func (t *tiled) outputGradient(k, first, worker int) {
	b, scratch, line, all := t.b, t.b.windows[worker], t.line, t.apart(t.Out.C)
	for ch := range t.Out.C {
		n := &t.norm.coefficients
		for r := range t.rows {
			y := (first + r) * tensor.Tile * line
			tensor.TileOutputGradOf(b.mem, tensor.Lines{At: scratch + t.turned, Step: t.step}, tensor.Lines{At: b.at(t.Grad, k, ch) + y, Step: line, Ahead: b.plane(t.Out, k)},
				b.at(t.Out, k, ch)+y, [2]float32{n.ga[ch], n.gb[ch]}, n.gd[ch], line, scratch+t.pixels)
			for i := range tensor.Values {
				tensor.TileOutputGrad(b.mem, tensor.Lines{At: scratch + t.values + i*tensor.Values*all + ch*t.band + r*t.across*tensor.Chunk, Step: all, Column: tensor.Chunk},
					tensor.Lines{At: scratch + t.turned + i*t.step, Step: tensor.Chunk, Column: tensor.Tile * tensor.Chunk}, t.across, tensor.Chunk)
			}
		}
	}
}

// weightGradient adds a band's share of the gradient of the windows of the input channels from ch on; the first sets it.
func (t *tiled) weightGradient(k, first, ch, worker int) {
	mem, scratch, out := t.b.mem, t.b.windows[worker], t.Out.C
	group, apart := scratch+t.group, t.apart(groupChannels)
	t.input(k, first, ch, groupChannels, group, worker)
	taps := t.taps(worker, t.band, groupChannels, 1)
	for v := range tileValues {
		tensor.Transpose(mem, scratch+t.flat, groupChannels, group+v*apart, t.band, groupChannels, t.band)
		grad, weights := scratch+t.grad+(ch*tileValues+v*groupChannels)*out, mem[scratch+t.values+v*t.apart(out):]
		if first == 0 {
			tensor.Product(mem, grad, groupChannels, out, scratch+t.flat, groupChannels, taps, weights, t.band)
		} else {
			tensor.ProductAdd(mem, grad, groupChannels, out, scratch+t.flat, groupChannels, taps, weights, t.band, scratch+t.sums)
		}
	}
}

// keep stores the weights' gradient of chunk k for the input channels from ch on.
func (t *tiled) keep(k, ch, worker int) {
	mem, scratch := t.b.mem, t.b.windows[worker]
	grad, n := t.b.partial[k][t.parts[0].Pointwise:], t.Out.C*groupChannels
	u := scratch + t.grad + ch*tileValues*t.Out.C
	tensor.TileWindowsGrad(mem, u, scratch+t.values, n)
	for o := range t.Out.C {
		windows := grad[(o*t.Inputs+ch)*9:][:9*groupChannels]
		for i := range 9 {
			for c, v := range mem[u+i*n+o*groupChannels:][:groupChannels] {
				windows[9*c+i] = v
			}
		}
	}
}

// inputGradient takes the gradient of a band's values to the input channels from ch on.
func (t *tiled) inputGradient(k, first, ch, worker int) {
	mem, scratch, in, out := t.b.mem, t.b.windows[worker], t.Inputs, t.Out.C
	group := scratch + t.group
	taps := t.taps(worker, out, t.band, in)
	for v := range tileValues {
		tensor.Product(mem, group+v*t.apart(groupChannels), t.band, groupChannels, scratch+t.values+v*t.apart(out), t.band, taps, t.windows[v*out*in+ch:], 1)
	}
	for c := range groupChannels {
		t.scatter(k, first, ch+c, group+c*t.band, scratch)
	}
}

// scatter takes the gradient of a band's values, from at on, to where that of input channel ch goes.
func (t *tiled) scatter(k, first, ch, at, scratch int) {
	b := t.b
	mem, line, apart := b.mem, t.line, t.apart(groupChannels)
	add := false
	var dst int
	if t.before != nil {
		dst = b.at(t.before.Grad, k, ch)
	} else {
		dst, add = t.target(k, ch), !t.Sets[ch]
	}
	carry, turned := scratch+t.carry+ch*line, scratch+t.turned
	for r := range t.rows {
		for i := range tensor.Values {
			tensor.TileInputGrad(mem, tensor.Lines{At: turned + i*t.step, Step: tensor.Chunk, Column: tensor.Tile * tensor.Chunk},
				tensor.Lines{At: at + i*tensor.Values*apart + r*t.across*tensor.Chunk, Step: apart, Column: tensor.Chunk}, b.zeros, b.zeros, t.across, tensor.Chunk, false)
		}
		y, before := (first+r)*tensor.Tile, b.zeros
		if y > 0 {
			before = carry
			tap, share := [1]tensor.Tap{}, [1]float32{tensor.TileShare}
			tensor.Sum(mem, dst+(y-1)*line, turned, line, tap[:], share[:], 0, tensor.NoFloor, true)
		}
		tensor.TileInputGrad(mem, tensor.Lines{At: dst + y*line, Step: line, Ahead: b.plane(t.Out, k)}, tensor.Lines{At: turned, Step: t.step}, before, b.zeros, 1, line, add)
		copy(mem[carry:carry+line], mem[turned+5*t.step:])
	}
}

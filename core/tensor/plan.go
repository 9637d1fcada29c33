package tensor

import "sync"

// segment is a region of a plane whose elements read the same taps.
type segment struct {
	Region
	taps []Tap
}

// Plan is a windowed operation on one plane (H × W × B floats, batch innermost), compiled to strips: a border is a segment
// with fewer taps, a stride a step between runs.
type Plan struct {
	segments []segment
	ragged   []segment // those with runs that end in a broken block
	strips   []strip   // of all taps
	wide     []strip   // likewise, by pairs of blocks where there are such and the machine's vectors hold them
	groups   []strip   // of at most Lanes taps each, for Dot
	taps     []Tap
	rows     *rows // the faster way of a window of stride 1 on whole chunks, or nil
}

func compile(segments []segment) *Plan {
	p := &Plan{segments: segments}
	for _, s := range segments {
		if s.Run%Lanes > 0 {
			p.ragged = append(p.ragged, s)
		}
		at, n := len(p.taps), len(s.taps)
		p.taps = append(p.taps, s.taps...)
		p.strips = append(p.strips, s.strips(at, n, Lanes)...)
		if useWide && s.Run%(2*Lanes) == 0 {
			p.wide = append(p.wide, s.strips(at, n, 2*Lanes)...)
		} else {
			p.wide = append(p.wide, s.strips(at, n, Lanes)...)
		}
		groups := (n + Lanes - 1) / Lanes
		for i := range groups { // of nearly one size: a lone tap would wait for its own sums
			lo, hi := i*n/groups, (i+1)*n/groups
			p.groups = append(p.groups, s.strips(at+lo, hi-lo, Lanes)...)
		}
	}
	return p
}

// Repeat is the plan that sums the same window over n planes, plane floats apart, kernels of weights floats one after the other.
func (p *Plan) Repeat(n, plane, weights int) *Plan {
	out := make([]segment, len(p.segments))
	for i, s := range p.segments {
		out[i].Region = s.Region
		for c := range n {
			for _, t := range s.taps {
				out[i].taps = append(out[i].taps, Tap{t.Off + int32(c*plane), t.W + int32(c*weights)})
			}
		}
	}
	return compile(out)
}

// Window is the geometry of a windowed operation on both axes of a square kernel.
type Window struct{ K, Stride, Dilation, Pad int }

// Out is the size of the output on an axis of n elements.
func (w Window) Out(n int) int { return (n+2*w.Pad-w.Dilation*(w.K-1)-1)/w.Stride + 1 }

// axisTap is a read along one axis: kernel index k, element src; fan counts the valid reads of the
// output element that the tap belongs to.
type axisTap struct{ k, src, fan int }

// axisGroup is a progression of elements that read alike: element start + j·step, j < count, reads
// its taps moved by j·srcStep.
type axisGroup struct {
	start, count, step, srcStep int
	taps                        []axisTap
}

// forward lists, for each output, the inputs it reads; fan stays 0 unless it is asked for, since it tells elements apart.
func (w Window) forward(n int, fan bool) [][]axisTap {
	out := make([][]axisTap, w.Out(n))
	for o := range out {
		for k := range w.K {
			if i := o*w.Stride - w.Pad + k*w.Dilation; i >= 0 && i < n {
				out[o] = append(out[o], axisTap{k: k, src: i})
			}
		}
		for j := range out[o] {
			if fan {
				out[o][j].fan = len(out[o])
			}
		}
	}
	return out
}

// backward lists, for each input, the outputs that read it.
func (w Window) backward(n int, fan bool) [][]axisTap {
	in := make([][]axisTap, n)
	for o, taps := range w.forward(n, fan) {
		for _, t := range taps {
			in[t.src] = append(in[t.src], axisTap{t.k, o, t.fan})
		}
	}
	return in
}

// group joins elements that lie step apart and read alike, their reads moving by srcStep.
func group(elems [][]axisTap, step, srcStep int) []axisGroup {
	var groups []axisGroup
	for r := range step {
		first := len(groups)
		for e := r; e < len(elems); e += step {
			if n := len(groups); n > first && alike(groups[n-1], elems[e]) {
				groups[n-1].count++
				continue
			}
			groups = append(groups, axisGroup{e, 1, step, srcStep, elems[e]})
		}
	}
	return groups
}

func alike(g axisGroup, taps []axisTap) bool {
	if len(taps) != len(g.taps) {
		return false
	}
	for i, t := range taps {
		if u := g.taps[i]; t.k != u.k || t.fan != u.fan || t.src != u.src+g.count*g.srcStep {
			return false
		}
	}
	return true
}

// Conv returns the plan of w from an h × w plane, and of its gradient from the output plane. Tap
// ky, kx of the kernel has weight number ky·K + kx. b is the number of images.
func (w Window) Conv(height, width, b int) (forward, backward *Plan) {
	return cached(recipe{kind: "conv", w: w, height: height, width: width, b: b}, func() (forward, backward *Plan) {
		weight := func(ty, tx axisTap) int32 { return int32(ty.k*w.K + tx.k) }
		forward, backward = w.plans(height, width, b, false, weight)
		forward.rows, backward.rows = w.rows(height, width, b, false), w.rows(height, width, b, true)
		return forward, backward
	})
}

// recipe is all that plans depend on.
type recipe struct {
	kind             string
	w                Window
	y, x             Axis
	height, width, b int
}

// plans has the plans in use: the same windows come back all over a network.
var plans sync.Map

func cached(r recipe, plan func() (forward, backward *Plan)) (forward, backward *Plan) {
	pair, ok := plans.Load(r)
	if !ok {
		f, b := plan()
		pair, _ = plans.LoadOrStore(r, [2]*Plan{f, b})
	}
	p := pair.([2]*Plan)
	return p[0], p[1]
}

// Mean returns the plans of average pooling with padding left out of the divisor, and its weights.
func (w Window) Mean(height, width, b int) (forward, backward *Plan, weights []float32) {
	n := w.K + 1
	weights = make([]float32, n*n)
	for y := 1; y < n; y++ {
		for x := 1; x < n; x++ {
			weights[y*n+x] = 1 / float32(y*x)
		}
	}
	forward, backward = cached(recipe{kind: "mean", w: w, height: height, width: width, b: b}, func() (_, _ *Plan) {
		return w.plans(height, width, b, true, func(ty, tx axisTap) int32 { return int32(ty.fan*n + tx.fan) })
	})
	return forward, backward, weights
}

func (w Window) plans(height, width, b int, fan bool, weight func(ty, tx axisTap) int32) (forward, backward *Plan) {
	ow := w.Out(width)
	forward = product(group(w.forward(height, fan), 1, w.Stride), group(w.forward(width, fan), 1, w.Stride), ow*b, width*b, b, weight)
	backward = product(group(w.backward(height, fan), w.Stride, 1), group(w.backward(width, fan), w.Stride, 1), width*b, ow*b, b, weight)
	return forward, backward
}

// product crosses the groups of both axes. dstRow and srcRow are the floats of a row of each plane.
func product(ys, xs []axisGroup, dstRow, srcRow, b int, weight func(ty, tx axisTap) int32) *Plan {
	var plan []segment
	for _, gy := range ys {
		for _, gx := range xs {
			r := Region{
				Dst: gy.start*dstRow + gx.start*b, Run: b,
				Rows: gy.count, DstRow: gy.step * dstRow, SrcRow: gy.srcStep * srcRow,
				Cols: gx.count, DstCol: gx.step * b, SrcCol: gx.srcStep * b,
			}
			if r.DstCol == r.Run && r.SrcCol == r.Run {
				r.Run, r.Cols = r.Run*r.Cols, 1
			}
			if r.Cols == 1 && r.DstRow == r.Run && r.SrcRow == r.Run {
				r.Run, r.Rows = r.Run*r.Rows, 1
			}
			taps := make([]Tap, 0, len(gy.taps)*len(gx.taps))
			for _, ty := range gy.taps {
				for _, tx := range gx.taps {
					taps = append(taps, Tap{int32(ty.src*srcRow + tx.src*b), weight(ty, tx)})
				}
			}
			plan = append(plan, segment{r, taps})
		}
	}
	return compile(plan)
}

// Axis says which element of n a selection's element o reads: Stride·o + Off, or zero where that lies outside; it has Out
// elements.
type Axis struct{ Off, Stride, Out int }

func (a Axis) taps(n int) (forward, backward [][]axisTap) {
	forward, backward = make([][]axisTap, a.Out), make([][]axisTap, n)
	for o := range forward {
		if i := a.Stride*o + a.Off; i >= 0 && i < n {
			forward[o] = []axisTap{{0, i, 1}}
			backward[i] = []axisTap{{0, o, 1}}
		}
	}
	return forward, backward
}

// Select is the plan that copies single elements of a height × width plane of b images, and its gradient.
func Select(y, x Axis, height, width, b int) (forward, backward *Plan) {
	return cached(recipe{kind: "select", y: y, x: x, height: height, width: width, b: b}, func() (forward, backward *Plan) {
		fy, gy := y.taps(height)
		fx, gx := x.taps(width)
		zero := func(_, _ axisTap) int32 { return 0 }
		forward = product(group(fy, 1, y.Stride), group(fx, 1, x.Stride), x.Out*b, width*b, b, zero)
		backward = product(group(gy, y.Stride, 1), group(gx, x.Stride, 1), width*b, x.Out*b, b, zero)
		return forward, backward
	})
}

// Sum runs the plan as a weighted sum from the plane at src to the plane at dst, or adds that to what is there.
func (p *Plan) Sum(mem []float32, dst, src int, w []float32, add bool) {
	if p.rows != nil {
		p.rows.sum(mem, dst, src, w, add)
		return
	}
	sumStrips(mem, dst, src, p.wide, p.taps, w, 0, NoFloor, add)
	for _, seg := range p.ragged {
		seg.rest(func(d, s, n int) { sumGo(mem, dst+d, src+s, n, seg.taps, w, 0, NoFloor, add) })
	}
}

// Dot adds the gradients with respect to the weights, from the gradient plane at g and the plane at src.
func (p *Plan) Dot(acc, mem []float32, g, src int) {
	if p.rows != nil {
		p.rows.dot(acc, mem, g, src)
		return
	}
	for _, seg := range p.ragged {
		seg.rest(func(d, s, n int) { dotGo(acc, mem, g+d, src+s, n, seg.taps) })
	}
	dotStrips(acc, mem, g, src, p.groups, p.taps)
}

// Max sets the plane at dst to the largest reads.
func (p *Plan) Max(mem []float32, dst, src int) {
	if useSIMD {
		maxSIMD(mem, dst, src, p.strips, p.taps)
	} else {
		maxStripsGo(mem, dst, src, p.strips, p.taps)
	}
	for _, seg := range p.ragged {
		seg.rest(func(d, s, n int) { maxGo(mem, dst+d, src+s, n, seg.taps) })
	}
}

// MaxGrad adds the gradient at g of the maximum at m of the plane at src to the plane at dst: at the first read, in order, that
// equals the maximum.
func (p *Plan) MaxGrad(mem []float32, dst, g, m, src int) {
	if useSIMD {
		maxGradSIMD(mem, dst, g, m, src, p.strips, p.taps)
	} else {
		maxGradStripsGo(mem, dst, g, m, src, p.strips, p.taps)
	}
	for _, seg := range p.ragged {
		seg.rest(func(d, s, n int) { maxGradGo(mem, dst+s, g+d, m+d, src+s, n, seg.taps) })
	}
}

package nn

import (
	"math/rand/v2"
	"slices"

	"hlrslab/core/tensor"
)

// maxTerms bounds the terms of a state: 7 operations on each of a node's edges, and one for Σg.
const maxTerms = 64

// A source computes a map that is read through its BatchNorm: a Conv or a Dense.
type source interface {
	output() (Map, *norm) // the norm is nil if there is none
	receive(grad Map)
	still() bool // whether no mixed operation lies before it
	levels() (ready, undone int)
	undo(g *Graph, level int)
}

// Pooling says how a Term reads a state.
type Pooling int

// A Term reads the state itself, or its 3×3 pool.
const (
	Identity Pooling = iota
	MaxPool
	MeanPool
)

// Term is one summand of a state: the normalised output of a source, or a state or its pool.
type Term struct {
	Source source
	State  *State
	Pool   Pooling
	Stride int
	Norm   string // pools: name of the BatchNorm without affine part that follows; empty for none
	Mix    int    // the weight's place in Graph.Mix; -1 is weight 1
	Drop   bool   // whether Graph.DropPath may drop it
}

// pooled is a pool of a state, computed once for all its readers.
type pooled struct {
	kind              Pooling
	stride            int
	out               Map
	norm              *norm
	forward, backward [2]*tensor.Plan
	weights           []float32
	users             []use
}

// use is one state that reads another, or its pool, as its term.
type use struct {
	by   *State
	term int
}

// State is a map that others read: a weighted sum of terms, with its ReLU and its pools.
type State struct {
	sum, relu, grad Map
	terms           []Term
	maps            []Map   // what each term reads
	norms           []*norm // through which, or nil
	pools           []*pooled
	users           []use
	readers         []*Conv
	headed, inert   bool // inert: see Conv
	ready, undone   int
	dots            [][]float32 // of each chunk: channels × (terms and their masks' sums)
	masks           [][]float32 // of each term, a factor for every image; nil if it is never dropped
	grads           []Map       // of each term: grad itself, or masked
}

// NewState adds the weighted sum of terms.
func (g *Graph) NewState(terms ...Term) *State {
	s := &State{terms: terms, inert: true}
	for i, t := range terms {
		s.inert = s.inert && t.Mix < 0 && (t.Source == nil || t.Source.still()) && (t.State == nil || t.State.inert)
		var m Map
		var n *norm
		level := 0
		switch {
		case t.Source != nil:
			m, n = t.Source.output()
			level, _ = t.Source.levels()
		case t.Pool == Identity:
			m, level = t.State.sum, t.State.ready
			t.State.users = append(t.State.users, use{s, i})
		default:
			p := t.State.pool(g, t)
			m, level = p.out, t.State.ready
			if p.norm != nil {
				n = p.norm.reader(g)
			}
			p.users = append(p.users, use{s, i})
		}
		s.maps, s.norms = append(s.maps, m), append(s.norms, n)
		s.ready = max(s.ready, level+1)
	}
	m := s.maps[0]
	g.enter(s, m.C, m.H, m.W)
	for i, t := range terms {
		if t.Drop {
			s.grads[i] = g.alloc(m.C, m.H, m.W)
			g.fill(&s.masks[i], g.batch, 1)
		}
		if t.Source != nil {
			t.Source.receive(s.grads[i])
		}
	}
	return s
}

// DropPath drops each term that may be, for each image with probability p on its own, and makes up for it in the others
// (drop path: Larsson et al., 2017). It holds for training until the next call.
func (g *Graph) DropPath(p float64, rng *rand.Rand) {
	for _, s := range g.states {
		for _, m := range s.masks {
			for n := range m {
				if m[n] = float32(1 / (1 - p)); rng.Float64() < p {
					m[n] = 0
				}
			}
		}
	}
}

// masked multiplies a plane of chunk k by a mask.
func (g *Graph) masked(plane []float32, mask []float32, k int) {
	mask = mask[k*tensor.Chunk:][:g.sizes[k]]
	for ; len(plane) > 0; plane = plane[len(mask):] {
		for n, m := range mask {
			plane[n] *= m
		}
	}
}

// enter lays out a state and schedules its forward pass.
func (g *Graph) enter(s *State, c, h, w int) {
	s.sum, s.grad = g.alloc(c, h, w), g.alloc(c, h, w)
	s.masks, s.grads = make([][]float32, len(s.terms)), slices.Repeat([]Map{s.grad}, len(s.terms))
	s.dots = g.chunked(c * 2 * len(s.terms))
	g.use(s.sum, s.ready)
	for _, m := range s.maps {
		g.use(m, s.ready)
	}
	g.forward = grow(g.forward, s.ready)
	g.forward[s.ready].add(step{c, func(k, ch, worker int) { s.forward(g, k, ch, worker) }, func() {
		for _, p := range s.pools {
			if p.norm != nil {
				p.norm.finish(g)
			}
		}
	}})
	g.states = append(g.states, s)
}

// Shape is the state's channels and size.
func (s *State) Shape() (channels, height, width int) { return s.sum.C, s.sum.H, s.sum.W }

// readBy enters a reader of the ReLU.
func (s *State) readBy(g *Graph, c *Conv) {
	if s.relu.C == 0 {
		s.relu = g.alloc(s.sum.C, s.sum.H, s.sum.W)
	}
	s.readers = append(s.readers, c)
}

// pool returns the pool that t asks for, adding it if it is new.
func (s *State) pool(g *Graph, t Term) *pooled {
	for _, p := range s.pools {
		if p.kind == t.Pool && p.stride == t.Stride && (p.norm != nil) == (t.Norm != "") {
			return p
		}
	}
	w := tensor.Window{K: 3, Stride: t.Stride, Dilation: 1, Pad: 1}
	p := &pooled{kind: t.Pool, stride: t.Stride, out: g.alloc(s.sum.C, w.Out(s.sum.H), w.Out(s.sum.W))}
	for i, b := range []int{g.sizes[0], g.last()} {
		if t.Pool == MaxPool {
			p.forward[i], p.backward[i] = w.Conv(s.sum.H, s.sum.W, b)
		} else {
			p.forward[i], p.backward[i], p.weights = w.Mean(s.sum.H, s.sum.W, b)
		}
	}
	if t.Norm != "" {
		p.norm = g.newNorm(t.Norm, p.out, false)
	}
	s.pools = append(s.pools, p)
	return p
}

// weight is the factor of term i: its place in Mix, or 1.
func (s *State) weight(g *Graph, i int) float32 {
	if m := s.terms[i].Mix; m >= 0 {
		return g.Mix[m]
	}
	return 1
}

func (s *State) forward(g *Graph, k, ch, worker int) {
	at, n := g.at(s.sum, k, ch), g.length(s.sum, k)
	s.add(g, k, ch, worker)
	if s.relu.C > 0 {
		tap := [1]tensor.Tap{}
		tensor.Sum(g.mem, g.at(s.relu, k, ch), at, n, tap[:], one, 0, 0, false)
	}
	for _, p := range s.pools {
		if p.kind == MaxPool {
			p.forward[g.variant(k)].Max(g.mem, g.at(p.out, k, ch), at)
		} else {
			p.forward[g.variant(k)].Sum(g.mem, g.at(p.out, k, ch), at, p.weights, false)
		}
		if p.norm != nil {
			p.norm.measure(g, k, ch)
		}
	}
}

// add sets channel ch of chunk k to the sum of the terms; a state without terms is filled by others.
func (s *State) add(g *Graph, k, ch, worker int) {
	if len(s.terms) == 0 {
		return
	}
	taps, coef := g.taps1[worker][:len(s.terms)], g.coef[worker]
	var bias float32
	for i, n := range s.norms {
		w := s.weight(g, i)
		if n != nil {
			bias += w * n.shift[ch]
			w *= n.scale[ch]
		}
		coef[i], taps[i] = w, tensor.Tap{Off: int32(g.at(s.maps[i], k, ch)), W: int32(i)}
	}
	at, n := g.at(s.sum, k, ch), g.length(s.sum, k)
	if !g.Training || !slices.ContainsFunc(s.masks, func(m []float32) bool { return m != nil }) {
		tensor.Sum(g.mem, at, 0, n, taps, coef, bias, tensor.NoFloor, false)
		return
	}
	for i, m := range s.masks {
		part := g.plane1[worker]
		bias = 0
		if norm := s.norms[i]; norm != nil {
			bias = s.weight(g, i) * norm.shift[ch]
		}
		tensor.Sum(g.mem, part, 0, n, taps[i:i+1], coef, bias, tensor.NoFloor, false)
		if m != nil {
			g.masked(g.mem[part:part+n], m, k)
		}
		tap := [1]tensor.Tap{{Off: int32(part)}}
		tensor.Sum(g.mem, at, 0, n, tap[:], one, 0, tensor.NoFloor, i > 0)
	}
}

// undo schedules the backward pass of s and of its terms' sources.
func (s *State) undo(g *Graph) {
	level := 0
	for _, c := range s.readers {
		level = max(level, c.undone+1)
	}
	for _, u := range s.users {
		level = max(level, u.by.undone+1)
	}
	for _, p := range s.pools {
		for _, u := range p.users {
			level = max(level, u.by.undone+1)
		}
	}
	s.undone = level
	s.use(g, level)
	g.backward = grow(g.backward, level)
	c := s.sum.C
	g.backward[level].add(step{c, func(k, ch, worker int) { s.backward(g, k, ch, worker) }, func() { s.finish(g) }})
	for _, t := range s.terms {
		if t.Source != nil {
			t.Source.undo(g, level)
		}
	}
}

// use says what the backward pass uses at its level.
func (s *State) use(g *Graph, level int) {
	g.use(s.sum, back(level))
	g.use(s.grad, back(level))
	for _, m := range s.grads {
		g.use(m, back(level))
	}
	if s.relu.C > 0 {
		g.use(s.relu, s.ready)
		g.use(s.relu, back(level))
	}
	for _, u := range s.users {
		g.use(u.by.grads[u.term], back(level))
	}
	for _, p := range s.pools {
		g.use(p.out, s.ready)
		g.use(p.out, back(level))
		for _, u := range p.users {
			g.use(u.by.grads[u.term], back(level))
		}
	}
	for _, m := range s.maps {
		g.use(m, back(level))
	}
}

// backward completes the gradient of channel ch of chunk k, to which the readers have sent theirs, and takes its inner products
// with the terms.
func (s *State) backward(g *Graph, k, ch, worker int) {
	if s.inert && !g.weighting {
		return
	}
	at, grad, n := g.at(s.sum, k, ch), g.at(s.grad, k, ch), g.length(s.sum, k)
	if d := g.mem[grad : grad+n]; len(s.readers) > 0 {
		tensor.Gate(d, d, g.mem[at:at+n], 0)
	} else {
		clear(d)
	}
	if s.headed {
		s.fromHead(g, k, ch)
	}
	if len(s.users) > 0 {
		taps, coef := g.taps1[worker][:len(s.users)], g.coef[worker]
		for i, u := range s.users {
			coef[i], taps[i] = u.by.weight(g, u.term), tensor.Tap{Off: int32(g.at(u.by.grads[u.term], k, ch)), W: int32(i)}
		}
		tensor.Sum(g.mem, grad, 0, n, taps, coef, 0, tensor.NoFloor, true)
	}
	for _, p := range s.pools {
		p.gather(g, k, ch, worker, grad, at)
	}
	terms := len(s.terms)
	if terms == 0 {
		return
	}
	taps := g.taps1[worker][:terms+1]
	acc := g.acc[worker][:(terms+1)*tensor.Lanes]
	clear(acc)
	for i, m := range s.maps {
		taps[i] = tensor.Tap{Off: int32(g.at(m, k, ch)), W: int32(i)}
	}
	taps[terms] = tensor.Tap{Off: int32(g.ones), W: int32(terms)}
	tensor.Dot(acc, g.mem, grad, 0, n, taps)
	row := s.dots[k][ch*2*terms:][:2*terms]
	fold(row[:terms], acc)
	sum := tensor.Fold(acc, terms)
	for i, m := range s.masks { // of a masked term with its own gradient
		if row[terms+i] = sum; m != nil {
			own := g.at(s.grads[i], k, ch)
			copy(g.mem[own:own+n], g.mem[grad:grad+n])
			g.masked(g.mem[own:own+n], m, k)
			clear(acc)
			pair := [2]tensor.Tap{{Off: taps[i].Off}, {Off: int32(g.ones), W: 1}}
			tensor.Dot(acc, g.mem, own, 0, n, pair[:])
			row[i], row[terms+i] = tensor.Fold(acc, 0), tensor.Fold(acc, 1)
		}
	}
}

// fromHead adds the gradient of the global mean.
func (s *State) fromHead(g *Graph, k, ch int) {
	f := ch
	for _, h := range g.head {
		if h == s {
			break
		}
		f += h.sum.C
	}
	b := g.sizes[k]
	df := g.dfeature[f*g.batch+k*tensor.Chunk:][:b]
	scale := 1 / float32(s.sum.H*s.sum.W)
	grad := g.values(s.grad, k, ch)
	for i := range grad {
		grad[i] += scale * df[i%b]
	}
}

// gather adds the gradient that comes through the pool to the plane at grad.
func (p *pooled) gather(g *Graph, k, ch, worker, grad, at int) {
	dm, m := g.plane1[worker], g.at(p.out, k, ch)
	taps, coef := g.taps1[worker][:len(p.users)+1], g.coef[worker]
	var b, d float32
	for i, u := range p.users {
		coef[i] = u.by.weight(g, u.term)
		if n := u.by.norms[u.term]; n != nil {
			coef[i] = n.a[ch]
			b += n.b[ch]
			d += n.d[ch]
		}
		taps[i] = tensor.Tap{Off: int32(g.at(u.by.grads[u.term], k, ch)), W: int32(i)}
	}
	last := len(p.users)
	coef[last], taps[last] = b, tensor.Tap{Off: int32(m), W: int32(last)}
	tensor.Sum(g.mem, dm, 0, g.length(p.out, k), taps, coef, d, tensor.NoFloor, false)
	v := g.variant(k)
	if p.kind == MaxPool {
		p.forward[v].MaxGrad(g.mem, grad, dm, m, at)
	} else {
		p.backward[v].Sum(g.mem, grad, dm, p.weights, true)
	}
}

// finish adds up the chunks' inner products, and sets the terms' gradients from them.
func (s *State) finish(g *Graph) {
	n := len(s.terms)
	for i, t := range s.terms {
		var dweight float64
		for ch := range s.sum.C {
			var sum, dot float64
			for k := range g.sizes {
				row := s.dots[k][ch*2*n:][:2*n]
				dot += float64(row[i])
				sum += float64(row[n+i])
			}
			if m := s.norms[i]; m != nil {
				dweight += m.back(g, ch, float64(s.weight(g, i)), sum, (dot-m.mean[ch]*sum)*m.inverse[ch])
			} else {
				dweight += dot
			}
		}
		if t.Mix >= 0 {
			g.DMix[t.Mix] += dweight
		}
	}
}

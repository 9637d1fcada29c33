package gpu

import (
	"fmt"
	"slices"

	"hlrslab/core/nn"
)

// chunk is some images of a batch, whose maps share a buffer: C × H × W × images, as a map lies in a batch.
type chunk struct {
	first, n int
	scratch  int // floats that are taken of scratch by the level under way, and …
	most     int // … by the largest
}

// when says which passes have a step.
type when int

const (
	always   when = 0
	training when = 1 << iota // with a loss, and not of the classifier alone
	teaching                  // with a gradient
	learning                  // with a gradient of the weights
	backing                   // with a backward pass
)

// step is one dispatch: jobs of a kernel on the maps of a chunk.
type step struct {
	kind  kind
	chunk int
	when  when
	jobs  []job
}

// job is an operation's share in a step: workgroups, and the words that tell them what to do. Macs and floats are what it computes and
// moves.
type job struct {
	groups       int
	words        words
	macs, floats int
}

type words []int32

func (w *words) add(values ...int) {
	for _, v := range values {
		*w = append(*w, int32(v))
	}
}

// list adds a list of channels and sets the word at to its distance, or to 0 where there is none.
func (w *words) list(at int, channels []int) {
	if channels == nil {
		return
	}
	(*w)[at] = int32(len(*w))
	w.add(channels...)
}

// origin is where a share of a gradient lies: shares that are apart floats from one to the next.
type origin struct{ at, apart, shares int }

// norm is where a normalisation is in state: scale, shift, mean, inverse deviation.
type norm struct {
	*nn.BatchNorm
	at int
}

// plan is a program as steps, and where all that they need lies. Places are of floats.
type plan struct {
	p      *nn.Program
	chunks []*chunk
	places []int // of maps among a chunk's, for one image
	maps   int   // floats of all of them
	state  int   // floats of state
	steps  []step
	err    error

	params struct{ classes, of, labels, ops, masks, running, weights, total int }

	// Results begin state: they are read at once, the number of their pass first.
	heads   []classifier // in order, the network's own first
	slots   []slot       // of weights' gradients …
	slotsAt int          // … one after the other
	tracked []tracked    // the batch's statistics …
	batchAt int          // … one after the other
	grad    int
	results int // floats of all of them

	norms        map[*nn.BatchNorm]norm
	measured     map[*nn.BatchNorm]int // moments
	order        []norm                // in the order in which they are made
	coefficients map[int]int
	readers      map[use]int      // coefficients of pools' readers
	multiplied   map[int]int      // inner products, by the gradient's map
	pools        map[int]*nn.Pool // by their output
	origins      map[int][]origin // by the weights' place
	heading      []int            // places of the classifier's weights
	units        [][2]int         // places and numbers of coefficients that are 1
}

// use is a term of a node.
type use struct {
	by   *nn.Node
	term int
}

// tracked is a normalisation that moves the running statistics, in order, if one of the weights is at work.
type tracked struct {
	*nn.BatchNorm
	at      int // mean and variance of the batch
	weights []int
}

// slot is a gradient of an operation weight, which several nodes may have.
type slot struct{ branch, weight int }

// newPlan makes steps of a program for so many chunks.
func newPlan(program *nn.Program, chunks int) *plan {
	b := &plan{
		p: program, places: make([]int, len(program.Maps)), norms: map[*nn.BatchNorm]norm{}, measured: map[*nn.BatchNorm]int{}, coefficients: map[int]int{},
		pools: map[int]*nn.Pool{}, readers: map[use]int{}, multiplied: map[int]int{}, origins: map[int][]origin{},
	}
	for i := range chunks {
		from, to := program.Batch*i/chunks, program.Batch*(i+1)/chunks
		b.chunks = append(b.chunks, &chunk{first: from, n: to - from})
	}
	for branch := range program.Inputs {
		places, size := program.Place(branch, func(m nn.FeatureMap) int { return m.C * m.H * m.W })
		for id, m := range program.Maps {
			if m.Branch == branch {
				b.places[id] = b.maps + places[id]
			}
		}
		b.maps += size
	}
	b.lay()
	for _, level := range program.Forward {
		b.forward(level)
	}
	for _, level := range program.Backward {
		b.backward(level)
		for _, c := range b.chunks {
			c.most, c.scratch = max(c.most, c.scratch), 0
		}
	}
	b.fold()
	return b
}

// lay gives parameters and results their places.
func (b *plan) lay() {
	for _, op := range b.p.Forward[len(b.p.Forward)-1] {
		if h, ok := op.(*nn.Head); ok {
			b.heads = append(b.heads, classifier{Head: h})
			b.params.of = max(b.params.of, h.Classes)
		}
	}
	at := 16 // see kernels/common.wgsl
	take := func(place *int, n int) { *place, at = at, at+n }
	take(&b.params.classes, 3*b.params.of)
	take(&b.params.labels, 2*b.p.Batch*4)
	take(&b.params.ops, b.p.OpWeights)
	take(&b.params.masks, b.p.Drops*b.p.Batch)
	take(&b.params.running, b.p.Params.Running.Total)
	take(&b.params.weights, b.p.Params.Weights.Total)
	b.params.total = at

	b.take(1)
	for i := range b.heads {
		b.heads[i].logits = b.take(b.heads[i].Classes * b.p.Batch)
	}
	slots, statistics := 0, 0
	measured := func(n *nn.BatchNorm) {
		if n != nil {
			statistics += 2 * n.X.C
		}
	}
	for _, level := range b.p.Forward {
		for _, op := range level {
			switch op := op.(type) {
			case *nn.Stem:
				measured(op.Norm)
			case *nn.Conv:
				measured(op.Norm)
			case *nn.Node:
				for _, p := range op.Pools {
					measured(p.Norm)
				}
				for _, r := range op.Reads {
					if r.Weight >= 0 {
						slots++
					}
				}
			}
		}
	}
	b.slotsAt = b.take(slots)
	b.batchAt = b.take(statistics)
	b.grad = b.take(b.p.Params.Weights.Total)
	b.results = b.state
}

// take takes n floats of state.
func (b *plan) take(n int) int {
	b.state += n
	return b.state - n
}

// borrow takes n floats of a chunk's scratch, until the level ends.
func (c *chunk) borrow(n int) int {
	c.scratch += n
	return c.scratch - n
}

// fail notes the first operation that there is no kernel for.
func (b *plan) fail(format string, values ...any) {
	if b.err == nil {
		b.err = nn.DeviceError{Err: fmt.Errorf(format, values...)}
	}
}

// enter adds a step of jobs, if there are any.
func (b *plan) enter(k kind, chunk int, w when, jobs []job) {
	if len(jobs) > 0 {
		b.steps = append(b.steps, step{k, chunk, w, jobs})
	}
}

// at is where channel ch of a map lies in a chunk's buffer, plane the floats of a channel.
func (b *plan) at(c *chunk, m nn.FeatureMap, ch int) int { return c.n * (b.places[m.ID] + ch*m.H*m.W) }
func (c *chunk) plane(m nn.FeatureMap) int               { return m.H * m.W * c.n }

// blocks is in how many parts of a size the chunks have a channel of a map: those before each chunk's, and all.
func (b *plan) blocks(m nn.FeatureMap, size int) (before []int, all int) {
	for _, c := range b.chunks {
		before = append(before, all)
		all += ceil(c.plane(m), size)
	}
	return before, all
}

func ceil(n, size int) int { return (n + size - 1) / size }

// op is the place of an operation's weight among the parameters, or -1; weight that of a weight.
func (b *plan) op(weight int) int {
	if weight < 0 {
		return -1
	}
	return b.params.ops + weight
}

func (b *plan) weight(at int) int {
	if at < 0 {
		return -1
	}
	return b.params.weights + at
}

// mask is the place of a term's masks for a chunk, or -1.
func (b *plan) mask(drop int, c *chunk) int {
	if drop < 0 {
		return -1
	}
	return b.params.masks + drop*b.p.Batch + c.first
}

// norm is where a normalisation is; nil is nowhere.
func (b *plan) norm(n *nn.BatchNorm) norm {
	if n == nil {
		return norm{at: -1}
	}
	own, ok := b.norms[n]
	if !ok {
		own = norm{n, b.take(4 * n.X.C)}
		b.norms[n] = own
		b.order = append(b.order, own)
	}
	return own
}

func (n norm) channels() int {
	if n.BatchNorm == nil {
		return 0
	}
	return n.X.C
}

// gradient is where the coefficients of the gradient of a convolution's output are in state.
func (b *plan) gradient(m nn.FeatureMap, n *nn.BatchNorm) int {
	at, ok := b.coefficients[m.ID]
	if !ok {
		at = b.take(3 * m.C)
		b.coefficients[m.ID] = at
		if n == nil {
			b.units = append(b.units, [2]int{at, m.C})
		}
	}
	return at
}

// from reserves n floats of state for a share of the gradient of the weights at a place.
func (b *plan) from(weights, n, shares int) int {
	at := b.take(n * shares)
	b.origins[weights] = append(b.origins[weights], origin{at, n, shares})
	return at
}

// fold enters the sums of all gradients of weights.
func (b *plan) fold() {
	var own, others []job
	for _, p := range b.p.Params.Weights.List {
		list := b.origins[p.Off]
		if list == nil {
			continue
		}
		j := job{groups: ceil(p.Len(), 256)}
		j.words.add(b.grad+p.Off, p.Len(), len(list))
		for _, o := range list {
			j.words.add(o.at, o.apart, o.shares)
			j.floats += o.shares * p.Len()
		}
		if slices.Contains(b.heading, p.Off) {
			own = append(own, j)
		} else {
			others = append(others, j)
		}
	}
	b.enter(fold, 0, teaching|learning, own)
	b.enter(fold, 0, backing|learning, others)
}

// largest is what of the plan takes most floats of one buffer, and whether it is parted among chunks of a batch.
func (b *plan) largest() (what string, floats int, parted bool) {
	what, floats = "statistics and gradients", b.state
	if b.params.total > floats {
		what, floats = "weights", b.params.total
	}
	for _, c := range b.chunks {
		if n := b.maps * c.n; n > floats {
			what, floats, parted = "feature maps", n, true
		}
		if c.most > floats {
			what, floats, parted = "gradients in passing", c.most, true
		}
	}
	return what, floats, parted
}

// bytes is what the plan takes of the GPU's memory.
func (b *plan) bytes() (n int64) {
	floats := b.state + b.params.total + b.tables()
	for _, c := range b.chunks {
		floats += b.maps*c.n + c.most
	}
	return 4 * int64(floats)
}

// tables are the words of all steps, each step's from a multiple of Alignment on.
func (b *plan) tables() (words int) {
	for i := range b.steps {
		words += ceil(b.steps[i].size(), Alignment/4) * (Alignment / 4)
	}
	return words
}

// size is that of a step's table: the number of its jobs and one behind them, their first workgroups and places, their words.
func (s *step) size() int {
	n := 1 + 2*(len(s.jobs)+1)
	for _, j := range s.jobs {
		n += len(j.words)
	}
	return n
}

// table adds a step's to all.
func (s *step) table(all words) (_ words, groups int) {
	at := 1 + 2*(len(s.jobs)+1)
	all.add(len(s.jobs) + 1)
	for _, j := range s.jobs {
		all.add(groups, at)
		groups, at = groups+j.groups, at+len(j.words)
	}
	all.add(groups, -1)
	for _, j := range s.jobs {
		all = append(all, j.words...)
	}
	return all, groups
}

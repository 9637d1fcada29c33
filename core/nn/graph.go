package nn

import (
	"fmt"
	"math"

	"hlrslab/core/tensor"
)

// Map is a stack of C planes of H × W pixels for every image of the batch, somewhere in the graph's memory.
// Chunks of images follow each other; within one, channel planes do.
type Map struct{ id, C, H, W int }

// planePad keeps planes of a power of two apart in the cache's sets.
const planePad = 16

// plane is the distance between two planes of m for chunks of b images.
func (m Map) plane(b int) int { return (m.H*m.W*b+15)&^15 + planePad }

// step is a set of independent tasks for each chunk k, and what closes it, alone, once its phase has ended.
type step struct {
	tasks int
	run   func(k, task, worker int)
	after func()
}

// phase is the steps of one level; its tasks are independent of each other. They run chunk after chunk, as steps read alike.
type phase struct {
	steps []step
	tasks int // of a chunk
	run   func(task, worker int)
}

func (p *phase) add(s step) {
	p.steps = append(p.steps, s)
	p.tasks += s.tasks
}

// Graph is one network for a fixed batch, compiled to phases. Set Weights and Mix before a pass.
type Graph struct {
	Store   *Store
	Weights []float32 // Store.Weights.Total
	Running []float32 // Store.Running.Total: BatchNorm's running means and variances
	Mix     []float32 // weights of the terms of mixed operations
	DMix    []float64 // loss gradient with respect to Mix, after Backward

	// Training uses the batch's statistics and updates the running ones by Momentum; otherwise
	// the running ones are used.
	Training bool
	Momentum float32

	Input Map
	MACs  int // multiply-adds of the convolutions, per image and forward pass
	batch int
	sizes []int // images in each chunk
	pool  *tensor.Pool

	mem      []float32
	reserved int // scratch, behind the maps
	maps     []span
	states   []*State
	joints   []*joint
	forward  []phase
	backward []phase

	alone *Team

	partial   [][]float32 // weight gradient of each chunk
	weighting bool        // whether Backward computes it
	gradTask  func(task, worker int)
	grad      []float32

	plane1, plane2, tile []int       // scratch of each worker, in mem
	windows              []int       // likewise, for a chunk of a Conv's windows
	acc                  [][]float32 // Dot's sums of each worker
	taps1, taps2         [][]tensor.Tap
	coef                 [][]float32
	ones                 int // a plane of ones
	maxPlane, maxRows    int
	maxAcc, maxWindow    int

	head     []*State
	features []float32 // head channels × batch
	dfeature []float32
}

// NewGraph starts a network for batches of batch images of size × size with three channels. What it holds is reserved in
// store.Memory, and is there once that is made.
func NewGraph(store *Store, pool *tensor.Pool, batch, size int) *Graph {
	g := &Graph{Store: store, pool: pool, batch: batch, Momentum: 0.1, Training: true}
	for n := batch; n > 0; n -= tensor.Chunk {
		g.sizes = append(g.sizes, min(n, tensor.Chunk))
	}
	g.Input = g.alloc(3, size, size)
	return g
}

// alloc adds a map, which has memory at the levels at which it is used.
func (g *Graph) alloc(c, h, w int) Map {
	m := Map{len(g.maps), c, h, w}
	g.maps = append(g.maps, span{size: len(g.sizes) * c * m.plane(g.sizes[0]), from: math.MaxInt, to: -1})
	g.maxPlane = max(g.maxPlane, m.plane(g.sizes[0]))
	return m
}

// fill reserves n values, which are v from the beginning.
func (g *Graph) fill(dst *[]float32, n int, v float32) {
	Reserve(&g.Store.Memory, dst, n)
	g.Store.Memory.Then(func() {
		for i := range *dst {
			(*dst)[i] = v
		}
	})
}

// chunked reserves n values for each chunk.
func (g *Graph) chunked(n int) [][]float32 {
	out := make([][]float32, len(g.sizes))
	var all []float32
	Reserve(&g.Store.Memory, &all, n*len(out))
	g.Store.Memory.Then(func() {
		for k := range out {
			out[k] = all[k*n:][:n:n]
		}
	})
	return out
}

// use says that m holds something at a level: of the forward pass, or back(level) of the backward one.
func (g *Graph) use(m Map, level int) {
	s := &g.maps[m.id]
	s.from, s.to = min(s.from, level), max(s.to, level)
}

// back is a backward level among all levels.
func back(level int) int { return 1<<20 + level }

// at is where channel c of chunk k of m lies.
func (g *Graph) at(m Map, k, c int) int {
	return g.maps[m.id].off + k*m.C*m.plane(g.sizes[0]) + c*m.plane(g.sizes[k])
}

// length is the number of values of a plane of m in chunk k, and count that of a channel in all.
func (g *Graph) length(m Map, k int) int { return m.H * m.W * g.sizes[k] }
func (g *Graph) count(m Map) int         { return m.H * m.W * g.batch }

// values is channel c of chunk k of m.
func (g *Graph) values(m Map, k, c int) []float32 {
	at := g.at(m, k, c)
	return g.mem[at : at+g.length(m, k)]
}

// Images is the input of a batch: place image n with Image.
func (g *Graph) Images() []float32 { return g.mem[g.at(g.Input, 0, 0):][:g.ImagesLen()] }

// ImagesLen is its length.
func (g *Graph) ImagesLen() int { return g.maps[g.Input.id].size }

// Image returns where, in a buffer of Images' length, pixel (0, 0) of channel 0 of image n lies, the
// distance between channels, and that between pixels.
func (g *Graph) Image(images []float32, n int) (dst []float32, plane, stride int) {
	k, i := n/tensor.Chunk, n%tensor.Chunk
	return images[g.at(g.Input, k, 0)-g.at(g.Input, 0, 0)+i:], g.Input.plane(g.sizes[k]), g.sizes[k]
}

// Batch is the number of images.
func (g *Graph) Batch() int { return g.batch }

func grow(phases []phase, level int) []phase {
	for len(phases) <= level {
		phases = append(phases, phase{})
	}
	return phases
}

// Build compiles the network whose features are the means of the planes of the heads' channels. It fails if places in its
// memory are more than the kernels can tell apart.
func (g *Graph) Build(heads ...*State) error {
	g.head = heads
	channels := 0
	for _, h := range heads {
		channels += h.sum.C
		h.headed = true
	}
	memory := &g.Store.Memory
	Reserve(memory, &g.features, channels*g.batch)
	Reserve(memory, &g.dfeature, channels*g.batch)
	// Backward levels: what is made last is undone first.
	for i := len(g.states) - 1; i >= 0; i-- {
		g.states[i].undo(g)
	}
	g.schedule()
	g.use(g.Input, 0)
	g.use(g.Input, math.MaxInt-1)
	g.reserved = pack(g.maps)
	threads := g.pool.Threads()
	g.taps1, g.taps2 = make([][]tensor.Tap, threads), make([][]tensor.Tap, threads)
	g.coef, g.acc = make([][]float32, threads), make([][]float32, threads)
	for w := range threads {
		g.plane1 = append(g.plane1, g.reserved)
		g.plane2 = append(g.plane2, g.reserved+g.maxPlane)
		g.tile = append(g.tile, g.reserved+2*g.maxPlane)
		g.windows = append(g.windows, g.reserved+2*g.maxPlane+g.maxRows*(tileColumns+planePad))
		g.reserved += 2*g.maxPlane + g.maxRows*(tileColumns+planePad) + g.maxWindow
		Reserve(memory, &g.taps1[w], max(g.maxRows, maxTerms))
		Reserve(memory, &g.taps2[w], max(g.maxRows, maxTerms))
		Reserve(memory, &g.coef[w], maxTerms)
		Reserve(memory, &g.acc[w], max(g.maxAcc, maxTerms)*tensor.Lanes)
	}
	g.ones = g.reserved
	g.reserved += g.maxPlane
	Reserve(memory, &g.mem, g.reserved)
	memory.Then(func() {
		for i := range g.maxPlane {
			g.mem[g.ones+i] = 1
		}
	})
	g.partial = g.chunked(g.Store.Weights.Total)
	for _, phases := range [][]phase{g.forward, g.backward} {
		for i := range phases {
			phases[i].bind()
		}
	}
	g.DMix = make([]float64, len(g.Mix))
	g.gradTask = g.addPartials
	g.alone = NewTeam(g)
	if g.reserved > math.MaxInt32 { // a tensor.Tap's offsets, and so those of lines and rows, which are shorter
		return fmt.Errorf("a network's maps would take %.1f GB, more than the %.1f it can address", 4e-9*float64(g.reserved), 4e-9*math.MaxInt32)
	}
	return nil
}

// bind makes the function that finds a task's step.
func (p *phase) bind() {
	steps, tasks := p.steps, p.tasks
	p.run = func(task, worker int) {
		k := task / tasks
		task %= tasks
		for i := range steps {
			if task < steps[i].tasks {
				steps[i].run(k, task, worker)
				return
			}
			task -= steps[i].tasks
		}
	}
}

// Forward runs the network on the images in Input and returns the features: channels × batch, the
// batch innermost.
func (g *Graph) Forward() []float32 {
	g.alone.Forward()
	return g.features
}

// average sets the features.
func (g *Graph) average() {
	f := 0
	for _, h := range g.head {
		for c := range h.sum.C {
			for k, b := range g.sizes {
				out := g.features[f*g.batch+k*tensor.Chunk:][:b]
				clear(out)
				for i, v := range g.values(h.sum, k, c) {
					out[i%b] += v
				}
				for n := range out {
					out[n] /= float32(h.sum.H * h.sum.W)
				}
			}
			f++
		}
	}
}

// Backward takes the loss gradient with respect to the features back through the network, to DMix
// and, if weights is set, to Gradient. It may run once after a Forward in training.
func (g *Graph) Backward(dfeatures []float32, weights bool) {
	copy(g.dfeature, dfeatures)
	g.alone.Backward(weights)
}

// AddGradient adds the weight gradient of the last Backward to grad.
func (g *Graph) AddGradient(grad []float32) {
	g.grad = grad
	g.pool.Run((len(grad)+gradBlock-1)/gradBlock, g.gradTask)
}

const gradBlock = 1 << 14

func (g *Graph) addPartials(task, _ int) {
	lo, hi := task*gradBlock, min((task+1)*gradBlock, len(g.grad))
	dst := g.grad[lo:hi]
	for _, p := range g.partial {
		for i, v := range p[lo:hi] {
			dst[i] += v
		}
	}
}

// Features are the last Forward's.
func (g *Graph) Features() []float32 { return g.features }

// DFeatures is where a Team's Backward finds the loss gradient with respect to them.
func (g *Graph) DFeatures() []float32 { return g.dfeature }

// fold adds up Dot's partial sums.
func fold(dst, acc []float32) {
	for i := range dst {
		dst[i] = tensor.Fold(acc, i)
	}
}

package cpu

import (
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// branch is a program's branch in memory: its maps, and scratch for each worker. Chunks of images follow each other; within one,
// channel planes do, the images innermost.
type branch struct {
	e              *executor
	index          int
	sizes          []int    // images in each chunk
	batch          nn.Batch // labels alone, which are in …
	labels, second []int
	shares         []float32
	nodes          []*node
	norms          map[*nn.BatchNorm]*norm

	mem   []float32
	size  int     // of mem: the maps, and scratch behind them
	maps  []place // by ID
	short int     // the last chunk, if it is smaller than the others, or -1

	partial [][]float32 // weight gradient of each chunk
	dops    []float64   // loss gradient with respect to operation weights

	plane1, plane2, tile []int       // scratch of each worker, in mem
	windows              []int       // likewise, for a chunk of a Conv's windows
	acc                  [][]float32 // Dot's sums of each worker
	taps1, taps2         [][]tensor.Tap
	coef                 [][]float32
	ones                 int // a plane of ones
	maxPlane, maxRows    int
	maxAcc, maxWindow    int
	codes                [][]uint8           // scratch of each worker: a Conv's inputs
	entries              []tensor.Entries    // likewise, what codes are taken for
	kernel               [][]*tensor.Entries // the products of a window's weights
	tall                 [][]tensor.Tall     // and those of some columns
	matrix               [][]float32         // of factors
	maxCodes, maxKernel  int
	maxMatrix            int
	zeros                int // a row of them, of maxLine floats
	maxLine              int
}

func newBranch(e *executor, index int) *branch {
	b := &branch{
		e: e, index: index, norms: map[*nn.BatchNorm]*norm{}, dops: make([]float64, e.p.OpWeights),
		labels: make([]int, e.p.Batch), second: make([]int, e.p.Batch), shares: make([]float32, e.p.Batch),
	}
	for n := e.p.Batch; n > 0; n -= tensor.Chunk {
		b.sizes = append(b.sizes, min(n, tensor.Chunk))
	}
	b.short = -1
	if last := len(b.sizes) - 1; b.sizes[last] < b.sizes[0] {
		b.short = last
	}
	places, size := e.p.Place(index, func(m nn.FeatureMap) int {
		b.maxPlane = max(b.maxPlane, b.plane(m, 0))
		return len(b.sizes) * m.C * b.plane(m, 0)
	})
	b.size = size
	for id, m := range e.p.Maps {
		full := b.plane(m.FeatureMap, 0)
		b.maps = append(b.maps, place{places[id], m.C * full, [2]int{full, b.plane(m.FeatureMap, len(b.sizes)-1)}})
	}
	return b
}

// place is where a map lies, and the distances between its chunks and between planes, of full chunks and of the last.
type place struct {
	at, chunk int
	plane     [2]int
}

// reserve reserves the memory of the maps and of what the operations have asked for.
func (b *branch) reserve(threads int) {
	memory := &b.e.p.Params.Memory
	b.taps1, b.taps2 = make([][]tensor.Tap, threads), make([][]tensor.Tap, threads)
	b.coef, b.acc = make([][]float32, threads), make([][]float32, threads)
	b.codes, b.kernel = make([][]uint8, threads), make([][]*tensor.Entries, threads)
	b.tall, b.matrix = make([][]tensor.Tall, threads), make([][]float32, threads)
	for w := range threads {
		b.plane1 = append(b.plane1, b.size)
		b.plane2 = append(b.plane2, b.size+b.maxPlane)
		b.tile = append(b.tile, b.size+2*b.maxPlane)
		b.windows = append(b.windows, b.size+2*b.maxPlane+b.maxRows*(stripColumns+planePad))
		b.size += 2*b.maxPlane + b.maxRows*(stripColumns+planePad) + b.maxWindow
		nn.Reserve(memory, &b.taps1[w], max(b.maxRows, nn.MaxTerms))
		nn.Reserve(memory, &b.taps2[w], max(b.maxRows, nn.MaxTerms))
		nn.Reserve(memory, &b.coef[w], nn.MaxTerms)
		nn.Reserve(memory, &b.acc[w], max(b.maxAcc, nn.MaxTerms)*tensor.Lanes)
		if b.maxCodes > 0 {
			nn.Reserve(memory, &b.codes[w], b.maxCodes)
			nn.Reserve(memory, &b.kernel[w], b.maxKernel)
			nn.Reserve(memory, &b.tall[w], tensor.TallColumns)
			nn.Reserve(memory, &b.matrix[w], b.maxMatrix)
		}
	}
	nn.Reserve(memory, &b.entries, threads)
	b.ones = b.size
	b.zeros = b.size + b.maxPlane
	b.size = b.zeros + b.maxLine
	nn.Reserve(memory, &b.mem, b.size)
	memory.Then(func() {
		tensor.LargePages(b.mem)
		for i := range b.maxPlane {
			b.mem[b.ones+i] = 1
		}
	})
	b.partial = b.chunked(b.e.p.Params.Weights.Total)
}

// chunked reserves n values for each chunk.
func (b *branch) chunked(n int) [][]float32 {
	out := make([][]float32, len(b.sizes))
	var all []float32
	memory := &b.e.p.Params.Memory
	nn.Reserve(memory, &all, n*len(out))
	memory.Then(func() {
		for k := range out {
			out[k] = all[k*n:][:n:n]
		}
	})
	return out
}

// planePad keeps planes of a power of two apart in the cache's sets.
const planePad = 16

// plane is the distance between two planes of m in chunk k, and planeOf that for so many images.
func (b *branch) plane(m nn.FeatureMap, k int) int { return planeOf(m, b.sizes[k]) }
func planeOf(m nn.FeatureMap, images int) int      { return (m.H*m.W*images+15)&^15 + planePad }

// at is where channel c of chunk k of m lies.
func (b *branch) at(m nn.FeatureMap, k, c int) int {
	p := &b.maps[m.ID]
	return p.at + k*p.chunk + c*p.plane[b.variant(k)]
}

// length is the number of values of a plane of m in chunk k, and count that of a channel in all.
func (b *branch) length(m nn.FeatureMap, k int) int { return m.H * m.W * b.sizes[k] }
func (b *branch) count(m nn.FeatureMap) int         { return m.H * m.W * b.e.p.Batch }

// values is channel c of chunk k of m.
func (b *branch) values(m nn.FeatureMap, k, c int) []float32 {
	at := b.at(m, k, c)
	return b.mem[at : at+b.length(m, k)]
}

// variant is which of a plan's two forms serves chunk k: that of full ones or of the smaller last.
func (b *branch) variant(k int) int {
	if k == b.short {
		return 1
	}
	return 0
}

// plans makes a plan for full chunks and one for the last.
func (b *branch) plans(plan func(images int) (forward, backward *tensor.Plan)) (forward, backward [2]*tensor.Plan) {
	for i, n := range []int{b.sizes[0], b.sizes[len(b.sizes)-1]} {
		forward[i], backward[i] = plan(n)
	}
	return forward, backward
}

// load copies a batch.
func (b *branch) load(batch nn.Batch) {
	copy(b.labels, batch.Labels)
	if b.batch = (nn.Batch{Labels: b.labels}); batch.Second != nil {
		copy(b.second, batch.Second)
		copy(b.shares, batch.Shares)
		b.batch.Second, b.batch.Shares = b.second, b.shares
	}
	in, all := b.e.p.Inputs[b.index], b.e.p.Batch
	for c := range in.C {
		for k, n := range b.sizes {
			dst, src := b.values(in, k, c), batch.Images[c*in.H*in.W*all+k*tensor.Chunk:]
			for i := range in.H * in.W {
				copy(dst[i*n:][:n], src[i*all:])
			}
		}
	}
}

// live says whether an operation of the given weight is run.
func (b *branch) live(weight int) bool { return weight < 0 || b.e.pass.OpWeights[weight] != 0 }

func (b *branch) finite(m nn.FeatureMap) bool {
	for k := range b.sizes {
		for c := range m.C {
			if !nn.Finite(b.values(m, k, c)) {
				return false
			}
		}
	}
	return true
}

// fold adds up Dot's partial sums.
func fold(dst, acc []float32) {
	for i := range dst {
		dst[i] = tensor.Fold(acc, i)
	}
}

var one = []float32{1}

package search

import (
	"cmp"
	"fmt"
	"math"
	"runtime"

	"hlrslab/core/bbn"
	"hlrslab/core/darts"
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// Cost is what a search takes, known before it begins.
type Cost struct {
	Steps  int   // of an epoch
	Params int   // weights of the search network
	Bytes  int64 // of memory that a Run of one thread holds, images aside; each more takes a hundredth or two
}

// Cost says what a search on images of so many classes takes. Where that cannot be, which New refuses likewise, it says so
// together with the error.
func (c Config) Cost(classes int) (Cost, error) {
	if err := c.Validate(); err != nil {
		return Cost{}, err
	}
	counts, err := c.Counts(classes)
	if err != nil {
		return Cost{}, err
	}
	steps, err := c.steps(counts)
	if err != nil {
		return Cost{}, err
	}
	r, err := plan(c, classes, 1)
	return Cost{Steps: steps, Params: r.model.Store.Weights.Total, Bytes: r.model.Store.Memory.Bytes}, err
}

// room is the memory that a Run may ask for. WebAssembly addresses 4 GiB, of which images, snapshots and the program take
// their part; elsewhere only the system knows.
func room() int64 {
	if runtime.GOARCH == "wasm" {
		return 3 << 30
	}
	return math.MaxInt64
}

// plan is a run without its images. Its arrays are counted, but not made: that takes its model's Store.Memory.
func plan(c Config, classes, threads int) (*Run, error) {
	r := &Run{pool: tensor.NewPool(threads)}
	r.schedule(c)
	var err error
	r.model, err = bbn.New(bbn.Shape{
		Channels: c.Channels, Layers: c.Layers, Nodes: c.Nodes, Classes: classes,
		Batch: c.Batch, Size: c.Size, Branches: c.Branches,
	}, r.pool)
	memory, n, a := &r.model.Store.Memory, r.model.Store.Weights.Total, len(r.model.Alpha)
	r.sgd = &nn.SGD{Momentum: c.Momentum, Decay: c.Decay, Clip: c.Clip}
	r.adam = &nn.Adam{Beta1: 0.5, Beta2: 0.999, Epsilon: 1e-8, Decay: c.ArchDecay}
	r.architect = darts.NewArchitect(memory, r.sgd, n, a)
	for _, p := range []*[]float32{&r.sgd.Buffer, &r.dw} {
		nn.Reserve(memory, p, n)
	}
	for _, p := range []*[]float64{&r.adam.M, &r.adam.V, &r.dalpha} {
		nn.Reserve(memory, p, a)
	}
	for _, f := range []**feed{&r.data.weights[0], &r.data.weights[1], &r.data.arch[0], &r.data.arch[1]} {
		*f = &feed{indices: make([]int, c.Batch), labels: make([]int, c.Batch)}
		nn.Reserve(memory, &(*f).images, r.model.ImagesLen())
	}
	if most := room(); memory.Bytes > most {
		err = cmp.Or(err, fmt.Errorf("more than the %s there is in a browser", gigabytes(most)))
	}
	if err != nil {
		err = fault("batch", "%d images of side %d through %d channels and %d cells take %s of memory (%w): lower batch, channels, layers or size",
			c.Batch, c.Size, c.Channels, c.Layers, gigabytes(memory.Bytes), err)
	}
	return r, err
}

func gigabytes(n int64) string { return fmt.Sprintf("%.1f GB", 1e-9*float64(n)) }

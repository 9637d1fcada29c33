package search

import (
	"cmp"
	"fmt"
	"math"
	"runtime"

	"hlrslab/core/bbn"
	"hlrslab/core/darts"
	"hlrslab/core/nn"
)

// Cost is what a search takes, known before it begins.
type Cost struct {
	Steps  int   // of an epoch
	Params int   // weights of the search network
	Bytes  int64 // of memory that a Run holds, images aside
}

// Cost says what a search on images of so many classes takes, on a device. Where that cannot be, which New refuses likewise, it says so
// together with the error.
func (c Config) Cost(classes int, device nn.Device) (Cost, error) {
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
	r, err := plan(c, classes, device)
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
func plan(c Config, classes int, device nn.Device) (*Run, error) {
	r := &Run{}
	r.schedule(c)
	alphas := 2 * darts.Edges(c.Nodes) * len(darts.Primitives)
	backbone := func(b *nn.Builder, own string) []*nn.Node {
		return darts.Supernet(b, c.Channels, c.Layers, c.Nodes, own)
	}
	var err error
	r.model, err = bbn.New(bbn.Shape{Classes: classes, Batch: c.Batch, Size: c.Size, Branches: c.Branches}, backbone, r.mixture, alphas, device)
	memory, n := &r.model.Store.Memory, r.model.Store.Weights.Total
	r.sgd = &nn.SGD{Momentum: c.Momentum, Decay: c.Decay, Clip: c.Clip}
	r.method = darts.NewBilevel(c.Order, memory, r.sgd, c.ArchDecay, n, alphas)
	for _, p := range []*[]float32{&r.sgd.Buffer, &r.dw} {
		nn.Reserve(memory, p, n)
	}
	nn.Reserve(memory, &r.alpha, alphas)
	images := 3 * c.Size * c.Size * c.Batch
	nn.Reserve(memory, &r.data.testing.Images, images)
	for _, f := range []**loader{&r.data.weights[0], &r.data.weights[1], &r.data.arch[0], &r.data.arch[1]} {
		*f = &loader{indices: make([]int, c.Batch)}
		(*f).Labels = make([]int, c.Batch)
		nn.Reserve(memory, &(*f).Images, images)
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

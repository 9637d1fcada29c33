package run

import (
	"errors"
	"fmt"
	"math"
	"runtime"

	"hlrslab/core/approx"
	"hlrslab/core/darts"
	"hlrslab/core/nn"
)

// Cost is what a run takes, known before it begins.
type Cost struct {
	Steps  int   // of an epoch
	Params int   // weights of the network
	Bytes  int64 // of memory that a Run holds, images aside
	Device int64 // that a GPU takes beside
}

// Cost says what a run of a task on images of so many classes takes, on a device. Where that cannot be, which New refuses likewise, it says so
// together with the error.
func (c Config) Cost(classes int, device nn.Device, task Maker) (Cost, error) {
	if err := c.Validate(); err != nil {
		return Cost{}, err
	}
	counts, err := c.Counts(classes)
	if err != nil {
		return Cost{}, err
	}
	steps, err := c.Steps(counts)
	if err != nil {
		return Cost{}, err
	}
	r, err := plan(c, classes, device, task)
	store := &r.task.Model().Store
	return Cost{Steps: steps, Params: store.Weights.Total, Bytes: store.Memory.Bytes, Device: store.Memory.Device}, err
}

// NoMultiplier has cells compute in single precision.
const NoMultiplier = "none"

// Multiply is the multiplier of the cells, or nil.
func (c Config) Multiply() *approx.Multiplier {
	if f, _ := FieldOf("multiplier"); !f.Counts(c) {
		return nil
	}
	m, _ := approx.Parse(c.Multiplier) // as Validate has read it
	return m
}

// Energy is a report's: that of the genotype's network for classes.
func (c Config) Energy(g darts.Genotype, classes int) float64 {
	m := c.Multiply()
	if m == nil {
		return 0
	}
	return darts.EvalEnergy(g, c.Channels, c.Layers, classes, c.Size, m)
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
func plan(c Config, classes int, device nn.Device, task Maker) (*Run, error) {
	r := &Run{sgd: &nn.SGD{Momentum: c.Momentum, Decay: c.Decay, Clip: c.Clip, Nesterov: c.Nesterov}}
	var loaders []Loader
	var err error
	r.task, loaders, err = task(c, classes, device, r.sgd)
	r.schedule(c)
	store := &r.task.Model().Store
	memory := &store.Memory
	for _, p := range []*[]float32{&r.sgd.Buffer, &r.dw} {
		nn.Reserve(memory, p, store.Weights.Total)
	}
	images := 3 * c.Size * c.Size * c.Batch
	nn.Reserve(memory, &r.data.testing.Images, images)
	for _, l := range loaders {
		f := &loader{Loader: l, indices: make([]int, c.Batch)}
		f.Labels = make([]int, c.Batch)
		nn.Reserve(memory, &f.Images, images)
		r.data.loaders = append(r.data.loaders, f)
	}
	if _, failed := errors.AsType[nn.DeviceError](err); failed {
		return r, err
	}
	if err != nil {
		return r, fault("batch", "%w", err)
	}
	if most := room(); memory.Bytes > most {
		return r, fault("batch", "%d images of side %d through %d channels and %d cells take %s of memory, and there are %s in a browser: lower batch, channels, layers or size",
			c.Batch, c.Size, c.Channels, c.Layers, gigabytes(memory.Bytes), gigabytes(most))
	}
	return r, nil
}

func gigabytes(n int64) string { return fmt.Sprintf("%.1f GB", 1e-9*float64(n)) }

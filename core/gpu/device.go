package gpu

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"unsafe"

	"hlrslab/core/nn"
)

// Device is a GPU. Its executors take turns.
//
// All is computed in single precision. Of a sum over a batch, a thread adds its share one after the other (4 values of 1024, a 256th of a
// channel, or, of a matrix's gradient, at most 4096), a tree adds up the threads of a workgroup, and what workgroups come to is added
// one after the other. A variance is taken of differences from the mean. The loss itself is taken of the logits in double precision.
// Numbers are near the processor's, but not its bits, and may be others on another GPU.
type Device struct {
	driver  *turns
	once    sync.Once
	kernels [kinds]Kernel
	wrong   error // with the kernels
	limit   int64 // largest binding and buffer, bytes
	images  int   // most images of a chunk; 0 is as many as there is room for
}

// New is a device of a driver, which it does not close.
func New(d Driver) *Device {
	a := d.Adapter()
	return &Device{driver: &turns{Driver: d}, limit: min(a.Binding, a.Buffer)}
}

// Adapter is the GPU that the device is.
func (d *Device) Adapter() Adapter { return d.driver.Adapter() }

// Name implements nn.Device: a browser may not tell it.
func (d *Device) Name() string { return cmp.Or(d.Adapter().Name, "GPU") }

// Compile implements nn.Device. Images are taken in as many chunks as the GPU's buffers ask for. A program with an approximate
// multiplier is an error, and so is one of which not even one image fits, or which takes more memory than the GPU is known to have.
func (d *Device) Compile(p *nn.Program) (nn.Executor, error) {
	e := &executor{device: d, batches: make([]nn.Batch, len(p.Inputs))}
	chunks := 1
	if d.images > 0 {
		chunks = ceil(p.Batch, d.images)
	}
	for ; ; chunks++ {
		e.plan = newPlan(p, chunks)
		if e.plan.err != nil {
			return e, e.plan.err
		}
		what, floats, parted := e.plan.largest()
		if 4*int64(floats) <= d.limit && floats <= math.MaxInt32 {
			break
		}
		if chunks == p.Batch || !parted {
			return e, fmt.Errorf("%s has buffers of at most %.0f MB, and the %s would take one of %.0f MB: lower channels, layers or size, or use the CPU",
				d.driver.Adapter().Name, 1e-6*float64(d.limit), what, 4e-6*float64(floats))
		}
		chunks = max(chunks, min(p.Batch, int(4*int64(floats)/d.limit))-1)
	}
	memory, b, adapter := &p.Params.Memory, e.plan, d.driver.Adapter()
	if memory.Device += b.bytes(); adapter.Memory > 0 && memory.Device > adapter.Memory {
		return e, fmt.Errorf("%s has %.0f MB of memory, and this takes %.0f MB: lower batch, channels, layers or size, or use the CPU",
			adapter.Name, 1e-6*float64(adapter.Memory), 1e-6*float64(memory.Device))
	}
	if d.once.Do(d.compile); d.wrong != nil {
		return e, d.wrong
	}
	nn.Reserve(memory, &e.params, b.params.total)
	nn.Reserve(memory, &e.results, b.results)
	most, images := 0, 0
	for i := range b.heads {
		most = max(most, b.heads[i].Classes*p.Batch)
	}
	for _, in := range p.Inputs {
		images = max(images, in.C*in.H*in.W*b.chunks[0].n)
		for _, c := range b.chunks {
			images = max(images, in.C*in.H*in.W*c.n)
		}
	}
	nn.Reserve(memory, &e.dlogits, most)
	nn.Reserve(memory, &e.images, images)
	memory.Then(func() { e.note("making buffers", e.make()) })
	return e, nil
}

// manyBytes are so many that a card may not have them.
const manyBytes = 256 << 20

// executor implements nn.Executor.
type executor struct {
	device  *Device
	plan    *plan
	batches []nn.Batch // labels alone
	params  []float32  // what goes to the GPU with a pass …
	results []float32  // … and comes back
	dlogits []float32  // room for the loss's gradient, which the GPU takes itself
	images  []float32  // room for a chunk of a batch

	made         []interface{ Release() }
	mem          []Buffer // of each chunk
	state, input Buffer
	dispatches   []Dispatch // of each step
	list         []Dispatch // of a pass
	pass         int        // its number
	fault        error      // the first, after which nothing runs
}

// note keeps the first fault, and what it befell.
func (e *executor) note(what string, err error) {
	if err != nil && e.fault == nil {
		smaller := ""
		if n := e.plan.bytes(); n > manyBytes {
			smaller = fmt.Sprintf(", or with a smaller batch if this was too much for its memory, of which it takes %.1f GB", 1e-9*float64(n))
		}
		e.fault = nn.DeviceError{Err: fmt.Errorf("the GPU failed while %s (%w); go on from what was saved last, on the CPU%s", what, err, smaller)}
	}
}

// make makes buffers and dispatches.
func (e *executor) make() (err error) {
	d, b := e.device.driver, e.plan
	buffer := func(label string, floats int) Buffer {
		if err != nil {
			return nil
		}
		var own Buffer
		if own, err = d.Buffer(label, 4*int64(max(floats, Alignment/4))); err == nil {
			e.made = append(e.made, own)
		}
		return own
	}
	bind := func(group int, ranges ...Range) Group {
		if err != nil {
			return nil
		}
		var own Group
		if own, err = d.Bind(group, ranges...); err == nil {
			e.made = append(e.made, own)
		}
		return own
	}
	span := func(b Buffer, floats int) Range { return Range{b, 0, 4 * int64(max(floats, Alignment/4))} }
	e.state, e.input = buffer("state", b.state), buffer("params", b.params.total)
	var chunks []Group
	for _, c := range b.chunks {
		mem, scratch := buffer("feature maps", b.maps*c.n), buffer("scratch", c.most)
		e.mem = append(e.mem, mem)
		chunks = append(chunks, bind(0, span(mem, b.maps*c.n), span(scratch, c.most), span(e.state, b.state), span(e.input, b.params.total)))
	}
	table := buffer("tables", b.tables())
	var all words
	e.dispatches = nil
	for i := range b.steps {
		s, at := &b.steps[i], len(all)
		var groups int
		all, groups = s.table(all)
		own := bind(1, Range{table, 4 * int64(at), 4 * int64(len(all)-at)})
		for len(all)%(Alignment/4) > 0 {
			all = append(all, 0)
		}
		y := ceil(groups, d.Adapter().Groups)
		work := int64(0)
		for _, j := range s.jobs {
			work += int64(j.macs + j.floats)
		}
		e.dispatches = append(e.dispatches, Dispatch{e.device.kernels[s.kind], [2]Group{chunks[s.chunk], own}, ceil(groups, y), y, work})
	}
	if err == nil {
		err = d.Write(table, 0, raw(all))
	}
	for _, u := range b.units {
		if err == nil {
			err = d.Write(e.state, 4*int64(u[0]), raw(slices.Repeat([]float32{1}, u[1])))
		}
	}
	return err
}

// raw is the bytes of numbers as the GPU has them, as all machines that Go runs a GPU on do.
func raw[T float32 | int32](v []T) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), 4*len(v))
}

// Close implements nn.Executor.
func (e *executor) Close() {
	e.device.driver.Lock()
	for _, own := range slices.Backward(e.made) {
		own.Release()
	}
	e.device.driver.Unlock()
	e.made = nil
	e.note("closing", errors.New("it is closed"))
}

// Load implements nn.Executor.
func (e *executor) Load(branch int, batch nn.Batch) {
	own := &e.batches[branch]
	own.Labels = append(own.Labels[:0], batch.Labels...)
	own.Second, own.Shares = nil, nil
	if batch.Second != nil {
		own.Second, own.Shares = slices.Clone(batch.Second), slices.Clone(batch.Shares)
	}
	e.put(e.plan.p.Inputs[branch], batch.Images)
}

// put sets a map to C × H × W × batch values.
func (e *executor) put(m nn.FeatureMap, v []float32) {
	for i, c := range e.plan.chunks {
		if e.fault != nil {
			return
		}
		part := v
		if len(e.plan.chunks) > 1 {
			part = e.images[:m.C*m.H*m.W*c.n]
			for p := range m.C * m.H * m.W {
				copy(part[p*c.n:][:c.n], v[p*e.plan.p.Batch+c.first:])
			}
		}
		e.note("taking a batch", e.device.driver.Write(e.mem[i], 4*int64(e.plan.at(c, m, 0)), raw(part)))
	}
}

// Run implements nn.Executor.
func (e *executor) Run(p nn.Pass) (loss float64, err error) {
	e.send(&p)
	e.run(e.when(&p))
	e.fetch(&p)
	if e.fault != nil {
		return 0, e.fault
	}
	b := e.plan
	if len(b.heads) > 0 {
		copy(p.Logits, e.results[b.heads[0].logits:][:b.heads[0].Classes*b.p.Batch])
	}
	if p.Track {
		e.track(&p)
	}
	if p.Loss == nil {
		return 0, nil
	}
	if loss = e.loss(&p); math.IsNaN(loss) || math.IsInf(loss, 0) {
		return loss, fmt.Errorf("%s", e.nonFinite())
	}
	switch {
	case p.Frozen:
		clear(p.Grad)
		for _, param := range b.p.Params.Weights.List {
			if p.Grad != nil && slices.Contains(b.heading, param.Off) {
				copy(p.Grad[param.Off:][:param.Len()], e.results[b.grad+param.Off:])
			}
		}
		clear(p.OpGrad)
	default:
		copy(p.Grad, e.results[b.grad:])
		clear(p.OpGrad)
		for i, s := range b.slots {
			if p.OpGrad != nil {
				p.OpGrad[s.branch*b.p.OpWeights+s.weight] += float64(e.results[b.slotsAt+i])
			}
		}
	}
	return loss, nil
}

// track moves the running statistics.
func (e *executor) track(p *nn.Pass) {
	const share = float64(float32(nn.Momentum))
	for _, n := range e.plan.tracked {
		rests := func(weight int) bool { return weight >= 0 && p.OpWeights[weight] == 0 }
		if !p.Train || !slices.ContainsFunc(n.weights, func(w int) bool { return !rests(w) }) {
			continue
		}
		running := p.Running[n.Running:][:2*n.X.C]
		for i, v := range e.results[n.at:][:len(running)] {
			running[i] = float32((1-share)*float64(running[i]) + share*float64(v))
		}
	}
}

// send gives the GPU what it needs of a pass.
func (e *executor) send(p *nn.Pass) {
	at := e.plan.params
	e.describe(p)
	copy(e.params[at.ops:], p.OpWeights)
	masks := e.params[at.masks:at.running]
	if p.Train && p.Masks != nil {
		copy(masks, p.Masks)
	} else {
		for i := range masks {
			masks[i] = 1
		}
	}
	copy(e.params[at.running:], p.Running)
	copy(e.params[at.weights:], p.Weights)
	if e.fault == nil {
		e.note("taking the weights", e.device.driver.Write(e.input, 0, raw(e.params)))
	}
}

// when is what a pass has.
func (e *executor) when(p *nn.Pass) (w when) {
	graded := p.Loss != nil && (p.Grad != nil || p.OpGrad != nil)
	for _, has := range []struct {
		when when
		is   bool
	}{{training, p.Loss != nil && p.Train && !p.Frozen}, {teaching, graded}, {learning, p.Grad != nil}, {backing, graded && !p.Frozen}} {
		if has.is {
			w |= has.when
		}
	}
	return w
}

// run submits the steps of a pass.
func (e *executor) run(has when) {
	if e.fault != nil {
		return
	}
	e.list = e.list[:0]
	for i := range e.plan.steps {
		if e.plan.steps[i].when&^has == 0 {
			e.list = append(e.list, e.dispatches[i])
		}
	}
	e.note("computing", e.device.driver.Submit(e.list))
}

// fetch waits for a pass's results.
func (e *executor) fetch(p *nn.Pass) {
	n := e.plan.slotsAt
	switch {
	case p.Grad != nil:
		n = e.plan.results
	case p.Track:
		n = e.plan.grad
	case p.OpGrad != nil:
		n = e.plan.batchAt
	}
	if e.fault == nil {
		e.note("computing", e.device.driver.Read(e.state, 0, raw(e.results[:n])))
		if len(e.plan.heads) > 0 && e.results[0] != float32(e.pass) { // not every driver says that it has failed
			e.note("computing", errors.New("its driver gave no error, and did not compute"))
		}
	}
}

// nonFinite names the first layer, in the order of the forward pass, that has a value which is no number.
func (e *executor) nonFinite() string {
	b := e.plan
	for branch := range b.p.Inputs {
		for _, level := range b.p.Forward {
			for _, op := range level {
				n, ok := op.(*nn.Node)
				if !ok || n.Branch != branch {
					continue
				}
				for _, r := range n.Reads {
					if r.Norm == nil || r.Weight >= 0 && e.params[b.params.ops+r.Weight] == 0 {
						continue
					}
					own := make([]float32, 2*r.Norm.X.C) // mean and inverse deviation
					if e.device.driver.Read(e.state, 4*int64(b.norm(r.Norm).at+2*r.Norm.X.C), raw(own)) == nil && !nn.Finite(own) {
						return fmt.Sprintf("%s (branch %d)", r.Norm.Name, branch)
					}
				}
			}
		}
	}
	return "the classifier"
}

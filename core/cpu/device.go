// Package cpu is the device that every machine has, a browser's included: it runs programs of package nn by the kernels of
// package tensor, on any number of threads, to the same bits.
package cpu

import (
	"fmt"
	"math"
	"slices"

	"hlrslab/core/approx"
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// Device is the processor.
type Device struct {
	Threads int // they change the speed, not the numbers; less than one is one

	// Yield is called, if it is set, before each level, on the goroutine that runs the pass: it may let other work in, as a
	// browser must, or end that goroutine; its executor is then of no more use.
	Yield func()
}

// Name implements nn.Device.
func (d *Device) Name() string { return nn.CPU }

// Compile implements nn.Device.
func (d *Device) Compile(p *nn.Program) (nn.Executor, error) {
	e := &executor{p: p, pool: tensor.NewPool(d.Threads), products: map[*approx.Multiplier]*products{}, codesAt: map[int]*codes{}}
	e.pool.Yield = func() {
		if d.Yield != nil {
			d.Yield()
		}
	}
	for b := range p.Inputs {
		e.branches = append(e.branches, newBranch(e, b))
	}
	made := map[nn.Op]any{}
	for i, ops := range p.Forward {
		for _, op := range ops {
			made[op] = e.forwards(i, op, made)
		}
	}
	for _, b := range e.branches {
		for _, n := range b.nodes {
			n.link(made)
		}
	}
	for i, ops := range p.Backward {
		for _, op := range ops {
			e.backwards(i, op, made)
		}
	}
	var err error
	for _, b := range e.branches {
		b.reserve(e.pool.Threads())
		if b.size > math.MaxInt32 { // a tensor.Tap's offsets, and so those of lines and rows, which are shorter
			err = fmt.Errorf("a branch's maps would take %.1f GB, more than the %.1f that can be addressed: lower batch, channels, layers or size", 4e-9*float64(b.size), 4e-9*math.MaxInt32)
		}
	}
	for _, levels := range [][]level{e.forward, e.backward} {
		for i := range levels {
			levels[i].bind(e.pool.Threads())
		}
	}
	e.addTask = e.addPartials
	e.prepareTask = func(task, _ int) { e.prepares[task]() }
	return e, err
}

// executor implements nn.Executor.
type executor struct {
	p        *nn.Program
	pool     *tensor.Pool
	branches []*branch
	heads    []*head
	prepares []func() // of what is made of the weights as a pass begins

	// What Convs with multipliers have in common: these, and the weights' codes and what they stand for, which lie as the weights do.
	products map[*approx.Multiplier]*products
	codesAt  map[int]*codes
	codes    []uint8
	decoded  []float32

	forward, backward []level

	pass      nn.Pass // under way
	weighting bool    // whether it asks for the weights' gradient
	loss      float64

	addTask, prepareTask func(task, worker int)
}

// step is a set of independent tasks for each chunk k of a branch, and what follows, alone, once its level has ended.
type step struct {
	branch *branch
	tasks  int
	run    func(k, task, worker int)
	after  func()
	split  func(parts int) (tasks int) // cuts a task to more, where threads would have none; nil if it cannot be
}

// level is steps whose tasks are independent of each other. A branch's run chunk after chunk, as steps read alike.
type level struct {
	steps []step
	tasks int
	run   func(task, worker int)
	after []func() // in the operations' order, whatever the threads do
}

func add(levels *[]level, i int, s step) {
	for len(*levels) <= i {
		*levels = append(*levels, level{})
	}
	l := &(*levels)[i]
	l.steps = append(l.steps, s)
	if s.after != nil {
		l.after = append(l.after, s.after)
	}
}

// bind makes the function that finds a task's step.
func (l *level) bind(threads int) {
	total := 0
	for _, s := range l.steps {
		if s.tasks > 0 {
			total += len(s.branch.sizes) * s.tasks
		}
	}
	for i := range l.steps {
		if s := &l.steps[i]; s.split != nil && total < threads {
			s.tasks = s.split((threads + total - 1) / total)
		}
	}
	type share struct { // of one branch
		steps         []step
		tasks, chunks int // of a chunk
	}
	var shares []share
	for _, s := range l.steps {
		if s.tasks == 0 {
			continue
		}
		if n := len(shares); n == 0 || shares[n-1].steps[0].branch != s.branch {
			shares = append(shares, share{chunks: len(s.branch.sizes)})
		}
		b := &shares[len(shares)-1]
		b.steps, b.tasks = append(b.steps, s), b.tasks+s.tasks
		l.tasks += b.chunks * s.tasks
	}
	l.run = func(task, worker int) {
		i := 0
		for ; task >= shares[i].tasks*shares[i].chunks; i++ {
			task -= shares[i].tasks * shares[i].chunks
		}
		b := &shares[i]
		k := task / b.tasks
		task %= b.tasks
		for j := range b.steps {
			if task < b.steps[j].tasks {
				b.steps[j].run(k, task, worker)
				return
			}
			task -= b.steps[j].tasks
		}
	}
}

// forwards enters an operation of the forward pass and returns what there is of it here. A Conv with a multiplier takes a level of the
// program in two: its matrix needs the range of all that its window makes.
func (e *executor) forwards(at int, op nn.Op, made map[nn.Op]any) any {
	at *= 2
	switch op := op.(type) {
	case *nn.Stem:
		s := newStem(e.branches[op.Branch], op)
		add(&e.forward, at, step{branch: s.b, tasks: op.Out.C, run: s.forward, after: s.norm.finish})
		return s
	case *nn.Conv:
		c := newConv(e.branches[op.Branch], op, made)
		if m := c.coded; m != nil && m.middle != nil {
			add(&e.forward, at, step{branch: c.b, tasks: 1, run: m.windows, after: m.finishWindows, split: m.splitWindows})
			at++
		}
		add(&e.forward, at, step{branch: c.b, tasks: 1, run: c.forward, after: c.finish, split: c.splitForward})
		return c
	case *nn.Node:
		n := newNode(e.branches[op.Branch], op, made)
		add(&e.forward, at, step{branch: n.b, tasks: op.Sum.C, run: n.forward, after: n.closeForward})
		return n
	case *nn.Head:
		h := newHead(e, op)
		e.heads = append(e.heads, h)
		add(&e.forward, at, step{after: h.run})
		return h
	}
	panic(fmt.Sprintf("cpu: %T in the forward pass", op))
}

// backwards enters an operation of the backward pass.
func (e *executor) backwards(at int, op nn.Op, made map[nn.Op]any) {
	switch op := op.(type) {
	case *nn.Node:
		n := made[op].(*node)
		add(&e.backward, at, step{branch: n.b, tasks: op.Sum.C, run: n.backward, after: n.close})
	case *nn.Conv:
		c := made[op].(*conv)
		add(&e.backward, at, step{branch: c.b, tasks: 1, run: c.backward, after: c.passOn, split: c.splitBackward})
	case *nn.GradientGroup:
		var convs []*conv
		for _, c := range op.Convs {
			convs = append(convs, made[c].(*conv))
		}
		s := step{branch: convs[0].b, tasks: 1, run: func(k, task, worker int) {
			for _, c := range convs {
				c.backward(k, task, worker)
			}
		}}
		if len(convs) == 1 { // others would meet at their inputs
			s.split = convs[0].splitBackward
		}
		add(&e.backward, at, s)
	case *nn.Stem:
		s := made[op].(*stem)
		add(&e.backward, at, step{branch: s.b, tasks: op.Out.C, run: s.backward})
	default:
		panic(fmt.Sprintf("cpu: %T in the backward pass", op))
	}
}

// Load implements nn.Executor.
func (e *executor) Load(branch int, batch nn.Batch) { e.branches[branch].load(batch) }

// Close implements nn.Executor.
func (e *executor) Close() { e.pool.Close() }

// Run implements nn.Executor.
func (e *executor) Run(p nn.Pass) (loss float64, err error) {
	e.pass, e.weighting, e.loss = p, p.Grad != nil, 0
	clear(p.Grad)
	if len(e.prepares) > 0 {
		e.pool.Run(len(e.prepares), e.prepareTask)
	}
	e.run(e.forward)
	if p.Loss == nil {
		return 0, nil
	}
	if math.IsNaN(e.loss) || math.IsInf(e.loss, 0) {
		return e.loss, fmt.Errorf("%s", e.nonFinite())
	}
	if p.Frozen {
		clear(p.OpGrad)
	}
	if p.Frozen || p.Grad == nil && p.OpGrad == nil {
		return e.loss, nil
	}
	idle := e.weighting && slices.Contains(p.OpWeights, 0) // what does not run leaves the gradients of an earlier pass
	for _, b := range e.branches {
		clear(b.dops)
		for _, own := range b.partial {
			if idle {
				clear(own)
			}
		}
	}
	e.run(e.backward)
	if e.weighting {
		e.pool.Run((len(p.Grad)+addBlock-1)/addBlock, e.addTask)
	}
	if p.OpGrad != nil {
		for i, b := range e.branches {
			copy(p.OpGrad[i*e.p.OpWeights:][:e.p.OpWeights], b.dops)
		}
	}
	return e.loss, nil
}

func (e *executor) run(levels []level) {
	for i := range levels {
		l := &levels[i]
		if l.tasks > 0 {
			e.pool.Run(l.tasks, l.run)
		}
		for _, f := range l.after {
			f()
		}
	}
}

const addBlock = 1 << 14

// addPartials adds the weight gradients of all chunks, branch after branch, in a block of weights.
func (e *executor) addPartials(task, _ int) {
	grad := e.pass.Grad
	lo, hi := task*addBlock, min((task+1)*addBlock, len(grad))
	dst := grad[lo:hi]
	for _, b := range e.branches {
		for _, p := range b.partial {
			for i, v := range p[lo:hi] {
				dst[i] += v
			}
		}
	}
}

// nonFinite names the first layer, in the order of the forward pass, that has a value which is no number.
func (e *executor) nonFinite() string {
	for i, b := range e.branches {
		for _, n := range b.nodes {
			for j := range n.reads {
				if r := &n.reads[j]; r.norm != nil && n.live(j) && !b.finite(r.Map) {
					return fmt.Sprintf("%s (branch %d)", r.norm.Name, i)
				}
			}
		}
	}
	return "the classifier"
}

package gpu

import (
	"time"

	"hlrslab/core/nn"
)

// Use is what a kernel, which does what is said in a few words, takes of passes: dispatches and their workgroups, multiply-adds, floats that they ask memory for, however often
// the same, and, if that was measured, time.
type Use struct {
	Kernel, Does                     string
	Dispatches, Groups, Macs, Floats int
	Time                             time.Duration
}

// Profiler is an executor of this package.
type Profiler interface {
	nn.Executor
	// Profile runs a pass a dispatch at a time, short ones over and over, and measures what the kernels take. What it computes is
	// worth nothing.
	Profile(nn.Pass) ([]Use, error)
	// Bytes is what the program takes of the GPU's memory.
	Bytes() int64
}

func (e *executor) Bytes() int64 { return e.plan.bytes() }

// Count says what the kernels take in a pass through a program, on a GPU that has room for all images at once, and the bytes of its
// memory. It needs no GPU.
func Count(p *nn.Program, pass nn.Pass) (uses []Use, bytes int64, err error) {
	e := &executor{plan: newPlan(p, 1)}
	if e.plan.err != nil {
		return nil, 0, e.plan.err
	}
	uses, err = e.uses(pass, func(int) (time.Duration, error) { return 0, nil })
	return uses, e.Bytes(), err
}

func (e *executor) Profile(p nn.Pass) ([]Use, error) {
	e.send(&p)
	word := make([]byte, 4)
	list := []Dispatch{}
	run := func(list []Dispatch) time.Duration {
		began := time.Now()
		if e.fault == nil {
			e.note("computing", e.device.driver.Submit(list))
		}
		if e.fault == nil {
			e.note("computing", e.device.driver.Read(e.state, 0, word))
		}
		return time.Since(began)
	}
	idle := time.Hour // the least that submitting and waiting takes
	for range 10 {
		idle = min(idle, run(nil))
	}
	return e.uses(p, func(step int) (time.Duration, error) {
		took := run(e.dispatches[step : step+1])
		if took > 20*idle {
			return took - idle, e.fault
		}
		list = list[:0]
		for range 20 {
			list = append(list, e.dispatches[step])
		}
		return (run(list) - idle) / 20, e.fault
	})
}

func (e *executor) uses(p nn.Pass, run func(step int) (time.Duration, error)) (used []Use, err error) {
	var all [kinds]Use
	has := e.when(&p)
	for i, s := range e.plan.steps {
		if s.when&^has != 0 {
			continue
		}
		u := &all[s.kind]
		u.Kernel, u.Does = about[s.kind].name, about[s.kind].does
		u.Dispatches++
		for _, j := range s.jobs {
			u.Groups += j.groups
			u.Macs += j.macs
			u.Floats += j.floats
		}
		took, err := run(i)
		if err != nil {
			return nil, err
		}
		u.Time += took
	}
	for _, u := range all {
		if u.Dispatches > 0 {
			used = append(used, u)
		}
	}
	return used, nil
}

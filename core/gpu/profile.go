package gpu

import (
	"time"

	"hlrslab/core/nn"
)

// Use is what a kernel takes of passes: dispatches and their workgroups, multiply-adds, floats that they ask memory for, however often
// the same, and, if that was measured, time.
type Use struct {
	Kernel                           string
	Dispatches, Groups, Macs, Floats int
	Time                             time.Duration
}

// Profiler is an executor of this package.
type Profiler interface {
	nn.Executor
	// Profile runs a pass a dispatch at a time, and measures what the kernels take. Its results are dropped.
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
	uses, err = e.uses(pass, func(int) error { return nil })
	return uses, e.Bytes(), err
}

func (e *executor) Profile(p nn.Pass) ([]Use, error) {
	e.send(&p)
	word := make([]byte, 4)
	return e.uses(p, func(step int) error {
		if e.fault == nil {
			e.note("computing", e.device.driver.Submit(e.dispatches[step:step+1]))
		}
		if e.fault == nil {
			e.note("computing", e.device.driver.Read(e.state, 0, word))
		}
		return e.fault
	})
}

func (e *executor) uses(p nn.Pass, run func(step int) error) (used []Use, err error) {
	var all [kinds]Use
	has := e.when(&p)
	for i, s := range e.plan.steps {
		if s.when&^has != 0 {
			continue
		}
		u := &all[s.kind]
		u.Kernel = s.kind.String()
		u.Dispatches++
		for _, j := range s.jobs {
			u.Groups += j.groups
			u.Macs += j.macs
			u.Floats += j.floats
		}
		began := time.Now()
		if err := run(i); err != nil {
			return nil, err
		}
		u.Time += time.Since(began)
	}
	for _, u := range all {
		if u.Dispatches > 0 {
			used = append(used, u)
		}
	}
	return used, nil
}

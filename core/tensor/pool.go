package tensor

import (
	"sync"
	"sync/atomic"
)

// Pool runs the tasks of one phase after the other on a fixed number of threads. A task must write
// only what no other task of its phase touches; then the result does not depend on the threads.
type Pool struct {
	Between func() // called before each phase, if set: a place to let other work in, or to end the caller's goroutine

	threads int
	wake    []chan struct{}
	done    sync.WaitGroup
	task    func(task, worker int)
	tasks   int64
	next    atomic.Int64
}

// NewPool starts a pool of threads workers, the caller being one of them; Close ends it.
func NewPool(threads int) *Pool {
	p := &Pool{threads: max(1, threads)}
	for w := 1; w < p.threads; w++ {
		c := make(chan struct{}, 1)
		p.wake = append(p.wake, c)
		go func() {
			for range c {
				p.work(w)
				p.done.Done()
			}
		}()
	}
	return p
}

// Threads is the number of workers.
func (p *Pool) Threads() int { return p.threads }

// Run calls task(i, worker) for every i < n and returns when all have ended.
func (p *Pool) Run(n int, task func(task, worker int)) {
	if p.Between != nil {
		p.Between()
	}
	if p.threads == 1 || n == 1 {
		for i := range n {
			task(i, 0)
		}
		return
	}
	p.task, p.tasks = task, int64(n)
	p.next.Store(0)
	p.done.Add(len(p.wake))
	for _, c := range p.wake {
		c <- struct{}{}
	}
	p.work(0)
	p.done.Wait()
}

func (p *Pool) work(worker int) {
	for {
		i := p.next.Add(1) - 1
		if i >= p.tasks {
			return
		}
		p.task(int(i), worker)
	}
}

// Close ends the workers. The pool must be idle.
func (p *Pool) Close() {
	for _, c := range p.wake {
		close(c)
	}
	p.wake, p.threads = nil, 1
}

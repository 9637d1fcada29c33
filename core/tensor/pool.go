package tensor

import (
	"math"
	"runtime"
	"sync/atomic"
	"time"
)

// Pool runs the tasks of one phase after the other on a fixed number of threads. A task must write
// only what no other task of its phase touches; then the result does not depend on the threads. Each has its own share of the
// tasks, the same part of every phase, so that it finds in its caches what it has put there; who is done takes from the end of
// another's. Where threads outnumber cores none looks or takes, for that keeps others from running: each does its share and
// sleeps, and the scheduler sees to the rest.
type Pool struct {
	Yield func() // called before each phase, if set: a place to let other work in, or to end the caller's goroutine

	threads int
	crowded bool // more threads than cores
	helpers []*helper
	phase   atomic.Int64 // counts the phases; negative once the pool is closed
	working atomic.Int64 // helpers that have not ended the phase
	task    func(task, worker int)
	shares  []share
}

// share is the tasks that a worker has yet to take: the first in the upper half, the end in the lower.
type share struct {
	left atomic.Uint64
	_    [56]byte // a cache line each
}

// take takes the first task of the share, or the last.
func (s *share) take(last bool) (task int, ok bool) {
	for {
		left := s.left.Load()
		first, end := left>>32, left&math.MaxUint32
		if first >= end {
			return 0, false
		}
		task, then := first, left+1<<32
		if last {
			task, then = end-1, left-1
		}
		if s.left.CompareAndSwap(left, then) {
			return int(task), true
		}
	}
}

// helper is a worker beside the caller: between phases it looks for the next one for a while, and then sleeps.
type helper struct {
	asleep atomic.Bool
	wake   chan struct{}
}

// patience is how long a thread looks for what it waits for before it lets others run: a few times what it costs to be woken.
const patience = 200 * time.Microsecond

// await returns whether done came true in time.
func (p *Pool) await(done func() bool) bool {
	if p.crowded {
		return done()
	}
	var began time.Time
	for looks := 1; !done(); looks++ {
		if looks%1000 > 0 {
			continue
		}
		if began.IsZero() {
			began = time.Now()
		} else if time.Since(began) > patience {
			return false
		}
	}
	return true
}

// NewPool is a pool of threads workers, the caller being one of them; the others start with the first phase, and Close ends them.
func NewPool(threads int) *Pool { return &Pool{threads: max(1, threads)} }

// start starts the helpers.
func (p *Pool) start() {
	p.crowded = p.threads > runtime.GOMAXPROCS(0)
	p.shares = make([]share, p.threads)
	for w := 1; w < p.threads; w++ {
		h := &helper{wake: make(chan struct{}, 1)}
		p.helpers = append(p.helpers, h)
		go p.help(h, w)
	}
}

// Threads is the number of workers.
func (p *Pool) Threads() int { return p.threads }

// Run calls task(i, worker) for every i < n and returns when all have ended.
func (p *Pool) Run(n int, task func(task, worker int)) {
	if p.Yield != nil {
		p.Yield()
	}
	if p.threads == 1 || n == 1 {
		for i := range n {
			task(i, 0)
		}
		return
	}
	if p.helpers == nil {
		p.start()
	}
	p.task = task
	for w := range p.shares {
		p.shares[w].left.Store(uint64(w*n/p.threads)<<32 | uint64((w+1)*n/p.threads))
	}
	p.working.Store(int64(len(p.helpers)))
	p.begin(p.phase.Load() + 1)
	p.work(0)
	if !p.await(p.idle) { // who is waited for may be waiting for this core
		for !p.idle() {
			runtime.Gosched()
			yield()
		}
	}
}

// idle says whether the helpers have ended the phase.
func (p *Pool) idle() bool { return p.working.Load() == 0 }

// begin tells the helpers of a phase.
func (p *Pool) begin(phase int64) {
	p.phase.Store(phase)
	for _, h := range p.helpers {
		if h.asleep.Swap(false) {
			h.wake <- struct{}{}
		}
	}
}

func (p *Pool) help(h *helper, worker int) {
	phase := int64(0)
	begun := func() bool { return p.phase.Load() != phase }
	for {
		for !p.await(begun) { // who was woken late, for a phase that it has done already, waits on
			h.asleep.Store(true)
			if !begun() || !h.asleep.Swap(false) { // nothing came meanwhile, or who came has woken it
				<-h.wake
			}
		}
		if phase = p.phase.Load(); phase < 0 {
			return
		}
		p.work(worker)
		p.working.Add(-1)
	}
}

func (p *Pool) work(worker int) {
	for i := range p.shares {
		if i > 0 && p.crowded {
			return
		}
		s := &p.shares[(worker+i)%p.threads]
		for {
			task, ok := s.take(i > 0)
			if !ok {
				break
			}
			p.task(task, worker)
		}
	}
}

// Close ends the workers. The pool must be idle.
func (p *Pool) Close() {
	p.begin(-1)
	p.helpers, p.threads = nil, 1
}

package tensor

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// TestPool runs phases on fewer threads than cores and on more: every task once, and none before the phase ahead has ended.
func TestPool(t *testing.T) {
	for _, threads := range []int{1, 2, 3, 4*runtime.GOMAXPROCS(0) + 1} {
		p := NewPool(threads)
		for phase := range 300 {
			ran := make([]atomic.Int32, 1+phase%23)
			p.Run(len(ran), func(task, worker int) {
				if worker >= threads {
					t.Errorf("worker %d of %d", worker, threads)
				}
				ran[task].Add(1)
			})
			for i := range ran {
				if n := ran[i].Load(); n != 1 {
					t.Fatalf("%d threads: task %d of %d ran %d times", threads, i, len(ran), n)
				}
			}
		}
		p.Close()
	}
}

// TestEveryThreadWorks: each task waits for all others of its phase, so it ends only if there are as many threads at work.
func TestEveryThreadWorks(t *testing.T) {
	threads := 2*runtime.GOMAXPROCS(0) + 1
	p := NewPool(threads)
	defer p.Close()
	for range 20 {
		var met sync.WaitGroup
		met.Add(threads)
		var workers sync.Map
		p.Run(threads, func(_, worker int) {
			workers.Store(worker, true)
			met.Done()
			met.Wait()
		})
		for w := range threads {
			if _, ok := workers.Load(w); !ok {
				t.Fatalf("worker %d of %d took no task", w, threads)
			}
		}
	}
}

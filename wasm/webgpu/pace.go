package webgpu

import (
	"time"

	"hlrslab/core/gpu"
)

// slice is how long the work of a piece should take: the page draws a frame between two.
const slice = 8 * time.Millisecond

// firstBudget is the work of the first piece, which is little on any GPU.
const firstBudget = 1 << 20

// pace knows from what pieces took how much work fits a slice.
type pace struct{ budget int64 }

// cut returns how many dispatches make the next piece, at least one, and their work.
func (p *pace) cut(list []gpu.Dispatch) (n int, work int64) {
	for _, d := range list {
		if n > 0 && work+d.Work > p.budget {
			break
		}
		n, work = n+1, work+d.Work
	}
	return n, work
}

// took takes how long a piece was at work that waited for the one before. One that was quickly done says that there is room, if it
// was of some size.
func (p *pace) took(work int64, d time.Duration) {
	if d < slice && work < p.budget/2 {
		return
	}
	fits := int64(float64(work) * slice.Seconds() / max(d, slice/8).Seconds())
	p.budget = max(1, p.budget/2, min(fits, 2*p.budget))
}

// alone takes how long it was until a piece was done that did not wait. The way to the GPU and back is in that, so little follows from it.
func (p *pace) alone(work int64, d time.Duration) {
	if d > 4*slice {
		p.budget = max(1, min(work, p.budget)/2)
	}
}

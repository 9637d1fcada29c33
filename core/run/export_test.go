package run

import "hlrslab/core/nn"

// What tests see beside what is public: they run searches, which are above this package.

func (r *Run) Task() Task { return r.task }

// Steps is the task's counter, and Indices are the images of the weights' last batch of a branch.
func (r *Run) Steps() *int              { return r.steps() }
func (r *Run) Indices(branch int) []int { return r.data.loaders[2*r.pair+branch].indices }

// Resized are the bytes of the images that are held at a side of their own.
func (r *Run) Resized() int64 {
	set := r.data.set
	return int64((set.Train.Len() + set.Test.Len()) * 3 * set.Train.Size * set.Train.Size)
}

// Counts are the images of each class in a part.
func (r *Run) Counts(h Part) []int { return r.data.counts[h] }

// Chances are those of the classes with the loader, at the present epoch.
func (r *Run) Chances(loader int) []float64 { return r.data.loaders[loader].sampler.Probabilities() }

// Draw begins an epoch, and calls each for every batch of it in turn.
func (r *Run) Draw(epoch int, each func(indices []int, b nn.Batch)) {
	r.data.epoch(epoch)
	for range r.data.steps {
		r.data.mark()
		for _, f := range r.data.loaders {
			if err := r.data.next(f); err != nil {
				panic(err)
			}
			each(f.indices, f.Batch)
		}
	}
}

// ToTest goes to the epoch's test, as if its steps had been.
func (r *Run) ToTest() {
	r.At = r.data.steps
	r.record.Events = []Event{{}}
}

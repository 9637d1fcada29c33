package run

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"hlrslab/core/bbn"
	"hlrslab/core/data"
	"hlrslab/core/nn"
)

// Streams of random numbers: each random thing has its own, so that changing one leaves the others.
const (
	subsetStream = iota + 1
	weightStream
	sampleStream
	augmentStream
	mixStream
	splitStream
)

// stream returns the seed of a stream: the configuration's own, or one derived from Seed.
func stream(seed, own uint64, id uint64) uint64 {
	if own != 0 {
		return own
	}
	return rand.NewPCG(seed, id).Uint64()
}

// loader draws one kind of batches.
type loader struct {
	Loader
	sampler *data.Sampler
	indices []int
	nn.Batch
}

// Batches is the data side of a run.
type Batches struct {
	set     *data.Dataset // at the configuration's size
	augment data.Augment
	random  *rand.PCG // of augmentation
	marked  rand.PCG  // random at the last mark
	image   []uint8   // as it is read
	counts  [][]int   // images of each class in each Part
	order   []int     // classes from head to tail
	total   []int     // images of each class in the long-tailed set
	test    []int     // balanced test images, class after class, interleaved
	testing nn.Batch  // one batch of them
	steps   int       // of an epoch
	loaders []*loader // in pairs, of which each branch has one
}

// load gives the loaders their images, so many of each class.
func (b *Batches) load(c Config, d *data.Dataset, counts []int) (err error) {
	norm := d.Norm
	if norm == nil {
		norm = &data.CIFAR10
	}
	b.augment = data.Augment{Levels: norm.Levels(), Crop: c.Crop, Flip: c.Flip, Cutout: c.Cutout}
	b.random = rand.NewPCG(stream(c.Seed, c.AugmentSeed, augmentStream), augmentStream)
	b.image = make([]uint8, 3*c.Size*c.Size)
	classes := len(d.Classes)
	have := make([]int, classes)
	for _, l := range d.Train.Labels {
		have[l]++
	}
	for class, whole := range d.Train.Whole { // a part of a set must have all there is to choose from
		if have[class] < min(whole, c.Pool) {
			return fault("pool", "the images at hand are a part, with %d of class %d where %d are asked for: take a pool of at most %d, or all images", have[class], class, min(whole, c.Pool), slices.Min(have))
		}
	}
	subset, err := data.Subset(d.Train.Labels, counts, c.Pool, stream(c.Seed, c.SubsetSeed, subsetStream), c.ClassSeed)
	if err != nil {
		return blame("n-max", err)
	}
	parts := func(int) [][]int { return [][]int{WeightHalf: nil, ArchHalf: nil, Whole: subset} }
	if c.Task == Search {
		if parts, err = c.split(d.Train.Labels, subset); err != nil {
			return blame("halves", err)
		}
	}
	if b.set, err = d.Resize(c.Size); err != nil {
		return blame("size", err)
	}
	for _, part := range parts(0) {
		b.counts = append(b.counts, tally(d.Train.Labels, part, classes))
	}
	b.total = b.counts[Whole]
	b.order = headToTail(b.total)
	if b.steps, err = c.Steps(counts); err != nil {
		return err
	}
	if b.test, err = balanced(d.Test.Labels, classes, c.TestImages/classes); err != nil {
		return err
	}
	seed := stream(c.Seed, c.SampleSeed, sampleStream)
	for i, f := range b.loaders {
		if f.sampler, err = data.NewSampler(f.Sampler, &d.Train, parts(0)[f.Part], c.Epochs, rand.NewPCG(seed, uint64(sampleStream<<8+i))); err != nil {
			return err
		}
		if c.resplits() && f.Part != Whole {
			f.sampler.Vary(func(epoch int) []int { return parts(epoch)[f.Part] })
		}
	}
	return nil
}

// resplits says whether the parts are others in every epoch.
func (c Config) resplits() bool { return c.Resplit && c.Halves == "stratified" }

// split says what the parts of a search's images are in an epoch, of which the last one asked for is kept.
func (c Config) split(labels, subset []int) (parts func(epoch int) [][]int, err error) {
	seed := stream(c.Seed, c.SampleSeed, splitStream)
	of := func(epoch int) ([][]int, error) {
		var src *rand.PCG
		if c.resplits() {
			src = rand.NewPCG(seed, splitStream<<32+uint64(epoch))
		}
		weights, arch, err := data.Split(labels, subset, c.Halves, c.WeightShare, src)
		return [][]int{WeightHalf: weights, ArchHalf: arch, Whole: subset}, err
	}
	at := 0
	last, err := of(at)
	return func(epoch int) [][]int {
		if c.resplits() && epoch != at {
			at = epoch
			last, _ = of(epoch) // whose error does not depend on the epoch
		}
		return last
	}, err
}

// Counts is the number of images of each of the classes, from head to tail. Every class must have one for each part, and one to test.
func (c Config) Counts(classes int) ([]int, error) {
	counts, err := data.Counts(c.Profile, c.NMax, classes, c.Imbalance)
	switch {
	case classes > nn.MaxClasses:
		return nil, fmt.Errorf("%d classes, and a network tells %d apart: leave some out", classes, nn.MaxClasses)
	case classes < 2:
		return nil, err // no field is at fault
	case err != nil:
		return nil, blame("imbalance", err)
	case c.TestImages < classes:
		return nil, fault("test-images", "%d cannot be shared among %d classes; take %d or more", c.TestImages, classes, classes)
	case c.Task == Search && c.Halves == "stratified" && counts[classes-1] < 2:
		return nil, fault("imbalance", "%v leaves a single image in class %d at n-max %d, and both parts need one: lower imbalance to at most %d, or raise n-max", c.Imbalance, classes-1, c.NMax, c.NMax/2)
	}
	return counts, nil
}

// Steps is the number of an epoch's steps with so many images of each class: a pass over the weights' part, without a last, smaller
// batch. A FieldError says so where there is not one.
func (c Config) Steps(counts []int) (int, error) {
	n := data.SplitSize(counts, c.Halves, c.WeightShare)
	if c.Task == Train {
		n = 0
		for _, v := range counts {
			n += v
		}
	}
	if n < c.Batch {
		return 0, fault("batch", "the weights have only %d images, fewer than a batch of %d; take a smaller batch or a larger n-max", n, c.Batch)
	}
	return n / c.Batch, nil
}

func tally(labels, indices []int, classes int) []int {
	n := make([]int, classes)
	for _, i := range indices {
		n[labels[i]]++
	}
	return n
}

// balanced takes the first each images of every class, so that any prefix is nearly balanced.
func balanced(labels []int, classes, each int) ([]int, error) {
	by := make([][]int, classes)
	for i, y := range labels {
		by[y] = append(by[y], i)
	}
	var out []int
	for n := range each {
		for c := range by {
			if n >= len(by[c]) {
				return nil, fault("test-images", "class %d has only %d test images, not %d; take %d or fewer", c, len(by[c]), each, len(by[c])*classes)
			}
			out = append(out, by[c][n])
		}
	}
	return out, nil
}

// epoch tells the samplers which epoch begins.
func (b *Batches) epoch(e int) {
	for _, f := range b.loaders {
		f.sampler.Epoch(e)
	}
}

// Random draws what belongs to the augmentation of images.
func (b *Batches) Random() *rand.Rand { return rand.New(b.random) }

// Draw fills an objective with the next batch of each branch, of a pair of loaders. With inference's logits both branches have one
// batch. An image that cannot be read is an error.
func (b *Batches) Draw(o *bbn.Objective, pair int) error {
	for branch := range o.Model.Branches() {
		f := b.loaders[2*pair+branch]
		if o.Inference {
			f = b.loaders[2*pair]
		}
		if branch == 0 || !o.Inference {
			if err := b.next(f); err != nil {
				return err
			}
		}
		o.Batches[branch] = f.Batch
	}
	return nil
}

// next draws f's next batch.
func (b *Batches) next(f *loader) error {
	f.sampler.Next(f.indices)
	rng := b.Random()
	size, side := len(f.indices), b.set.Train.Size
	for n, i := range f.indices {
		if err := b.read(&b.set.Train, "training", i); err != nil {
			return err
		}
		b.augment.Fill(f.Images[n:], side*side*size, size, b.image, side, rng)
		f.Labels[n] = b.set.Train.Labels[i]
	}
	return nil
}

// fillTest fills the batch of test images with n from the first on, and the rest of it with images that do not count.
func (b *Batches) fillTest(first, n, size int) error {
	plain, side := data.Augment{Levels: b.augment.Levels}, b.set.Test.Size
	for i := range size {
		if err := b.read(&b.set.Test, "test", b.test[first+i%n]); err != nil {
			return err
		}
		plain.Fill(b.testing.Images[i:], side*side*size, size, b.image, side, nil)
	}
	return nil
}

// read reads an image, of which an error tells its place in the whole set.
func (b *Batches) read(m *data.Images, set string, i int) error {
	err := m.Pixels.Read(b.image, i)
	if err != nil {
		err = fmt.Errorf("%s image %d: %w", set, m.Place(i), err)
	}
	return err
}

// mark remembers where all streams stand.
func (b *Batches) mark() {
	b.marked = *b.random
	for _, f := range b.loaders {
		f.sampler.Mark()
	}
}

// back returns to the last mark.
func (b *Batches) back() {
	*b.random = b.marked
	for _, f := range b.loaders {
		f.sampler.Back()
	}
}

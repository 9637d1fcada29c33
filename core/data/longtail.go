package data

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Counts are the images of each class along a long tail from nMax to nMax/imbalance (Cui et al.
// 2019, Cao et al. 2019): profile "exp" gives ⌊nMax·imbalance^(-i/(classes-1))⌋, "step" gives nMax
// to the first half of the classes and ⌊nMax/imbalance⌋ to the rest. A count of zero is an error.
func Counts(profile string, nMax, classes int, imbalance float64) ([]int, error) {
	switch {
	case profile != "exp" && profile != "step":
		return nil, fmt.Errorf("profile %q: unknown: choose exp or step", profile)
	case nMax < 1:
		return nil, fmt.Errorf("n-max %d: must be at least 1", nMax)
	case classes < 2:
		return nil, fmt.Errorf("%d classes: a tail needs at least 2", classes)
	case !(imbalance >= 1) || math.IsInf(imbalance, 0):
		return nil, fmt.Errorf("imbalance %v: must be a number of at least 1 (1 is balanced)", imbalance)
	}
	counts := make([]int, classes)
	for i := range counts {
		share := 0.0 // of the way to the tail, in powers of the imbalance
		if profile == "exp" {
			share = float64(i) / float64(classes-1)
		} else if i >= classes/2 {
			share = 1
		}
		// A hair more than the quotient: rounding must not turn 500 into 499 when truncated.
		counts[i] = int(float64(nMax) / math.Pow(imbalance, share) * (1 + 1e-12))
		if counts[i] == 0 {
			return nil, fmt.Errorf("imbalance %v leaves class %d of %d without images at n-max %d: lower imbalance to at most %d, or raise n-max", imbalance, i, classes, nMax, nMax)
		}
	}
	return counts, nil
}

// Permute says which class gets which count: a random permutation of counts, or with seed 0 the
// counts as they are. It separates how hard a class is from how rare it is.
func Permute(counts []int, classSeed uint64) []int {
	out := append([]int(nil), counts...)
	if classSeed != 0 {
		shuffle(rand.NewPCG(classSeed, 0), out)
	}
	return out
}

// Subset chooses images at random, Permute(counts, classSeed)[c] of the first pool of class c, and returns their
// indices ordered by class (as LDAM's long-tailed CIFAR is, Cao et al. 2019). Each class has its own
// stream, so with one seed a smaller count's images are among a larger count's. A class with fewer
// images than asked, or a label without a count, is an error.
func Subset(labels []int, counts []int, pool int, seed, classSeed uint64) ([]int, error) {
	lists := make([][]int, len(counts))
	for i, l := range labels {
		if l < 0 || l >= len(counts) {
			return nil, fmt.Errorf("image %d has label %d, but there are counts for only %d classes", i, l, len(counts))
		}
		if len(lists[l]) < pool {
			lists[l] = append(lists[l], i)
		}
	}
	var out []int
	for c, n := range Permute(counts, classSeed) {
		if n < 0 || n > len(lists[c]) {
			return nil, fmt.Errorf("%d images of class %d are asked and it has %d: lower n-max to at most %d", n, c, len(lists[c]), len(lists[c]))
		}
		shuffle(rand.NewPCG(seed, uint64(c)), lists[c])
		out = append(out, lists[c][:n]...)
	}
	return out, nil
}

// SplitCounts is how many images of each class Split gives the weights, where the classes have counts and the list has their order.
func SplitCounts(counts []int, mode string, share float64) []int {
	out, all := make([]int, len(counts)), 0
	for class, n := range counts {
		all += n
		out[class] = part(n, share)
	}
	if mode == "positional" {
		left := part(all, share)
		for class, n := range counts {
			out[class] = min(n, left)
			left -= out[class]
		}
	}
	return out
}

// SplitSize is the number of images that Split gives the weights, where the classes have counts.
func SplitSize(counts []int, mode string, share float64) (n int) {
	for _, of := range SplitCounts(counts, mode, share) {
		n += of
	}
	return n
}

// part is ⌊share·n⌋, but at least one of the n, and not all.
func part(n int, share float64) int {
	return max(min(int(float64(n)*share*(1+1e-12)), n-1), min(n, 1)) // 0.7 of 10 are 7, whatever rounding says
}

// Split divides indices between the weights, which get a share, and the architecture, which gets the rest; both have the order of the
// list. Mode "stratified" divides each class's images, ⌊share·n⌋ of n for the weights, but at least one for either; a class with a
// single image is an error, since both need it. With a source, the list is shuffled by it first. Mode "positional" cuts the list in two,
// as DARTS does with its shuffled set: over a list ordered by class, the weights then see only the head.
func Split(labels []int, indices []int, mode string, share float64, src *rand.PCG) (weights, arch []int, err error) {
	if mode != "stratified" && mode != "positional" {
		return nil, nil, fmt.Errorf("halves %q: unknown: choose stratified or positional", mode)
	}
	if !(share > 0 && share < 1) {
		return nil, nil, fmt.Errorf("%v of the images leaves one part without any: give a share between 0 and 1", share)
	}
	if len(indices) < 2 {
		return nil, nil, fmt.Errorf("%d images cannot be split: raise n-max", len(indices))
	}
	left := make([]int, classes(labels)) // of each class, and then of those that the weights still get
	for _, i := range indices {
		if i < 0 || i >= len(labels) {
			return nil, nil, fmt.Errorf("split: index %d is outside the %d images", i, len(labels))
		}
		left[labels[i]]++
	}
	if src != nil {
		indices = append([]int(nil), indices...)
		shuffle(src, indices)
	}
	if mode == "positional" {
		mid := part(len(indices), share)
		return append([]int(nil), indices[:mid]...), append([]int(nil), indices[mid:]...), nil
	}
	for c, n := range left {
		if left[c] = part(n, share); n == 1 {
			return nil, nil, fmt.Errorf("class %d has one image, and both parts need one: lower imbalance or raise n-max", c)
		}
	}
	for _, i := range indices {
		if c := labels[i]; left[c] > 0 {
			left[c]--
			weights = append(weights, i)
		} else {
			arch = append(arch, i)
		}
	}
	return weights, arch, nil
}

// Package data makes the images of an experiment: it reads CIFAR-10 (Krizhevsky 2009) or generates
// a toy set, thins it to a long tail, splits it between weights and architecture, and hands out
// batches and augmented pixels. It needs only readers and values, so it runs in a browser as it
// does on a server, and a seed gives the same result on both.
package data

import (
	"errors"
	"fmt"
)

// Images are square RGB images: what is known of each, which is in memory, and a source of their pixels.
type Images struct {
	Size   int   // side in pixels
	Labels []int // of each image, an index into Dataset.Classes
	Pixels Source

	// Of a part of a set (nil is the whole): each image's place in the whole, by which it is known wherever it is, and how many
	// images of each class the whole has.
	Places []int
	Whole  []int
}

// Dataset is a training and a test set over the same classes.
type Dataset struct {
	Name        string // "cifar10", "toy" or "own"
	Classes     []string
	Norm        *Norm // of Train; nil stands for CIFAR10
	Train, Test Images
}

// The page's part of CIFAR-10: the first images of each class, at a side in pixels. The small presets choose theirs among these.
const (
	PageTrain = 500
	PageTest  = 100
	PageSide  = 16
)

// Len is the number of images.
func (m *Images) Len() int { return len(m.Labels) }

// Place is image i's place in the whole set.
func (m *Images) Place(i int) int {
	if m.Places == nil {
		return i
	}
	return m.Places[i]
}

// Resize returns the images at the given side in pixels, each new pixel the mean, rounded half up, of the square it covers; by
// halves where that can be, so that 8 from 32 is 8 from 16 from 32, as the page's images come. The side must divide Size. Images
// in memory are reduced at once, others as they are read.
func (m *Images) Resize(side int) (*Images, error) {
	if side < 1 || side > m.Size || m.Size%side != 0 {
		return nil, fmt.Errorf("size %d does not divide the images' side of %d px; choose %d or %d", side, m.Size, m.Size, (m.Size+1)/2)
	}
	out := *m
	for out.Size > side {
		from, k := out.Size, out.Size/side
		if k%2 == 0 {
			k = 2
		}
		out.Size /= k
		out.Pixels = &reduced{from: out.Pixels, side: out.Size, k: k, whole: make([]uint8, 3*from*from)}
	}
	if _, held := m.Pixels.(Memory); held && out.Size < m.Size {
		n := 3 * side * side
		pixels := make(Memory, m.Len()*n)
		for i := range m.Len() {
			if err := out.Pixels.Read(pixels[i*n:(i+1)*n], i); err != nil {
				return nil, err
			}
		}
		out.Pixels = pixels
	}
	return &out, nil
}

// Resize returns the set with the images of both its parts resized.
func (d *Dataset) Resize(side int) (*Dataset, error) {
	out := *d
	for _, m := range []*Images{&out.Train, &out.Test} {
		small, err := m.Resize(side)
		if err != nil {
			return nil, err
		}
		*m = *small
	}
	return &out, nil
}

// First lists the first n images of each class, in their order.
func (m *Images) First(n int) (list []int) {
	seen := map[int]int{}
	for i, y := range m.Labels {
		if seen[y]++; seen[y] <= n {
			list = append(list, i)
		}
	}
	return list
}

// Validate says what is wrong with a set, but for the pixels of a source that is not in memory.
func (d *Dataset) Validate() error {
	if n := d.Norm; n != nil && !(n.Std[0] > 0 && n.Std[1] > 0 && n.Std[2] > 0) {
		return errors.New("the standard deviation of a channel is not above 0")
	}
	err := d.Train.check("training set", len(d.Classes))
	if err == nil {
		err = d.Test.check("test set", len(d.Classes))
	}
	return err
}

// check says what is wrong with images that claim the given classes.
func (m *Images) check(set string, classes int) error {
	held, ok := m.Pixels.(Memory)
	if want := m.Len() * 3 * m.Size * m.Size; m.Size < 1 || (ok || m.Pixels == nil) && len(held) != want {
		return fmt.Errorf("%s: %d bytes of pixels for %d images of side %d, want %d", set, len(held), m.Len(), m.Size, want)
	}
	for i, l := range m.Labels {
		if l < 0 || l >= classes {
			return fmt.Errorf("%s: image %d has label %d, and of %d classes the labels are 0 to %d", set, i, l, classes, classes-1)
		}
	}
	if m.Places != nil && (len(m.Places) != m.Len() || len(m.Whole) != classes) {
		return fmt.Errorf("%s: places of %d images and counts of %d classes, want %d and %d", set, len(m.Places), len(m.Whole), m.Len(), classes)
	}
	return nil
}

// classes is what the labels ask for.
func classes(labels []int) (n int) {
	for _, l := range labels {
		n = max(n, l+1)
	}
	return n
}

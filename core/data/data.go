// Package data makes the images of an experiment: it reads CIFAR-10 (Krizhevsky 2009) or generates
// a toy set, thins it to a long tail, splits it between weights and architecture, and hands out
// batches and augmented pixels. It needs only readers and values, so it runs in a browser as it
// does on a server, and a seed gives the same result on both.
package data

import "fmt"

// Images are N square RGB images, one block of memory each.
type Images struct {
	Size   int     // side in pixels
	Pixels []uint8 // N × 3 × Size × Size: the red, green and blue planes, row by row
	Labels []uint8 // N, indices into Dataset.Classes

	// Of a part of a set (nil is the whole): each image's place in the whole, by which it is known wherever it is, and how many
	// images of each class the whole has.
	Places []int
	Whole  []int
}

// Dataset is a training and a test set over the same classes.
type Dataset struct {
	Name        string // "cifar10", "toy" or "own"
	Classes     []string
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

// At is image i, 3 × Size × Size, sharing memory.
func (m *Images) At(i int) []uint8 {
	n := 3 * m.Size * m.Size
	return m.Pixels[i*n : (i+1)*n : (i+1)*n]
}

// Place is image i's place in the whole set.
func (m *Images) Place(i int) int {
	if m.Places == nil {
		return i
	}
	return m.Places[i]
}

// Resize returns the images at the given side in pixels, each new pixel the mean, rounded half up,
// of the square it covers; by halves where that can be, so that 8 from 32 is 8 from 16 from 32, as the
// page's images come. The side must divide Size. At the present side the result shares memory.
func (m *Images) Resize(side int) (*Images, error) {
	if side < 1 || side > m.Size || m.Size%side != 0 {
		return nil, fmt.Errorf("size %d does not divide the images' side of %d px; choose %d or %d", side, m.Size, m.Size, (m.Size+1)/2)
	}
	k := m.Size / side
	if k == 1 {
		same := *m
		return &same, nil
	}
	if k > 2 && k%2 == 0 {
		half, err := m.Resize(m.Size / 2)
		if err != nil {
			return nil, err
		}
		return half.Resize(side)
	}
	out := &Images{Size: side, Pixels: make([]uint8, m.Len()*3*side*side), Labels: m.Labels, Places: m.Places, Whole: m.Whole}
	area := k * k
	for i := range out.Pixels {
		row, x := i/side, i%side // planes stack into one tall image, so rows need no plane index
		sum := area / 2
		for dy := range k {
			at := (row*k+dy)*m.Size + x*k
			for _, p := range m.Pixels[at : at+k] {
				sum += int(p)
			}
		}
		out.Pixels[i] = uint8(sum / area)
	}
	return out, nil
}

// First lists the first n images of each class, in their order.
func (m *Images) First(n int) (list []int) {
	var seen [256]int
	for i, y := range m.Labels {
		if seen[y]++; seen[y] <= n {
			list = append(list, i)
		}
	}
	return list
}

// check says what is wrong with a set that claims the given classes.
func (m *Images) check(set string, classes int) error {
	if want := m.Len() * 3 * m.Size * m.Size; m.Size < 1 || len(m.Pixels) != want {
		return fmt.Errorf("%s: %d bytes of pixels for %d images of side %d, want %d", set, len(m.Pixels), m.Len(), m.Size, want)
	}
	for i, l := range m.Labels {
		if int(l) >= classes {
			return fmt.Errorf("%s: image %d has label %d, but there are only %d classes", set, i, l, classes)
		}
	}
	if m.Places != nil && (len(m.Places) != m.Len() || len(m.Whole) != classes) {
		return fmt.Errorf("%s: places of %d images and counts of %d classes, want %d and %d", set, len(m.Places), len(m.Whole), m.Len(), classes)
	}
	return nil
}

// tally counts the images of each class, in a slice as long as the largest label asks.
func tally(labels []uint8) []int {
	var n [256]int
	last := -1
	for _, l := range labels {
		n[l]++
		last = max(last, int(l))
	}
	return n[:last+1]
}

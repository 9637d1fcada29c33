package data

// Source is where the pixels of images are: in memory, or on a disk that is read as they are asked for. Images are 3 × side × side
// bytes: the red, green and blue planes, row by row.
type Source interface {
	// Read fills dst with image i. It may fail, and do better when it is asked again.
	Read(dst []uint8, i int) error
}

// Memory is a source of images that are held, one after the other.
type Memory []uint8

// Read implements Source. It never fails.
func (m Memory) Read(dst []uint8, i int) error {
	copy(dst, m[i*len(dst):])
	return nil
}

// At is image i of those that have a side, sharing memory.
func (m Memory) At(i, side int) []uint8 {
	n := 3 * side * side
	return m[i*n : (i+1)*n : (i+1)*n]
}

// reduced are the images of a source with a k-th of their side: each pixel is the mean, rounded half up, of the square it covers.
type reduced struct {
	from    Source
	side, k int     // the side is that of what comes out
	whole   []uint8 // an image of from
}

// Read implements Source.
func (r *reduced) Read(dst []uint8, i int) error {
	if err := r.from.Read(r.whole, i); err != nil {
		return err
	}
	area, width := r.k*r.k, r.k*r.side
	for i := range dst {
		row, x := i/r.side, i%r.side // planes stack into one tall image, so rows need no plane index
		sum := area / 2
		for dy := range r.k {
			at := (row*r.k+dy)*width + x*r.k
			for _, p := range r.whole[at : at+r.k] {
				sum += int(p)
			}
		}
		dst[i] = uint8(sum / area)
	}
	return nil
}

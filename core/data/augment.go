package data

import (
	"math/rand/v2"
)

// Norm is what a pixel in 0..1 is normalised by: each channel's mean and standard deviation in a set of images.
type Norm struct{ Mean, Std [3]float64 }

// CIFAR10 is that of CIFAR-10's training set, as DARTS has it.
var CIFAR10 = Norm{
	Mean: [3]float64{.49139968, .48215827, .44653124},
	Std:  [3]float64{.24703233, .24348505, .26158768},
}

// Levels are the normalised values of every byte, channel after channel; the first of each is the padding, for the original pads
// with black before it normalises.
func (n Norm) Levels() []float32 {
	levels := make([]float32, 3*256)
	for i := range levels {
		c, v := i/256, i%256
		levels[i] = float32((float64(v)/255 - n.Mean[c]) / n.Std[c])
	}
	return levels
}

// Augment is the training transform; with Levels alone it is the test transform.
type Augment struct {
	Levels []float32 // of a Norm
	Crop   bool      // shift by up to an eighth of the side, black coming in
	Flip   bool      // mirror left and right every second time
	Cutout int       // side in pixels of a square set to 0 after normalisation, cut at the borders; 0 is off
}

// Fill writes one image, normalised: pixel (c, y, x) goes to dst[c·plane + (y·size+x)·stride], so it
// can be one image of a batch-innermost block. The image is 3 × size × size. Crop and flip draw
// first, then the cutout (DeVries and Taylor 2017: its centre anywhere, half side Cutout/2). Only
// what is on draws from rng, which a test transform may leave nil. Fill allocates nothing.
func (a Augment) Fill(dst []float32, plane, stride int, img []uint8, size int, rng *rand.Rand) {
	dy, dx, step := 0, 0, 1 // pixel (y, x) comes from (y+dy, dx+step·x)
	if a.Crop {
		pad := size / 8
		dy, dx = below(rng, 2*pad+1)-pad, below(rng, 2*pad+1)-pad
	}
	if a.Flip && rng.Uint64()>>63 == 1 {
		dx, step = dx+size-1, -1
	}
	for c := range 3 {
		table, src, out := a.Levels[256*c:], img[c*size*size:(c+1)*size*size], dst[c*plane:]
		for y := range size {
			at, sx := y*size*stride, dx
			row := src[:0] // a row outside the image is all padding
			if sy := y + dy; uint(sy) < uint(size) {
				row = src[sy*size : (sy+1)*size]
			}
			for range size {
				v := uint8(0)
				if uint(sx) < uint(len(row)) {
					v = row[sx]
				}
				out[at] = table[v]
				at += stride
				sx += step
			}
		}
	}
	if a.Cutout > 0 {
		y, x, half := below(rng, size), below(rng, size), a.Cutout/2
		for c := range 3 {
			for v := max(y-half, 0); v < min(y+half, size); v++ {
				for u := max(x-half, 0); u < min(x+half, size); u++ {
					dst[c*plane+(v*size+u)*stride] = 0
				}
			}
		}
	}
}

package data

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

var levels = CIFAR10.Levels()

// numbered is an image whose every byte tells its place.
func numbered(size int) []uint8 {
	img := make([]uint8, 3*size*size)
	for i := range img {
		img[i] = uint8(i*7%255 + 1) // never 0, which is the padding
	}
	return img
}

func normalised(c int, v uint8) float32 {
	mean := []float64{.49139968, .48215827, .44653124}
	std := []float64{.24703233, .24348505, .26158768}
	return float32((float64(v)/255 - mean[c]) / std[c])
}

// The test transform normalises, strides, and needs no generator.
func TestFillPlain(t *testing.T) {
	const size, stride = 4, 3
	plane := size*size*stride + 5
	img, dst := numbered(size), make([]float32, 3*plane)
	for i := range dst {
		dst[i] = 1e9
	}
	Augment{Levels: levels}.Fill(dst[1:], plane, stride, img, size, nil)
	for c := range 3 {
		for i := range size * size {
			if got, want := dst[1+c*plane+i*stride], normalised(c, img[c*size*size+i]); got != want {
				t.Fatalf("channel %d, pixel %d: %v, want %v", c, i, got, want)
			}
			dst[1+c*plane+i*stride] = 1e9
		}
	}
	if slices.ContainsFunc(dst, func(v float32) bool { return v != 1e9 }) {
		t.Error("wrote beside its pixels")
	}
	if v := normalised(0, 255); math.Abs(float64(v)-2.0588) > 1e-4 {
		t.Errorf("white is %v", v)
	}
}

// explain fills images and counts the crops and flips that account for them, one for each.
func explain(t *testing.T, a Augment, size, trials int) (dys, dxs, flips map[int]int) {
	img, dst := numbered(size), make([]float32, 3*size*size)
	rng := rand.New(rand.NewPCG(5, 6))
	dys, dxs, flips = map[int]int{}, map[int]int{}, map[int]int{}
	pad := size / 8
	for range trials {
		a.Fill(dst, size*size, 1, img, size, rng)
		found := 0
		for dy := -pad; dy <= pad; dy++ {
			for dx := -pad; dx <= pad; dx++ {
				for flip := range 2 {
					if matches(dst, img, size, dy, dx, flip) {
						found++
						dys[dy]++
						dxs[dx]++
						flips[flip]++
					}
				}
			}
		}
		if found != 1 {
			t.Fatalf("%d crops and flips explain an image, want 1", found)
		}
	}
	return
}

// matches says whether dst is img padded with black, cropped at (dy, dx), then mirrored.
func matches(dst []float32, img []uint8, size, dy, dx, flip int) bool {
	for c := range 3 {
		for y := range size {
			for x := range size {
				sx, sy, v := x, y+dy, uint8(0)
				if flip == 1 {
					sx = size - 1 - x
				}
				if sx += dx; sx >= 0 && sx < size && sy >= 0 && sy < size {
					v = img[(c*size+sy)*size+sx]
				}
				if dst[(c*size+y)*size+x] != normalised(c, v) {
					return false
				}
			}
		}
	}
	return true
}

func TestCropAndFlip(t *testing.T) {
	const trials = 2000
	dys, dxs, flips := explain(t, Augment{Levels: levels, Crop: true, Flip: true}, 32, trials)
	for d := -4; d <= 4; d++ { // σ is 14
		if math.Abs(float64(dys[d])-trials/9.) > 60 || math.Abs(float64(dxs[d])-trials/9.) > 60 {
			t.Errorf("shift %d: %d down, %d across, of %d", d, dys[d], dxs[d], trials)
		}
	}
	if math.Abs(float64(flips[1])-trials/2) > 100 {
		t.Errorf("%d flips of %d", flips[1], trials)
	}
	if _, dxs, flips := explain(t, Augment{Levels: levels, Crop: true}, 16, 100); flips[1] != 0 || len(dxs) != 5 {
		t.Errorf("crop alone at 16: shifts %v, flips %v", dxs, flips)
	}
	if dys, _, flips := explain(t, Augment{Levels: levels, Flip: true}, 16, 100); len(dys) != 1 || len(flips) != 2 {
		t.Errorf("flip alone: shifts %v, flips %v", dys, flips)
	}
}

// The cutout is a square of zeros about any centre, cut at the borders, and the rest is untouched.
func TestCutout(t *testing.T) {
	const size, side = 16, 6
	img, dst := numbered(size), make([]float32, 3*size*size)
	rng := rand.New(rand.NewPCG(7, 8))
	areas := map[int]int{}
	for range 500 {
		Augment{Levels: levels, Cutout: side}.Fill(dst, size*size, 1, img, size, rng)
		lo, hi, area := [2]int{size, size}, [2]int{-1, -1}, 0
		for i := range size * size {
			zero := dst[i] == 0
			for c := range 3 {
				v := dst[c*size*size+i]
				if (v == 0) != zero || !zero && v != normalised(c, img[c*size*size+i]) {
					t.Fatalf("channel %d, pixel %d: %v", c, i, v)
				}
			}
			if zero {
				area++
				for k, v := range [2]int{i / size, i % size} {
					lo[k], hi[k] = min(lo[k], v), max(hi[k], v)
				}
			}
		}
		h, w := hi[0]-lo[0]+1, hi[1]-lo[1]+1
		if h*w != area || h > side || w > side || h < side && lo[0] != 0 && hi[0] != size-1 {
			t.Fatalf("zeros span %d × %d, number %d", h, w, area)
		}
		areas[area]++
	}
	if areas[side*side] < 100 || areas[side*side] > 350 || areas[9] == 0 { // (11/16)² of 500 whole
		t.Errorf("areas %v", areas)
	}
}

func TestFillAllocatesNothing(t *testing.T) {
	img, dst := numbered(32), make([]float32, 3*32*32)
	rng := rand.New(rand.NewPCG(1, 2))
	a := Augment{Levels: levels, Crop: true, Flip: true, Cutout: 16}
	if n := testing.AllocsPerRun(100, func() { a.Fill(dst, 1024, 1, img, 32, rng) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFill(b *testing.B) {
	img, dst := numbered(32), make([]float32, 16*3*32*32)
	rng := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		Augment{Levels: levels, Crop: true, Flip: true}.Fill(dst, 16*1024, 16, img, 32, rng)
	}
}

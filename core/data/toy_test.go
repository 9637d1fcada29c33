package data

import (
	"hash/crc32"
	"math"
	"testing"
)

func TestToy(t *testing.T) {
	d := Toy(1)
	if d.Name != "toy" || len(d.Classes) != 10 || d.Train.check("train", 10) != nil || d.Test.check("test", 10) != nil || d.Train.Size != 32 {
		t.Fatalf("%s, %v, side %d", d.Name, d.Classes, d.Train.Size)
	}
	for set, m := range map[int]*Images{500: &d.Train, 100: &d.Test} {
		for c, n := range tally(m.Labels) {
			if n != set {
				t.Errorf("%d images of class %d, want %d", n, c, set)
			}
		}
	}
	if got, want := crc32.ChecksumIEEE(pixels(t, &d.Train)), uint32(0x4cb650ec); got != want {
		t.Errorf("seed 1 has checksum %#08x, on every platform %#08x", got, want)
	}
	if crc32.ChecksumIEEE(pixels(t, &Toy(2).Train)) == crc32.ChecksumIEEE(pixels(t, &d.Train)) {
		t.Error("two seeds, one set")
	}
}

// The toy set is worth a network: a linear model of its pixels stays near chance, while a nearest
// neighbour among autocorrelations, which know texture and outline but not place, does well.
func TestToyDifficulty(t *testing.T) {
	d := Toy(1)
	train, _ := d.Train.Resize(16)
	test, _ := d.Test.Resize(16)
	flat := func(m *Images) [][]float32 {
		out := make([][]float32, m.Len())
		for i := range out {
			out[i] = make([]float32, 3*16*16)
			Augment{Levels: levels}.Fill(out[i], 256, 1, image(t, m, i), 16, nil)
		}
		return out
	}
	linear := softmax(flat(train), train.Labels, flat(test), test.Labels)
	t.Logf("linear model: %.3f", linear)
	if linear > .4 {
		t.Errorf("a linear model gets %.3f of the toy set", linear)
	}
	features := func(m *Images) [][]float32 {
		out := make([][]float32, m.Len())
		for i := range out {
			out[i] = autocorrelation(image(t, m, i), 16)
		}
		return out
	}
	near := nearest(features(train), train.Labels, features(test), test.Labels)
	t.Logf("nearest autocorrelation: %.3f", near)
	if near < .6 || near < 2*linear {
		t.Errorf("a nearest neighbour gets only %.3f of the toy set", near)
	}
}

// autocorrelation is that of the image's brightness at shifts up to 5 down and 5 to either side.
func autocorrelation(img []uint8, size int) []float32 {
	grey, mean, n := make([]float64, size*size), 0.0, size*size
	for i := range grey {
		grey[i] = float64(img[i]) + float64(img[n+i]) + float64(img[2*n+i])
		mean += grey[i] / float64(n)
	}
	variance := 0.0
	for i := range grey {
		grey[i] -= mean
		variance += grey[i] * grey[i] / float64(n)
	}
	var out []float32
	for dy := range 6 {
		for dx := -5; dx <= 5; dx++ {
			s, k := 0.0, 0
			for y := 0; y+dy < size; y++ {
				for x := max(0, -dx); x < min(size, size-dx); x++ {
					s += grey[y*size+x] * grey[(y+dy)*size+x+dx]
					k++
				}
			}
			out = append(out, float32(s/float64(k)/variance))
		}
	}
	return out
}

// nearest is the accuracy of the nearest neighbour's label.
func nearest(x [][]float32, labels []int, queries [][]float32, want []int) float64 {
	right := 0
	for q, a := range queries {
		best, label := float32(math.Inf(1)), 0
		for i, b := range x {
			var d float32
			for k := range a {
				d += (a[k] - b[k]) * (a[k] - b[k])
			}
			if d < best {
				best, label = d, labels[i]
			}
		}
		if label == want[q] {
			right++
		}
	}
	return float64(right) / float64(len(queries))
}

// softmax trains a linear classifier by stochastic gradient descent and returns its accuracy.
func softmax(x [][]float32, labels []int, queries [][]float32, want []int) float64 {
	w := make([][]float32, 10)
	for c := range w {
		w[c] = make([]float32, len(x[0]))
	}
	var z [10]float32
	score := func(v []float32) int {
		best := 0
		for c := range w {
			z[c] = 0
			for k, p := range v {
				z[c] += w[c][k] * p
			}
			if z[c] > z[best] {
				best = c
			}
		}
		return best
	}
	const epochs = 15
	for e := range epochs {
		rate := float32(.002) * float32(epochs-e) / epochs
		for i, v := range x {
			top, sum := z[score(v)], float32(0)
			for c := range z {
				z[c] = float32(math.Exp(float64(z[c] - top)))
				sum += z[c]
			}
			for c := range z {
				g := z[c] / sum
				if c == labels[i] {
					g--
				}
				for k, p := range v {
					w[c][k] -= rate * g * p
				}
			}
		}
	}
	right := 0
	for q, v := range queries {
		if score(v) == want[q] {
			right++
		}
	}
	return float64(right) / float64(len(queries))
}

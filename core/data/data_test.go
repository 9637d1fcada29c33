package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// random is a set of noise images.
func random(size, train, test int) *Dataset {
	src := rand.NewPCG(1, uint64(size))
	images := func(n int) Images {
		noise := make(Memory, n*3*size*size)
		for i := range noise {
			noise[i] = uint8(src.Uint64())
		}
		m := Images{Size: size, Pixels: noise, Labels: make([]int, n)}
		for i := range m.Labels {
			m.Labels[i] = i % 3
		}
		return m
	}
	return &Dataset{Name: "toy", Classes: []string{"a", "b", "ç"}, Train: images(train), Test: images(test)}
}

// image is one of m's.
func image(t tester, m *Images, i int) []uint8 {
	t.Helper()
	out := make([]uint8, 3*m.Size*m.Size)
	if err := m.Pixels.Read(out, i); err != nil {
		t.Fatal(err)
	}
	return out
}

// pixels are all of m's images.
func pixels(t tester, m *Images) (all []uint8) {
	t.Helper()
	for i := range m.Len() {
		all = append(all, image(t, m, i)...)
	}
	return all
}

func TestResize(t *testing.T) {
	counting := make(Memory, 2*3*16)
	for i := range counting {
		counting[i] = uint8(i)
	}
	m := Images{Size: 4, Labels: []int{1, 2}, Pixels: counting}
	got, err := m.Resize(2)
	if err != nil {
		t.Fatal(err)
	}
	// 0, 1, 4, 5 have the mean 2.5, rounded to 3; the next squares begin 2, 8, 10, 16 further.
	if want := []uint8{3, 5, 11, 13, 19}; !slices.Equal(pixels(t, got)[:5], want) || got.Size != 2 || got.Len() != 2 {
		t.Errorf("%v, want %v …", pixels(t, got), want)
	}
	if one, _ := m.Resize(1); !slices.Equal(pixels(t, one), []uint8{8, 24, 40, 56, 72, 88}) {
		t.Errorf("%v", pixels(t, one))
	}
	if same, err := m.Resize(4); err != nil || !reflect.DeepEqual(*same, m) {
		t.Errorf("%v, %v", same, err)
	}
	// By halves, so that 8 from 16 is 8 from 32: two squares of 0, 0, 1, 1 round up to 1, and so do 1, 0, 1, 0, where the mean of all is 0.25.
	twice := Images{Size: 4, Labels: []int{0}, Pixels: slices.Repeat(Memory{0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0}, 3)}
	half, _ := twice.Resize(2)
	direct, _ := twice.Resize(1)
	if halved, _ := half.Resize(1); !slices.Equal(pixels(t, direct), pixels(t, halved)) || pixels(t, direct)[0] != 1 {
		t.Errorf("at once %v, by halves %v", pixels(t, direct), pixels(t, halved))
	}
	for _, side := range []int{-2, 0, 3, 8} {
		wantError(t, second(m.Resize(side)), "size", "does not divide")
	}
}

func packed(t tester, d *Dataset, train, test []int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Pack(&b, d, train, test); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := rapid.IntRange(1, 12).Draw(t, "train"), rapid.IntRange(1, 12).Draw(t, "test")
		d := random(rapid.SampledFrom([]int{1, 4, 8}).Draw(t, "size"), n, m)
		got, err := ReadPack(bytes.NewReader(packed(t, d, nil, nil)))
		if err != nil || !reflect.DeepEqual(got, d) {
			t.Fatalf("round trip differs: %v", err)
		}
		train := rapid.SliceOf(rapid.IntRange(0, n-1)).Draw(t, "train list")
		got, err = ReadPack(bytes.NewReader(packed(t, d, append([]int{}, train...), []int{0})))
		if err != nil || got.Train.Len() != len(train) || got.Test.Len() != 1 {
			t.Fatalf("%v: %v", got, err)
		}
		for k, i := range train {
			if !bytes.Equal(image(t, &got.Train, k), image(t, &d.Train, i)) || got.Train.Labels[k] != d.Train.Labels[i] {
				t.Fatalf("image %d is not image %d", k, i)
			}
		}
	})
}

func TestPackIsCompact(t *testing.T) {
	d := random(8, 100, 10)
	if n := len(packed(t, d, nil, nil)) - 110*(5+3*64); n > 200 {
		t.Errorf("%d bytes beside images and labels", n)
	}
}

// No bit may turn and no byte be missing or added without ReadPack saying so.
func TestPackDamage(t *testing.T) {
	good := packed(t, random(2, 3, 2), nil, nil)
	for i := range good {
		bad := slices.Clone(good)
		bad[i] ^= 1 << (i % 8)
		if _, err := ReadPack(bytes.NewReader(bad)); err == nil {
			t.Errorf("byte %d altered, and read", i)
		}
		_, err := ReadPack(bytes.NewReader(good[:i]))
		wantError(t, err, "pack:")
		if i > 8 {
			wantError(t, err, "cut short")
		}
	}
	wantError(t, second(ReadPack(bytes.NewReader(append(slices.Clone(good), 0)))), "after its end")
	wantError(t, second(ReadPack(strings.NewReader("<!doctype html><title>Not found"))), "not a pack")
}

// A header with a right checksum and wrong claims is refused before memory is made.
func TestPackHeader(t *testing.T) {
	for header, want := range map[string]string{
		`{"size":32,"train":{"images":1000000000},"test":{"images":1}}`:                           "more than a pack holds",
		`{"size":32,"train":{"images":-1},"test":{"images":1}}`:                                   "more than a pack holds",
		`{"size":1,"train":{"images":4611686018427387904},"test":{"images":4611686018427387904}}`: "more than a pack holds",
		`{"size":32,"train":{"images":300000},"test":{"images":1}}`:                               "cut short in the training set", // of a gigabyte
		`{"size":1,"classes":["a"],"train":{"images":0,"whole":[-1]},"test":{"images":1}}`:        "-1 images of a class",
		`{"size":1,"classes":["a"],"train":{"images":0,"whole":[0,1]},"test":{"images":1}}`:       "counts of 2 classes",
		`{"size":`: "header",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		b := append([]byte(packMagic), 0, 0, 0, 0)
		binary.LittleEndian.PutUint32(b[8:], uint32(len(header)))
		b = append(b, header...)
		b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
		wantError(t, second(ReadPack(bytes.NewReader(b))), want)
		if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 1<<20 {
			t.Errorf("%s: %d bytes allocated for nothing", header, after.TotalAlloc-before.TotalAlloc)
		}
	}
	for _, magic := range []string{"HLRSPACK", "HLRSPAK3"} { // an earlier version, and a later one
		wantError(t, second(ReadPack(strings.NewReader(magic+"\x00\x01"))), "another version ("+magic+", this one reads HLRSPAK2)", "hlrs data prepare --pack")
	}
}

// TestPackPlaces packs a part of a part: an image keeps the place that it has in the whole, at any size.
func TestPackPlaces(t *testing.T) {
	d := random(4, 12, 6)
	part, err := ReadPack(bytes.NewReader(packed(t, d, []int{1, 3, 4, 8, 9}, []int{0, 5})))
	if err != nil {
		t.Fatal(err)
	}
	part, err = ReadPack(bytes.NewReader(packed(t, part, []int{4, 2}, nil)))
	if err != nil {
		t.Fatal(err)
	}
	small, err := part.Train.Resize(1)
	if err != nil {
		t.Fatal(err)
	}
	if got := []int{small.Place(0), small.Place(1), part.Test.Place(0), part.Test.Place(1)}; !slices.Equal(got, []int{9, 4, 0, 5}) {
		t.Errorf("places %v", got)
	}
	if !slices.Equal(small.Whole, []int{4, 4, 4}) || !slices.Equal(part.Test.Whole, []int{2, 2, 2}) {
		t.Errorf("of %v and %v images", small.Whole, part.Test.Whole)
	}
	if d.Train.Place(7) != 7 {
		t.Error("in a whole set, an image's place is not its own")
	}
}

// TestPackOfEarlier reads what was written before packs had norms and more than 256 classes: the same bytes.
func TestPackOfEarlier(t *testing.T) {
	d := random(2, 7, 3)
	raw := packed(t, d, []int{5, 2, 3}, nil)
	if got, want := crc32.ChecksumIEEE(raw), uint32(0x2144df1c); got != want {
		t.Errorf("a pack has the checksum %#08x, and had %#08x", got, want)
	}
}

// TestPackOfMany has more classes than a byte tells apart, and a norm of its own.
func TestPackOfMany(t *testing.T) {
	d := random(1, 1000, 500)
	d.Norm = &Norm{Mean: [3]float64{.1, .2, .3}, Std: [3]float64{.4, .5, .6}}
	for len(d.Classes) < 500 {
		d.Classes = append(d.Classes, "one of many")
	}
	for i := range d.Train.Labels {
		d.Train.Labels[i] = i % 500
	}
	got, err := ReadPack(bytes.NewReader(packed(t, d, nil, nil)))
	if err != nil || !reflect.DeepEqual(got, d) {
		t.Errorf("round trip differs: %v", err)
	}
	for len(d.Classes) <= 1<<16 {
		d.Classes = append(d.Classes, "")
	}
	wantError(t, Pack(io.Discard, d, nil, nil), "pack: 65537 classes, and its labels tell 65536 apart")
	d.Classes = append(d.Classes[:500], strings.Repeat("long", 1<<18))
	wantError(t, Pack(io.Discard, d, nil, nil), "pack: 1500 images of side 1, and 10", "more than a pack holds")
	d.Norm.Std[1] = 0
	wantError(t, Pack(io.Discard, d, nil, nil), "pack: the standard deviation of a channel")
}

// gone is a source from which nothing can be read.
type gone struct{}

func (gone) Read([]uint8, int) error { return errors.New("no disk") }

// TestReadFails passes the error of a source on, at the size that it has and a smaller one.
func TestReadFails(t *testing.T) {
	d := random(4, 3, 2)
	d.Test.Pixels = gone{}
	wantError(t, Pack(io.Discard, d, nil, []int{1}), "pack: test set, image 1: no disk")
	small, err := d.Test.Resize(1)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, small.Pixels.Read(make([]uint8, 3), 0), "no disk")
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestPackErrors(t *testing.T) {
	d := random(4, 3, 2)
	wantError(t, Pack(full{}, d, nil, nil), "disk full")
	wantError(t, Pack(io.Discard, d, []int{3}, nil), "index 3", "training set")
	d.Test.Labels[0] = -1
	wantError(t, Pack(io.Discard, d, nil, nil), "test set", "image 0", "label -1")
	d.Test.Labels[0], d.Test.Labels[1] = 0, 3
	wantError(t, Pack(io.Discard, d, nil, nil), "test set", "image 1", "label 3")
	d = random(4, 3, 2)
	d.Train.Pixels = d.Train.Pixels.(Memory)[1:]
	wantError(t, Pack(io.Discard, d, nil, nil), "training set", "143 bytes")
	d.Test.Size = 2
	wantError(t, Pack(io.Discard, d, nil, nil), "resize both")
}

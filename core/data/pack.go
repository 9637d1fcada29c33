package data

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

// A pack is, with numbers little-endian:
//
//	magic "HLRSPAK2", header length uint32, header (JSON), CRC-32 of all that so far,
//	training labels, places (uint32) and pixels (uint8), likewise of the test set, CRC-32 of everything before it.
//
// Labels are bytes, or uint16 where there are more than 256 classes, which packs did not have at first and their readers refuse.
const (
	packFamily = "HLRSPA"
	packMagic  = packFamily + "K2" // what came before, HLRSPACK, had no places
)

type packHeader struct {
	Name    string   `json:"name"`
	Size    int      `json:"size"`
	Classes []string `json:"classes"`
	Norm    *Norm    `json:"norm,omitempty"`
	Train   packSet  `json:"train"`
	Test    packSet  `json:"test"`
}

type packSet struct {
	Images int   `json:"images"`
	Whole  []int `json:"whole"` // images of each class in the set that these are a part of
}

// Limits of what a pack holds, which are those of what ReadPack will make room for: the whole of CIFAR-10 fits four times.
const (
	maxHeader  = 1 << 20
	maxPixels  = 1 << 30
	maxClasses = 1 << 16 // which labels of 16 bits tell apart
)

// Pack writes a part of d, the images at the indices train and test in that order (nil is all), for
// shipping: a byte per pixel and channel, 5 or 6 bytes per image, and some hundred bytes more.
func Pack(w io.Writer, d *Dataset, train, test []int) error {
	if d.Train.Size != d.Test.Size {
		return fmt.Errorf("pack: training images have side %d and test images %d: resize both alike", d.Train.Size, d.Test.Size)
	}
	sets := []struct {
		name string
		m    *Images
		list []int
	}{{"training set", &d.Train, train}, {"test set", &d.Test, test}}
	if err := d.Validate(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	for i := range sets {
		s := &sets[i]
		if s.list == nil {
			s.list = make([]int, s.m.Len())
			for k := range s.list {
				s.list[k] = k
			}
		}
		for _, k := range s.list {
			if k < 0 || k >= s.m.Len() {
				return fmt.Errorf("pack: index %d is outside the %d images of the %s", k, s.m.Len(), s.name)
			}
		}
	}
	header, err := json.Marshal(packHeader{
		d.Name, d.Train.Size, d.Classes, d.Norm,
		packSet{len(sets[0].list), d.Train.whole(len(d.Classes))},
		packSet{len(sets[1].list), d.Test.whole(len(d.Classes))},
	})
	images, side := len(sets[0].list)+len(sets[1].list), d.Train.Size
	switch {
	case err != nil:
		return fmt.Errorf("pack: %w", err)
	case len(d.Classes) > maxClasses:
		return fmt.Errorf("pack: %d classes, and its labels tell %d apart", len(d.Classes), maxClasses)
	case len(header) > maxHeader || side > 1024 || images > maxPixels/(3*side*side):
		return fmt.Errorf("pack: %d images of side %d, and %d bytes of the classes' names and such, are more than a pack holds", images, side, len(header))
	}
	// bufio and the checksum never fail before Flush, which reports the first failure.
	sum := crc32.NewIEEE()
	bw := bufio.NewWriterSize(w, 1<<16)
	out := io.MultiWriter(bw, sum)
	word := func(v uint32) { out.Write(binary.LittleEndian.AppendUint32(nil, v)) }
	image := make([]uint8, 3*d.Train.Size*d.Train.Size)
	io.WriteString(out, packMagic)
	word(uint32(len(header)))
	out.Write(header)
	word(sum.Sum32())
	for _, s := range sets {
		for _, k := range s.list {
			out.Write(binary.LittleEndian.AppendUint16(nil, uint16(s.m.Labels[k]))[:width(len(d.Classes))])
		}
		for _, k := range s.list {
			word(uint32(s.m.Place(k)))
		}
		for _, k := range s.list {
			if err := s.m.Pixels.Read(image, k); err != nil {
				return fmt.Errorf("pack: %s, image %d: %w", s.name, k, err)
			}
			out.Write(image)
		}
	}
	word(sum.Sum32())
	if err := bw.Flush(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	return nil
}

// ReadPack reads what Pack wrote, to the end of r, and verifies it: a foreign, truncated or altered
// pack is an error. It takes memory as bytes come, whatever the header claims.
func ReadPack(r io.Reader) (*Dataset, error) {
	sum := crc32.NewIEEE()
	br := bufio.NewReaderSize(r, 1<<16)
	in := io.TeeReader(br, sum)
	var failed error
	read := func(what string, n int) []byte {
		if failed != nil {
			return make([]byte, min(n, 8))
		}
		b, err := readFull(in, n)
		if err != nil {
			failed = fmt.Errorf("pack: cut short in the %s (%w): fetch it again", what, err)
			return make([]byte, min(n, 8)) // enough for a number
		}
		return b
	}
	verify := func(what string) {
		want := sum.Sum32()
		if got := binary.LittleEndian.Uint32(read(what, 4)); got != want && failed == nil {
			failed = fmt.Errorf("pack: checksum of the %s is %08x, want %08x: the file is altered; fetch it again", what, got, want)
		}
	}
	switch magic := read("header", len(packMagic)); {
	case failed != nil:
		return nil, failed
	case string(magic) == packMagic:
	case string(magic[:len(packFamily)]) == packFamily:
		return nil, fmt.Errorf("pack: of another version (%s, this one reads %s): make it again with hlrs data prepare --pack, or let hlrs serve make it", magic, packMagic)
	default:
		return nil, fmt.Errorf("pack: not a pack of images (it begins %q, want %q)", magic, packMagic)
	}
	length := binary.LittleEndian.Uint32(read("header", 4))
	if length > maxHeader {
		return nil, fmt.Errorf("pack: header of %d bytes, at most %d allowed: the file is altered; fetch it again", length, maxHeader)
	}
	text := read("header", int(length))
	verify("header")
	if failed != nil {
		return nil, failed
	}
	var h packHeader
	if err := json.Unmarshal(text, &h); err != nil {
		return nil, fmt.Errorf("pack: header: %w", err)
	}
	train, test := h.Train.Images, h.Test.Images
	if h.Size < 1 || h.Size > 1024 || train < 0 || test < 0 || max(train, test) > maxPixels || (int64(train)+int64(test))*3*int64(h.Size*h.Size) > maxPixels {
		return nil, fmt.Errorf("pack: header asks for %d + %d images of side %d, more than a pack holds", train, test, h.Size)
	}
	bytes := width(len(h.Classes))
	d := &Dataset{Name: h.Name, Classes: h.Classes, Norm: h.Norm}
	for _, s := range []struct {
		name string
		set  packSet
		m    *Images
	}{{"training set", h.Train, &d.Train}, {"test set", h.Test, &d.Test}} {
		n := s.set.Images
		labels, places, pixels := read(s.name, bytes*n), read(s.name, 4*n), read(s.name, n*3*h.Size*h.Size)
		if failed != nil {
			return nil, failed
		}
		*s.m = Images{Size: h.Size, Labels: make([]int, n), Pixels: Memory(pixels)}
		for i := range n {
			for k := range bytes {
				s.m.Labels[i] += int(labels[bytes*i+k]) << (8 * k)
			}
		}
		if err := s.m.place(places, s.set.Whole, len(h.Classes)); err != nil {
			return nil, fmt.Errorf("pack: %s: %w: fetch it again", s.name, err)
		}
		if err := s.m.check(s.name, len(h.Classes)); err != nil {
			return nil, fmt.Errorf("pack: %w: fetch it again", err)
		}
	}
	if verify("images"); failed != nil {
		return nil, failed
	}
	if _, err := br.ReadByte(); err != io.EOF {
		return nil, fmt.Errorf("pack: bytes after its end: the file is altered; fetch it again")
	}
	return d, nil
}

// width is how many bytes a label takes.
func width(classes int) int {
	if classes > 256 {
		return 2
	}
	return 1
}

// readFull reads n bytes, in room that grows with what has come.
func readFull(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, 0, min(n, 1<<16))
	for len(b) < n {
		b = slices.Grow(b, min(n-len(b), max(len(b), 1<<16)))
		got, err := io.ReadFull(r, b[len(b):min(n, cap(b))])
		if b = b[:len(b)+got]; err != nil {
			return nil, err
		}
	}
	return b, nil
}

// whole is how many images of each class there are in the set that these are of.
func (m *Images) whole(classes int) []int {
	if m.Whole != nil {
		return m.Whole
	}
	n := make([]int, classes)
	for _, l := range m.Labels {
		n[l]++
	}
	return n
}

// place takes the places in a whole that has so many images of each class. Each image is at another place.
func (m *Images) place(raw []byte, whole []int, classes int) error {
	all := 0
	for _, n := range whole {
		if n < 0 || n > maxPixels {
			return fmt.Errorf("the whole has %d images of a class", n)
		}
		all += n
	}
	m.Whole, m.Places = whole, make([]int, m.Len())
	identity := m.Len() == all
	for i := range m.Places {
		m.Places[i] = int(binary.LittleEndian.Uint32(raw[4*i:]))
		identity = identity && m.Places[i] == i
		if m.Places[i] >= all {
			return fmt.Errorf("image %d has place %d of %d", i, m.Places[i], all)
		}
	}
	if identity && len(whole) == classes { // all are here
		m.Whole, m.Places = nil, nil
	}
	return nil
}

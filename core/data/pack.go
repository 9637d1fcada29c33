package data

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
)

// A pack is, with numbers little-endian:
//
//	magic "HLRSPACK", header length uint32, header (JSON), CRC-32 of all that so far,
//	training labels and pixels, test labels and pixels (uint8), CRC-32 of everything before it.
const packMagic = "HLRSPACK"

type packHeader struct {
	Name    string   `json:"name"`
	Size    int      `json:"size"`
	Classes []string `json:"classes"`
	Train   int      `json:"train"`
	Test    int      `json:"test"`
}

// Limits of what ReadPack will make room for: the whole of CIFAR-10 fits four times.
const (
	maxHeader = 1 << 16
	maxPixels = 1 << 30
)

// Pack writes a part of d, the images at the indices train and test in that order (nil is all), for
// shipping: a byte per pixel and channel, a byte per label, and about 150 bytes more.
func Pack(w io.Writer, d *Dataset, train, test []int) error {
	if d.Train.Size != d.Test.Size {
		return fmt.Errorf("pack: training images have side %d and test images %d: resize both alike", d.Train.Size, d.Test.Size)
	}
	sets := []struct {
		name string
		m    *Images
		list []int
	}{{"training set", &d.Train, train}, {"test set", &d.Test, test}}
	for i := range sets {
		s := &sets[i]
		if err := s.m.check(s.name, len(d.Classes)); err != nil {
			return fmt.Errorf("pack: %w", err)
		}
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
	header, err := json.Marshal(packHeader{d.Name, d.Train.Size, d.Classes, len(sets[0].list), len(sets[1].list)})
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	// bufio and the checksum never fail before Flush, which reports the first failure.
	sum := crc32.NewIEEE()
	bw := bufio.NewWriterSize(w, 1<<16)
	out := io.MultiWriter(bw, sum)
	word := func(v uint32) { out.Write(binary.LittleEndian.AppendUint32(nil, v)) }
	io.WriteString(out, packMagic)
	word(uint32(len(header)))
	out.Write(header)
	word(sum.Sum32())
	for _, s := range sets {
		for _, k := range s.list {
			out.Write(s.m.Labels[k : k+1])
		}
		for _, k := range s.list {
			out.Write(s.m.At(k))
		}
	}
	word(sum.Sum32())
	if err := bw.Flush(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	return nil
}

// ReadPack reads what Pack wrote, to the end of r, and verifies it: a foreign, truncated or altered
// pack is an error.
func ReadPack(r io.Reader) (*Dataset, error) {
	sum := crc32.NewIEEE()
	br := bufio.NewReaderSize(r, 1<<16)
	in := io.TeeReader(br, sum)
	var failed error
	read := func(what string, n int) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(in, b); err != nil && failed == nil {
			failed = fmt.Errorf("pack: cut short in the %s (%w): fetch it again", what, err)
		}
		return b
	}
	verify := func(what string) {
		want := sum.Sum32()
		if got := binary.LittleEndian.Uint32(read(what, 4)); got != want && failed == nil {
			failed = fmt.Errorf("pack: checksum of the %s is %08x, want %08x: the file is altered; fetch it again", what, got, want)
		}
	}
	if magic := read("header", len(packMagic)); string(magic) != packMagic {
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
	if h.Size < 1 || h.Size > 1024 || h.Train < 0 || h.Test < 0 || max(h.Train, h.Test) > maxPixels || (int64(h.Train)+int64(h.Test))*3*int64(h.Size*h.Size) > maxPixels {
		return nil, fmt.Errorf("pack: header asks for %d + %d images of side %d, more than a pack holds", h.Train, h.Test, h.Size)
	}
	d := &Dataset{Name: h.Name, Classes: h.Classes}
	for _, s := range []struct {
		name string
		n    int
		m    *Images
	}{{"training set", h.Train, &d.Train}, {"test set", h.Test, &d.Test}} {
		*s.m = Images{Size: h.Size, Labels: read(s.name, s.n), Pixels: read(s.name, s.n*3*h.Size*h.Size)}
		if failed != nil {
			return nil, failed
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

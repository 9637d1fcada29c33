package data

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
)

// state is the fixed part of a Sampler's saved form; the order and the generator's state follow it.
type state struct {
	Magic   [4]byte
	Kind    uint32 // checksums of the kind and of the images' places, to refuse a state of another sampler
	Indices uint32
	Epoch   int64
	Pos     int64
	Order   uint32 // its length
}

func (s *Sampler) state(indices []int) state {
	set := make([]byte, 0, 4*len(indices))
	for _, i := range indices {
		set = binary.LittleEndian.AppendUint32(set, uint32(s.images.Place(i)))
	}
	return state{[4]byte{'S', 'M', 'P', '2'}, crc32.ChecksumIEEE([]byte(s.kind.ID)), crc32.ChecksumIEEE(set), int64(s.epoch), int64(s.pos), uint32(len(s.order))}
}

// MarshalBinary saves all that the next draws depend on: epoch, order, position and generator. Images are known by their places in
// the whole set, so that a part of it and the whole go on with each other's states.
func (s *Sampler) MarshalBinary() ([]byte, error) {
	out, err := binary.Append(nil, binary.LittleEndian, s.state(s.indices))
	if err != nil {
		return nil, err
	}
	for _, i := range s.order {
		out = binary.LittleEndian.AppendUint32(out, uint32(s.images.Place(i)))
	}
	return s.src.AppendBinary(out)
}

// UnmarshalBinary puts a sampler made by NewSampler over the same images in the saved state, and its
// source with it. Bytes that are damaged, or of another kind or other images, are an error, and the
// sampler stays as it is.
func (s *Sampler) UnmarshalBinary(saved []byte) error {
	indices, got := s.indices, state{}
	r := bytes.NewReader(saved)
	err := binary.Read(r, binary.LittleEndian, &got)
	if err == nil && s.part != nil && got.Epoch >= 0 && got.Epoch < int64(s.epochs) {
		indices = s.part(int(got.Epoch))
	}
	want := s.state(indices)
	if err != nil || got.Magic != want.Magic {
		return fmt.Errorf("sampler state: damaged or not a sampler's: start from an earlier checkpoint")
	}
	if got.Kind != want.Kind || got.Indices != want.Indices {
		return fmt.Errorf("sampler state: of another sampler or subset: resume with the data settings the run began with")
	}
	order := make([]uint32, len(s.order))
	if err := binary.Read(r, binary.LittleEndian, order); err != nil || got.Order != want.Order || got.Epoch < 0 || got.Epoch >= int64(s.epochs) || got.Pos < 0 || got.Pos > int64(len(order)) {
		return fmt.Errorf("sampler state: damaged: start from an earlier checkpoint")
	}
	next, at := make([]int, len(order)), map[uint32]int{}
	for _, i := range indices {
		at[uint32(s.images.Place(i))] = i
	}
	for i, place := range order {
		var known bool
		if next[i], known = at[place]; !known {
			return fmt.Errorf("sampler state: damaged order: start from an earlier checkpoint")
		}
	}
	if s.order != nil && !slices.Equal(slices.Sorted(slices.Values(next)), slices.Sorted(slices.Values(indices))) {
		return fmt.Errorf("sampler state: damaged order: start from an earlier checkpoint")
	}
	if err := s.src.UnmarshalBinary(saved[len(saved)-r.Len():]); err != nil {
		return fmt.Errorf("sampler state: damaged (%w): start from an earlier checkpoint", err)
	}
	s.take(indices)
	if s.order != nil {
		s.order = next
	}
	s.epoch, s.pos = int(got.Epoch), int(got.Pos)
	s.weigh()
	return nil
}

// Package ckpt reads and writes safetensors: named arrays with a JSON header, on io.Reader and io.Writer.
package ckpt

import (
	"cmp"
	"encoding/binary"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
)

// Tensor is one array: row-major, little endian.
type Tensor struct {
	Name  string
	Dtype string // F32, F64, I32, U64 or U8
	Shape []int
	Data  []byte
}

// File is a set of tensors in the order of their data, and free text.
type File struct {
	Meta    map[string]string
	Tensors []Tensor
	Checked bool // Read has met a checksum over all of it, and Write will
}

var sizes = map[string]int{"U8": 1, "I8": 1, "BOOL": 1, "F16": 2, "BF16": 2, "I16": 2, "U16": 2, "F32": 4, "I32": 4, "U32": 4, "F64": 8, "I64": 8, "U64": 8}

// maxHeader bounds what a foreign file can make a reader allocate before it is seen to be one.
const maxHeader = 64 << 20

// metadata is the header's key of what is no tensor.
const metadata = "__metadata__"

// checksum is the name of a last tensor that no reader needs to know of: the CRC-32 (IEEE) of all bytes of the file before its own,
// as four bytes. Write adds it, and Read takes it away.
const checksum = "checksum"

var checksumShape = []int{4}

type entry struct {
	Dtype   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

// Read reads a whole file. Every byte must belong to exactly one tensor. A file of Write's that is altered in any byte is an error;
// of a foreign file, which has no checksum, Checked is false.
func Read(r io.Reader) (*File, error) {
	sum := crc32.NewIEEE()
	r = io.TeeReader(r, sum)
	var length [8]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, fmt.Errorf("safetensors: no header: %w", err)
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader {
		return nil, errors.New("this is another kind of file, not a safetensors one")
	}
	raw, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err != nil || uint64(len(raw)) < n {
		return nil, fmt.Errorf("safetensors: the file ends within its header: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	var header map[string]jsontext.Value // json/v2 refuses a name given twice
	if err := json.Unmarshal(raw, &header); err != nil {
		return nil, fmt.Errorf("safetensors: header: %w", err)
	}
	f := &File{}
	var entries []entry
	for name, value := range header {
		if name == metadata {
			if err := json.Unmarshal(value, &f.Meta); err != nil {
				return nil, fmt.Errorf("safetensors: metadata: %w", err)
			}
			continue
		}
		var e entry
		if err := json.Unmarshal(value, &e); err != nil {
			return nil, fmt.Errorf("safetensors: tensor %q: %w", name, err)
		}
		f.Tensors = append(f.Tensors, Tensor{Name: name, Dtype: e.Dtype, Shape: e.Shape})
		entries = append(entries, e)
	}
	order := make([]int, len(entries))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { // empty tensors lie at one place: by name
		return cmp.Or(slices.Compare(entries[a].Offsets[:], entries[b].Offsets[:]), cmp.Compare(f.Tensors[a].Name, f.Tensors[b].Name))
	})
	sorted := make([]Tensor, 0, len(order))
	at := 0
	for n, i := range order {
		t, e, before := f.Tensors[i], entries[i], sum.Sum32()
		size, err := t.size()
		if err != nil {
			return nil, err
		}
		if e.Offsets[0] != at || e.Offsets[1]-e.Offsets[0] != size {
			return nil, fmt.Errorf("safetensors: tensor %q lies at %v, not at [%d %d]", t.Name, e.Offsets, at, at+size)
		}
		if t.Data, err = io.ReadAll(io.LimitReader(r, int64(size))); err != nil || len(t.Data) < size {
			return nil, fmt.Errorf("safetensors: the file ends within tensor %q: %w", t.Name, errors.Join(err, io.ErrUnexpectedEOF))
		}
		at += size
		if t.Name != checksum {
			sorted = append(sorted, t)
			continue
		}
		if t.Dtype != "U8" || !slices.Equal(t.Shape, checksumShape) || n < len(order)-1 {
			return nil, fmt.Errorf("safetensors: tensor %q is no checksum: it must be U8 %v and the last one", checksum, checksumShape)
		}
		if got := binary.LittleEndian.Uint32(t.Data); got != before {
			return nil, fmt.Errorf("safetensors: the checksum is %08x, and the file's bytes have %08x: the file is damaged; take a copy of it", got, before)
		}
		f.Checked = true
	}
	if extra, _ := io.ReadFull(r, length[:1]); extra > 0 {
		return nil, errors.New("safetensors: bytes follow the last tensor")
	}
	f.Tensors = sorted
	return f, nil
}

// size is the number of bytes that the tensor's type and shape ask for.
func (t *Tensor) size() (int, error) {
	size, known := sizes[t.Dtype]
	if !known {
		return 0, fmt.Errorf("safetensors: tensor %q has unknown type %q", t.Name, t.Dtype)
	}
	for _, d := range t.Shape {
		if d < 0 || d > 0 && size > math.MaxInt32/d {
			return 0, fmt.Errorf("safetensors: tensor %q has shape %v", t.Name, t.Shape)
		}
		size *= d
	}
	return size, nil
}

// Write writes the file and its checksum, if Read would take it; equal files give equal bytes.
func (f *File) Write(w io.Writer) error {
	header := map[string]any{}
	if len(f.Meta) > 0 {
		header[metadata] = f.Meta
	}
	at := 0
	for _, t := range f.Tensors {
		if t.Name == metadata || t.Name == checksum {
			return fmt.Errorf("safetensors: no tensor can be named %q", t.Name)
		}
		if _, twice := header[t.Name]; twice {
			return fmt.Errorf("safetensors: two tensors are named %q", t.Name)
		}
		if size, err := t.size(); err != nil {
			return err
		} else if size != len(t.Data) {
			return fmt.Errorf("safetensors: tensor %q has %d bytes, its shape %v asks for %d", t.Name, len(t.Data), t.Shape, size)
		}
		header[t.Name] = entry{t.Dtype, t.Shape, [2]int{at, at + len(t.Data)}}
		at += len(t.Data)
	}
	header[checksum] = entry{"U8", checksumShape, [2]int{at, at + 4}}
	raw, err := json.Marshal(header, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("safetensors: header: %w", err)
	}
	for len(raw)%8 != 0 {
		raw = append(raw, ' ')
	}
	sum := crc32.NewIEEE()
	write := func(b []byte) error {
		sum.Write(b)
		_, err := w.Write(b)
		return err
	}
	if err := write(binary.LittleEndian.AppendUint64(nil, uint64(len(raw)))); err != nil {
		return err
	}
	if err := write(raw); err != nil {
		return err
	}
	for _, t := range f.Tensors {
		if err := write(t.Data); err != nil {
			return err
		}
	}
	return write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
}

// Find returns the named tensor.
func (f *File) Find(name string) (*Tensor, error) {
	for i := range f.Tensors {
		if f.Tensors[i].Name == name {
			return &f.Tensors[i], nil
		}
	}
	return nil, fmt.Errorf("safetensors: there is no tensor %q", name)
}

// Number is an element type that Add and Load know.
type Number interface {
	float32 | float64 | int32 | uint8
}

func dtype[T Number]() string {
	switch any(*new(T)).(type) {
	case float32:
		return "F32"
	case float64:
		return "F64"
	case int32:
		return "I32"
	}
	return "U8"
}

// Add appends an array of the given shape, by default one-dimensional.
func Add[T Number](f *File, name string, values []T, shape ...int) {
	if shape == nil {
		shape = []int{len(values)}
	}
	data, err := binary.Append(nil, binary.LittleEndian, values)
	if err != nil {
		panic(err) // Number has a fixed size
	}
	f.Tensors = append(f.Tensors, Tensor{name, dtype[T](), shape, data})
}

// Load copies the named array to values, whose type and length must be its own.
func Load[T Number](f *File, name string, values []T) error {
	t, err := f.Find(name)
	if err != nil {
		return err
	}
	if t.Dtype != dtype[T]() || len(t.Data) != len(values)*sizes[t.Dtype] {
		return fmt.Errorf("safetensors: tensor %q is %s %v, not %s of %d values", name, t.Dtype, t.Shape, dtype[T](), len(values))
	}
	_, err = binary.Decode(t.Data, binary.LittleEndian, values)
	return err
}

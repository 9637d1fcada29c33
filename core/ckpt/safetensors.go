// Package ckpt reads and writes safetensors: named arrays with a JSON header, on io.Reader and io.Writer.
package ckpt

import (
	"cmp"
	"encoding/binary"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
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
}

var sizes = map[string]int{"U8": 1, "I8": 1, "BOOL": 1, "F16": 2, "BF16": 2, "I16": 2, "U16": 2, "F32": 4, "I32": 4, "U32": 4, "F64": 8, "I64": 8, "U64": 8}

// maxHeader bounds what a foreign file can make a reader allocate before it is seen to be one.
const maxHeader = 64 << 20

// metadata is the header's key of what is no tensor.
const metadata = "__metadata__"

type entry struct {
	Dtype   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

// Read reads a whole file. Every byte must belong to exactly one tensor.
func Read(r io.Reader) (*File, error) {
	var length [8]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, fmt.Errorf("safetensors: no header: %w", err)
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader {
		return nil, fmt.Errorf("safetensors: a header of %d bytes; this is another kind of file", n)
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
	for _, i := range order {
		t, e := f.Tensors[i], entries[i]
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
		sorted = append(sorted, t)
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

// Write writes the file, if Read would take it; equal files give equal bytes.
func (f *File) Write(w io.Writer) error {
	header := map[string]any{}
	if len(f.Meta) > 0 {
		header[metadata] = f.Meta
	}
	at := 0
	for _, t := range f.Tensors {
		if t.Name == metadata {
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
	raw, err := json.Marshal(header, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("safetensors: header: %w", err)
	}
	for len(raw)%8 != 0 {
		raw = append(raw, ' ')
	}
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(raw)))); err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	for _, t := range f.Tensors {
		if _, err := w.Write(t.Data); err != nil {
			return err
		}
	}
	return nil
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

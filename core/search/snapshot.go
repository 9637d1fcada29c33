package search

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"hlrslab/core/ckpt"
	"hlrslab/core/data"
)

// saved is the part of a snapshot that is not arrays.
type saved struct {
	Config   Config
	Next     *Config `json:",omitempty"`
	Position position
	Record   Record // with the events of the epoch under way
	Adam     int
	Random   [2][]byte // augmentation, mixing
	Samplers [4][]byte
	history  history // a tensor of its own
}

// snapshotVersion changes with the meaning of a snapshot.
const snapshotVersion = "hlrs-run-3"

// arrays calls single and double for the run's parameters and moments, in the order of a snapshot.
func (r *Run) arrays(single func(name string, v []float32, shape ...int), double func(name string, v []float64)) {
	for _, p := range r.model.Store.Weights.List {
		single("weights/"+p.Name, r.model.Weights[p.Off:][:p.Len()], p.Shape...)
		single("momentum/"+p.Name, r.sgd.Buffer[p.Off:][:p.Len()], p.Shape...)
	}
	for _, p := range r.model.Store.Running.List {
		single("running/"+p.Name, r.model.Running[p.Off:][:p.Len()])
	}
	single("alpha", r.model.Alpha)
	double("adam.m", r.adam.M)
	double("adam.v", r.adam.V)
}

// Snapshot writes all that a run is, as safetensors. Restore goes on from it bit for bit.
func (r *Run) Snapshot(w io.Writer) error {
	s := saved{Config: r.config, Next: r.next, Position: r.position, Record: r.record, Adam: r.adam.Steps}
	var err error
	for i, p := range []interface{ MarshalBinary() ([]byte, error) }{r.data.random, r.mixRandom} {
		if s.Random[i], err = p.MarshalBinary(); err != nil {
			return err
		}
	}
	for i, f := range r.data.feeds() {
		if s.Samplers[i], err = f.sampler.MarshalBinary(); err != nil {
			return err
		}
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	f := ckpt.File{Meta: map[string]string{"format": snapshotVersion, "run": string(raw)}}
	r.arrays(func(name string, v []float32, shape ...int) { ckpt.Add(&f, name, v, shape...) },
		func(name string, v []float64) { ckpt.Add(&f, name, v) })
	f.Tensors = append(f.Tensors, ckpt.Tensor{Name: "history", Dtype: "U8", Shape: []int{len(r.history)}, Data: r.history})
	return f.Write(w)
}

// Restore reads a snapshot and prepares its run on d, which must be the data it was made on.
func Restore(rd io.Reader, d *data.Dataset, threads int) (*Run, error) {
	f, s, err := open(rd)
	if err != nil {
		return nil, err
	}
	r, err := New(s.Config, d, threads)
	if err != nil {
		return nil, err
	}
	r.arrays(func(name string, v []float32, _ ...int) { err = errors.Join(err, ckpt.Load(f, name, v)) },
		func(name string, v []float64) { err = errors.Join(err, ckpt.Load(f, name, v)) })
	for i, p := range []interface{ UnmarshalBinary([]byte) error }{r.data.random, r.mixRandom} {
		if err == nil {
			err = p.UnmarshalBinary(s.Random[i])
		}
	}
	for i, p := range r.data.feeds() {
		if err == nil {
			err = p.sampler.UnmarshalBinary(s.Samplers[i])
		}
	}
	if err == nil {
		_, err = s.Record.after(s.history)
	}
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	r.next, r.position, r.record, r.history, r.adam.Steps = s.Next, s.Position, s.Record, s.history, s.Adam
	return r, nil
}

// ReadRecord reads what a snapshot says of its run, without the weights; Restore will ask for the data its configuration names.
func ReadRecord(rd io.Reader) (Record, error) {
	_, s, err := open(rd)
	if err != nil {
		return Record{}, err
	}
	return s.Record.after(s.history)
}

func open(rd io.Reader) (*ckpt.File, saved, error) {
	var s saved
	f, err := ckpt.Read(rd)
	if err != nil {
		return nil, s, fmt.Errorf("snapshot: %w", err)
	}
	if v := f.Meta["format"]; v != snapshotVersion {
		return nil, s, fmt.Errorf("snapshot: format is %q, not %q: this is no run of this version", v, snapshotVersion)
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(f.Meta["run"])))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return nil, s, fmt.Errorf("snapshot: %w", err)
	}
	h, err := f.Find("history")
	if err != nil {
		return nil, s, fmt.Errorf("snapshot: %w", err)
	}
	s.history = h.Data
	return f, s, nil
}

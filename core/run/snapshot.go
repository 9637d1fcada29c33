package run

import (
	"cmp"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"hlrslab/core/ckpt"
	"hlrslab/core/data"
	"hlrslab/core/nn"
)

// saved is the part of a snapshot that is not arrays.
type saved struct {
	Config   Config
	Next     *Config `json:",omitempty"`
	Position position
	Record   Record // with the events of the epoch under way
	Adam     int
	Random   [2][]byte // augmentation, mixing
	Samplers [][]byte
	history  history // a tensor of its own
}

// snapshotVersion changes with the meaning of a snapshot.
const (
	snapshotFamily  = "hlrs-run-"
	snapshotVersion = snapshotFamily + "5"
)

// arrays calls single and double for the run's parameters and moments, in the order of a snapshot.
func (r *Run) arrays(single func(name string, v []float32, shape ...int), double func(name string, v []float64)) {
	model := r.task.Model()
	for _, p := range model.Store.Weights.List {
		single("weights/"+p.Name, model.Weights[p.Off:][:p.Len()], p.Shape...)
		single("momentum/"+p.Name, r.sgd.Buffer[p.Off:][:p.Len()], p.Shape...)
	}
	for _, p := range model.Store.Running.List {
		single("running/"+p.Name, model.Running[p.Off:][:p.Len()])
	}
	if alpha := r.task.Alpha(); alpha != nil {
		single("alpha", alpha)
	}
	r.task.State(func(name string, v []float32) { single(name, v) }, double)
}

// steps is the task's counter.
func (r *Run) steps() *int {
	return r.task.State(func(string, []float32) {}, func(string, []float64) {})
}

// Snapshot writes all that a run is, as safetensors. Restore goes on from it bit for bit. A run that has come to what is not a finite
// number, or whose device has failed, fails instead, and nothing is written.
func (r *Run) Snapshot(w io.Writer) error {
	if r.lost != nil {
		return r.lost
	}
	if r.Failed == "" {
		if err := r.sound(); err != nil {
			return err
		}
	}
	s := saved{Config: r.config, Next: r.next, Position: r.position, Record: r.record, Adam: *r.steps()}
	var err error
	for i, p := range []interface{ MarshalBinary() ([]byte, error) }{r.data.random, r.mixRandom} {
		if s.Random[i], err = p.MarshalBinary(); err != nil {
			return err
		}
	}
	for _, f := range r.data.loaders {
		state, err := f.sampler.MarshalBinary()
		if err != nil {
			return err
		}
		s.Samplers = append(s.Samplers, state)
	}
	raw, err := json.Marshal(s, json.Deterministic(true))
	if err != nil {
		return err
	}
	f := ckpt.File{Meta: map[string]string{"format": snapshotVersion, "run": string(raw)}}
	r.arrays(func(name string, v []float32, shape ...int) { ckpt.Add(&f, name, v, shape...) },
		func(name string, v []float64) { ckpt.Add(&f, name, v) })
	f.Tensors = append(f.Tensors, ckpt.Tensor{Name: "history", Dtype: "U8", Shape: []int{len(r.history)}, Data: r.history})
	return f.Write(w)
}

// Restore reads a snapshot and prepares its run on d, which must be the data it was made on. All that is read is held against the
// configuration: a run that could not have come to where the snapshot says it stands is an error.
func Restore(rd io.Reader, d *data.Dataset, device nn.Device, task Maker) (*Run, error) {
	f, s, record, err := open(rd)
	if err != nil {
		return nil, err
	}
	r, err := New(s.Config, d, device, task)
	if err != nil {
		return nil, err
	}
	if err := r.restore(f, s, record.Facts); err != nil {
		r.Close()
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return r, nil
}

func (r *Run) restore(f *ckpt.File, s saved, facts Facts) (err error) {
	if now := r.record.Facts; !slices.Equal(facts.Classes, now.Classes) || !slices.Equal(facts.Counts, now.Counts) || facts.Steps != now.Steps || facts.Params != now.Params {
		return fmt.Errorf("of %d classes (%s …), %d steps an epoch and %d weights, and on these data the run has %d (%s …), %d and %d: go on with it on the data it began with",
			len(facts.Classes), facts.Classes[0], facts.Steps, facts.Params, len(now.Classes), now.Classes[0], now.Steps, now.Params)
	}
	if err := r.data.tested(s.Position, r.config.Batch, r.task.Tests(s.Position.Epoch)); err != nil {
		return fmt.Errorf("position: %w", err)
	}
	sound := func(name string, finite bool) {
		if !finite && s.Position.Failed == "" {
			err = errors.Join(err, fmt.Errorf("%s: not a finite number", name))
		}
	}
	r.arrays(func(name string, v []float32, _ ...int) {
		err = errors.Join(err, ckpt.Load(f, name, v))
		sound(name, !slices.ContainsFunc(v, func(x float32) bool { return !finite(float64(x)) }))
	}, func(name string, v []float64) {
		err = errors.Join(err, ckpt.Load(f, name, v))
		sound(name, finite(v...))
	})
	for i, p := range []interface{ UnmarshalBinary([]byte) error }{r.data.random, r.mixRandom} {
		if err == nil {
			err = p.UnmarshalBinary(s.Random[i])
		}
	}
	if n := len(r.data.loaders); err == nil && len(s.Samplers) != n {
		err = fmt.Errorf("states of %d samplers, want %d", len(s.Samplers), n)
	}
	for i, p := range r.data.loaders {
		if err == nil {
			err = p.sampler.UnmarshalBinary(s.Samplers[i])
		}
	}
	r.next, r.position, r.record, r.history = s.Next, s.Position, s.Record, s.history
	*r.steps() = s.Adam
	return err
}

// MarkFailed writes the snapshot that it reads, in which Record.Failed then is why the run came no further. A run that goes on from
// it has no such mark.
func MarkFailed(w io.Writer, r io.Reader, why string) error {
	f, err := ckpt.Read(r)
	if err != nil {
		return err
	}
	f.Meta["failed"] = why
	return f.Write(w)
}

// tested holds what was seen of an epoch's test against the test images.
func (b *Batches) tested(p position, batch, tests int) error {
	all, seen := len(b.test), min(p.Tested, len(b.test))
	of := func(test int) int { return min(max(p.Tested-test*all, 0), all) } // images that a later one has seen
	switch {
	case p.Tested < 0 || p.Tested >= tests*all || p.Tested > 0 && p.At < b.steps || p.Tested%all%batch != 0:
		return fmt.Errorf("%d images of %d × %d tested after %d of %d steps", p.Tested, tests, all, p.At, b.steps)
	case min(p.Discrete, p.Dropped) < 0 || p.Discrete > of(1) || p.Dropped > of(2):
		return fmt.Errorf("%d of %d and %d of %d images right", p.Discrete, of(1), p.Dropped, of(2))
	case len(p.Confusion) != len(b.total):
		return fmt.Errorf("a confusion of %d classes, want %d", len(p.Confusion), len(b.total))
	}
	counts := make([]int, len(b.total))
	for _, i := range b.test[:seen] {
		counts[b.set.Test.Labels[i]]++
	}
	right := 0
	for y, row := range p.Confusion {
		if err := tallied(row, len(counts), counts[y]); err != nil {
			return err
		}
		right += row[y]
	}
	return p.Seen.validate(seen, right)
}

// ReadRecord reads what a snapshot says of its run, without the weights; Restore will ask for the data its configuration names.
func ReadRecord(rd io.Reader) (Record, error) {
	_, _, record, err := open(rd)
	return record, err
}

// open reads a snapshot and its whole record, and sees that they are at one.
func open(rd io.Reader) (*ckpt.File, saved, Record, error) {
	var s saved
	var record Record
	f, err := ckpt.Read(rd)
	if err == nil {
		record, err = s.read(f)
	}
	if err != nil {
		return nil, s, Record{}, fmt.Errorf("snapshot: %w", err)
	}
	return f, s, record, nil
}

func (s *saved) read(f *ckpt.File) (Record, error) {
	switch v := f.Meta["format"]; {
	case v == snapshotVersion:
	case strings.HasPrefix(v, snapshotFamily):
		return Record{}, fmt.Errorf("format is %q, of another version of HLRS Lab than this one, which reads %q: go on with the run in the version it began in, or start it again with its configuration", v, snapshotVersion)
	default:
		return Record{}, fmt.Errorf("format is %q, not %q: this is no run of HLRS Lab", v, snapshotVersion)
	}
	if !f.Checked {
		return Record{}, errors.New("there is no checksum: the file is damaged; take a copy of it")
	}
	if err := json.Unmarshal([]byte(f.Meta["run"]), s, strict); err != nil {
		return Record{}, err
	}
	h, err := f.Find("history")
	if err != nil {
		return Record{}, err
	}
	s.history = h.Data
	record, at, err := s.Record.after(s.history)
	record.Failed = cmp.Or(s.Position.Failed, f.Meta["failed"])
	if record.Next = s.Next; err == nil && s.Next != nil {
		if err = at.config.MayBecome(*s.Next); err != nil {
			err = fmt.Errorf("next configuration: %w", err)
		}
	}
	if err != nil {
		return Record{}, err
	}
	p := s.Position
	steps := p.Epoch*record.Facts.Steps + p.At
	moves := func(steps int) int { return s.Config.moves(steps, record.Facts.Steps) }
	switch {
	case p.Epoch != at.epoch || p.At != at.at:
		return Record{}, fmt.Errorf("position: epoch %d, step %d, and the events end at epoch %d, step %d", p.Epoch, p.At, at.epoch, at.at)
	case p.Losses != at.losses || p.ArchLosses != at.archLosses:
		return Record{}, fmt.Errorf("position: losses of %v and %v, and the events have %v and %v", p.Losses, p.ArchLosses, at.losses, at.archLosses)
	case s.Adam != moves(steps) && !(p.Failed != "" && s.Adam == moves(steps+1)): // a weight step that failed came after the architecture's
		return Record{}, fmt.Errorf("%d steps of Adam, and the run has taken %d", s.Adam, moves(steps))
	case p.Ended != at.ended:
		return Record{}, fmt.Errorf("position: ended for %q, and the events say %q", p.Ended, at.ended)
	case p.Failed != "" && p.Epoch == s.Config.Epochs:
		return Record{}, errors.New("position: at its end, and failed")
	case !s.Config.Equal(at.config):
		return Record{}, errors.New("the configuration in force is not the one that the events lead to")
	}
	return record, nil
}

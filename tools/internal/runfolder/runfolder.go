// Package runfolder has runs go on in folders, from process to process, whatever ends them. It does so for any task, and for any
// number of folders at once.
package runfolder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"hlrslab/core/figure"
	"hlrslab/core/folder"
	"hlrslab/core/nn"
	"hlrslab/core/run"
	"hlrslab/tools/internal/disk"
)

// Folder is a run in its folder, which is nobody else's until Close. The run is folder.Snapshot; what else tells of it is derived
// from its record, and made again whenever a process begins or ends with it, so that nothing stale, cut or foreign stays. Only
// times, which no record knows, is as each process left it.
type Folder struct {
	Dir    string
	Run    *run.Run
	disk   disk.Disk
	unlock func() error
	times  *disk.File
	events *disk.File // while the run goes on
}

// times is a file of what steps and epochs took.
const times = "times.jsonl"

// What a folder may be that New, or Resume, does not take. disk.ErrLocked is another one.
var (
	ErrTaken   = errors.New("already holds a run")
	ErrForeign = errors.New("holds other files than a run's")
	ErrUnread  = errors.New("holds no run that can be read")
	ErrNone    = errors.New("holds no run to go on with, for it has no " + folder.Snapshot)
)

// Free returns nil if a new run may have dir, which is absent or empty, or holds a run that may go if over says so. What is hidden
// does not count, nor do the files that a run leaves which was killed before it had written anything of its own.
func Free(dir string, over bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var snapshot, derived bool
	var foreign string
	for _, e := range entries {
		switch name := e.Name(); {
		case name == folder.Snapshot:
			snapshot = true
		case slices.ContainsFunc(folder.Of(run.Record{}, nil), func(f folder.File) bool { return f.Name == name }):
			derived = true
		case name != times && !disk.Half(name) && name[0] != '.':
			foreign = name
		}
	}
	switch {
	case !snapshot && foreign != "":
		return fmt.Errorf("%s %w, such as %s", dir, ErrForeign, foreign)
	case (snapshot || derived) && !over:
		return fmt.Errorf("%s %w", dir, ErrTaken)
	}
	return nil
}

// New has the run that create makes begin, or go on, in dir, if that is Free.
func New(d disk.Disk, dir string, over bool, create func() (*run.Run, error)) (*Folder, error) {
	if err := Free(dir, over); err != nil { // before images are fetched for nothing
		return nil, err
	}
	r, err := create()
	if err != nil {
		return nil, err
	}
	f := &Folder{Dir: dir, Run: r, disk: d}
	if err = os.MkdirAll(dir, 0o777); err == nil {
		err = f.open(func() error {
			if err := Free(dir, over); err != nil { // now that no other process comes between
				return err
			}
			return d.Remove(f.path(times)) // another run's
		})
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Holds says whether there is a run in dir to go on with.
func Holds(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, folder.Snapshot))
	return !errors.Is(err, fs.ErrNotExist)
}

// Resume has the run in dir go on, as restore makes it.
func Resume(d disk.Disk, dir string, restore func(run.Record, io.Reader) (*run.Run, error)) (*Folder, error) {
	f := &Folder{Dir: dir, disk: d}
	if !Holds(dir) {
		return nil, fmt.Errorf("%s %w", dir, ErrNone)
	}
	err := f.open(func() error { return nil })
	if err == nil {
		f.Run, err = Restore(dir, restore)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Restore has restore make a run of its record and its snapshot, which are those of a run folder or of a run file.
func Restore(from string, restore func(run.Record, io.Reader) (*run.Run, error)) (*run.Run, error) {
	record, err := Record(from)
	if err != nil {
		return nil, fmt.Errorf("%w: %s %w", err, from, ErrUnread)
	}
	f, err := disk.Open(file(from))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return restore(record, f)
}

// Record reads the record of a run folder or a run file.
func Record(from string) (run.Record, error) {
	f, err := disk.Open(file(from))
	if err != nil {
		return run.Record{}, err
	}
	defer f.Close()
	r, err := run.ReadRecord(f)
	if err != nil {
		return r, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return r, nil
}

// Damaged are the faults of what stands in a folder beside the run that is there, which has come to its end: of its configuration and of
// its events. Nothing is read from these, but people and other programs do.
func Damaged(dir string) (faults []error) {
	r, err := Record(dir)
	if err != nil {
		return nil // the run itself is what is damaged
	}
	check := func(name string, sound func(io.Reader) error) {
		f, err := disk.Open(filepath.Join(dir, name))
		if err == nil {
			err = sound(f)
			_ = f.Close()
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s is not what %s has (%w); remove the job's folder %s to have it run anew, or read the run itself: hlrs show %[4]s", filepath.Join(dir, name), folder.Snapshot, err, dir))
		}
	}
	check(folder.Config, func(f io.Reader) error {
		c := run.Default()
		if err := c.Decode(f); err != nil {
			return err
		}
		if field, differ := r.InForce().Differs(c); differ {
			return fmt.Errorf("%s is another", field.Name)
		}
		return nil
	})
	check(folder.Events, func(f io.Reader) error {
		lines := json.NewDecoder(f)
		for i, want := range r.Events {
			var e run.Event
			if err := lines.Decode(&e); err != nil {
				return fmt.Errorf("line %d: %w", i+1, err)
			}
			if e.Kind != want.Kind || e.Epoch != want.Epoch || e.Step != want.Step || e.Loss != want.Loss {
				return fmt.Errorf("line %d is another", i+1)
			}
		}
		if lines.More() {
			return errors.New("there are more lines")
		}
		return nil
	})
	return faults
}

// file is the run file of a run folder, or itself.
func file(from string) string {
	if info, err := os.Stat(from); err == nil && info.IsDir() {
		return filepath.Join(from, folder.Snapshot)
	}
	return from
}

// open keeps others from the folder, and has ready make it so, before it is written to.
func (f *Folder) open(ready func() error) (err error) {
	if f.unlock, err = disk.Lock(f.Dir); err != nil {
		return err
	}
	if err = f.disk.Sweep(f.Dir); err == nil {
		err = ready()
	}
	if err == nil {
		f.times, err = f.disk.Append(f.path(times))
	}
	return err
}

func (f *Folder) path(name string) string { return filepath.Join(f.Dir, name) }

// Session is a line of times.jsonl: a process that went on with the run.
type Session struct {
	Began   time.Time `json:"began"`
	Version string    `json:"version"`
	Go      string    `json:"go"`
	System  string    `json:"system"`
	Threads int       `json:"threads"`
	GPU     string    `json:"gpu,omitempty"` // that computed, instead of the threads
}

// Last is the session that went on with the run in dir last, or nothing where none is told of.
func Last(dir string) (last Session) {
	raw, err := os.ReadFile(filepath.Join(dir, times))
	if err != nil {
		return last
	}
	for line := range bytes.Lines(raw) {
		if s := (Session{}); bytes.HasPrefix(line, []byte(`{"began"`)) && json.Unmarshal(line, &s) == nil { // or else it was cut, or is what a step took
			last = s
		}
	}
	return last
}

// timed is a line of times.jsonl: what a step took, or an epoch, with its test, in the last session.
type timed struct {
	Epoch   int     `json:"epoch"`
	Step    *int    `json:"step,omitempty"`
	Seconds float64 `json:"seconds"`
}

// Go takes the run's steps, calls progress after each, and saves each epoch. It ends where the run does, or, with the run saved
// as it stands, when ctx is done: Run.Done tells which. A run that fails stays as it was saved last, with a mark of its failure, unless
// it was the device that failed.
func (f *Folder) Go(ctx context.Context, s Session, progress func(events []run.Event, took time.Duration)) error {
	if !f.Run.Done() {
		if err := f.begin(s); err != nil {
			return err
		}
	}
	epoch := time.Now()
	for !f.Run.Done() && ctx.Err() == nil {
		began := time.Now()
		events, err := f.Run.Step()
		progress(events, time.Since(began))
		for _, e := range events {
			since := began
			if e.Kind == run.EpochDone {
				since, epoch = epoch, time.Now()
			}
			if err := f.event(e, time.Since(since)); err != nil {
				return err
			}
		}
		if _, is := errors.AsType[nn.DeviceError](err); is {
			return err
		}
		if err != nil && f.Run.Failed == "" { // an image could not be read, and the run stands where it stood
			return errors.Join(fmt.Errorf("%w; the run is saved, and goes on from there", err), f.save())
		}
		if err != nil {
			return f.failed(err)
		}
	}
	err := f.save()
	if f.Run.Failed != "" {
		return f.failed(err)
	}
	return err
}

// failed marks what is saved of a run that failed.
func (f *Folder) failed(why error) error {
	err := f.disk.Replace(f.path(folder.Snapshot), func(w io.Writer) error {
		saved, err := os.Open(f.path(folder.Snapshot))
		if err != nil {
			return err
		}
		defer saved.Close()
		return run.MarkFailed(w, saved, f.Run.Failed)
	})
	return errors.Join(why, err, f.derive())
}

// begin writes the run as it stands, so that a process killed in its first epoch can be gone on from, too, and opens what grows.
func (f *Folder) begin(s Session) error {
	err := f.save()
	if err == nil {
		f.events, err = f.disk.Append(f.path(folder.Events))
	}
	if err == nil {
		err = json.NewEncoder(f.times).Encode(s)
	}
	return err
}

// event writes down what happened; with an epoch it saves the run and its genotype.
func (f *Folder) event(e run.Event, took time.Duration) error {
	t := timed{Epoch: e.Epoch, Seconds: took.Seconds()}
	if e.Kind == run.StepDone {
		t.Step = &e.Step
	}
	err := json.NewEncoder(f.events).Encode(e)
	if e.Kind != run.Changed {
		err = errors.Join(err, json.NewEncoder(f.times).Encode(t))
	}
	if err == nil && e.Kind == run.EpochDone {
		if err = f.snapshot(); err == nil {
			err = f.write(folder.Genotype(e.Report.Genotype))
		}
	}
	return err
}

// save writes the run as it stands.
func (f *Folder) save() error {
	if err := f.snapshot(); err != nil {
		return err
	}
	return f.derive()
}

func (f *Folder) snapshot() error { return f.disk.Replace(f.path(folder.Snapshot), f.Run.Snapshot) }

func (f *Folder) derive() error { return f.write(folder.Of(f.Run.Record(), figure.SVG)) }

func (f *Folder) write(files []folder.File) error {
	for _, file := range files {
		var err error
		if file.Write == nil {
			err = f.disk.Remove(f.path(file.Name))
		} else {
			err = f.disk.Replace(f.path(file.Name), file.Write)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Close ends the run, as it was last saved, and lets others have the folder.
func (f *Folder) Close() (err error) {
	if f.Run != nil {
		f.Run.Close()
	}
	for _, grown := range []*disk.File{f.events, f.times} {
		if grown != nil {
			err = errors.Join(err, grown.Close())
		}
	}
	if f.unlock != nil {
		err = errors.Join(err, f.unlock())
	}
	return err
}

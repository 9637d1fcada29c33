package runfolder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hlrslab/core/cpu"
	"hlrslab/core/data"
	"hlrslab/core/folder"
	"hlrslab/core/nn"
	"hlrslab/core/run"
	"hlrslab/core/search"
	"hlrslab/core/task"
	"hlrslab/tools/internal/disk"
)

// power goes off before an operation on the disk: from there on nothing is done, and of what was not synced half is lost.
type power struct {
	left   int // operations until then
	done   []string
	unsafe map[string]bool // written and not synced
}

var errPower = errors.New("the power is off")

func (p *power) before(op, path string) error {
	if p.left--; p.left < 0 {
		return errPower
	}
	p.done = append(p.done, op+" "+path)
	switch op {
	case "write":
		p.unsafe[path] = true
	case "sync":
		delete(p.unsafe, path)
	}
	return nil
}

// off loses what was not safe.
func (p *power) off(t *testing.T) {
	for path := range p.unsafe {
		final, renamed := strings.CutSuffix(path, ".part")
		if _, err := os.Stat(path); err != nil && renamed {
			path = strings.TrimSuffix(final, filepath.Ext(final))
		}
		if info, err := os.Stat(path); err == nil {
			if err := os.Truncate(path, info.Size()/2); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// files is what a folder holds of its run. What times.jsonl says is another each time, but it is whole.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if e.Name() == "times.jsonl" {
			for line := range bytes.Lines(raw) {
				if !json.Valid(line) || line[len(line)-1] != '\n' {
					t.Errorf("times.jsonl has the line %q", line)
				}
			}
			raw = nil
		}
		all[e.Name()] = raw
	}
	return all
}

func compare(t *testing.T, when, dir string, want map[string][]byte) {
	t.Helper()
	got := files(t, dir)
	for name, raw := range got {
		if w, ok := want[name]; !ok {
			t.Errorf("%s: %s is left over", when, name)
		} else if !bytes.Equal(raw, w) {
			t.Errorf("%s: %s is another", when, name)
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s: %s is missing", when, name)
		}
	}
}

// few is the first of the toy set, small as the tests take it: it need not be drawn and resized a hundred times.
var few = sync.OnceValue(func() *data.Dataset {
	d := data.Toy(1)
	for _, m := range []*data.Images{&d.Train, &d.Test} {
		first := data.Images{Size: m.Size, Pixels: m.Pixels.(data.Memory)[:40*3*m.Size*m.Size], Labels: m.Labels[:40]}
		small, err := first.Resize(8)
		if err != nil {
			panic(err)
		}
		*m = *small
	}
	return d
})

func create(seed uint64) (*run.Run, error) { return createOn(few(), seed) }

func createOn(d *data.Dataset, seed uint64) (*run.Run, error) {
	return task.New(config(seed), d, &cpu.Device{Threads: 1})
}

// config is a search of milliseconds.
func config(seed uint64) run.Config {
	c, err := run.Preset("tiny")
	if err != nil {
		panic(err)
	}
	c.Seed, c.Epochs, c.Nodes, c.Size, c.NMax, c.Imbalance, c.Batch, c.TestImages, c.Branches = seed, 2, 1, 8, 4, 1, 10, 10, "none"
	return c
}

func restore(_ run.Record, snapshot io.Reader) (*run.Run, error) {
	return task.Restore(snapshot, few(), &cpu.Device{Threads: 1})
}

// begin takes a new run to its end in dir.
func begin(t *testing.T, d disk.Disk, dir string, over bool, seed uint64) error {
	f, err := New(d, dir, over, func() (*run.Run, error) { return create(seed) })
	return end(t, f, err)
}

func end(t *testing.T, f *Folder, err error) error {
	if err != nil {
		return err
	}
	return errors.Join(f.Go(t.Context(), Session{}, func([]run.Event, time.Duration) {}), f.Close())
}

// goOn does what a person does after a crash: go on, or, where there is nothing yet to go on with, begin anew.
func goOn(t *testing.T, dir string, seed uint64) {
	t.Helper()
	f, err := Resume(disk.Disk{}, dir, restore)
	if err = end(t, f, err); errors.Is(err, ErrNone) {
		err = begin(t, disk.Disk{}, dir, false, seed)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestPowerCut takes the power away before every single operation of a run on its folder, then goes on: the folder is that of a
// run which nothing stopped.
func TestPowerCut(t *testing.T) {
	dir := t.TempDir()
	p := &power{left: 1e6, unsafe: map[string]bool{}}
	if err := begin(t, disk.Disk{Before: p.before}, dir, false, 1); err != nil {
		t.Fatal(err)
	}
	want := files(t, dir)
	for i, op := range p.done { // nothing takes a name before it is safe, and the name then is
		if path, ok := strings.CutPrefix(op, "rename "); ok {
			if before, after := p.done[i-1], p.done[i+1]; !strings.HasPrefix(before, "sync "+path+".") || after != "sync "+dir {
				t.Errorf("%q, %q, %q", before, op, after)
			}
		}
	}
	for n := range p.done {
		dir := t.TempDir()
		cut := &power{left: n, unsafe: map[string]bool{}}
		if err := begin(t, disk.Disk{Before: cut.before}, dir, false, 1); !errors.Is(err, errPower) {
			t.Fatalf("cut before %s: %v", p.done[n], err)
		}
		cut.off(t)
		goOn(t, dir, 1)
		compare(t, "cut before "+fmt.Sprintf("operation %d, %s", n, p.done[n]), dir, want)
		if t.Failed() {
			return
		}
	}
}

// TestPowerCutOver is TestPowerCut where the run is written over another.
func TestPowerCutOver(t *testing.T) {
	old, fresh := t.TempDir(), t.TempDir()
	goOn(t, old, 1)
	goOn(t, fresh, 2)
	runs := map[uint64]map[string][]byte{1: files(t, old), 2: files(t, fresh)}
	seen := map[uint64]bool{}
	for n := 0; len(seen) < 2 || n < 40; n++ {
		dir := filepath.Join(t.TempDir(), "run")
		if err := os.CopyFS(dir, os.DirFS(old)); err != nil {
			t.Fatal(err)
		}
		cut := &power{left: n, unsafe: map[string]bool{}}
		if err := begin(t, disk.Disk{Before: cut.before}, dir, true, 2); !errors.Is(err, errPower) {
			t.Fatal(err)
		}
		cut.off(t)
		record, err := Record(dir) // that of one of the two, always
		if err != nil {
			t.Fatal(err)
		}
		goOn(t, dir, 0)
		seen[record.Config.Seed] = true
		compare(t, fmt.Sprintf("cut before operation %d", n), dir, runs[record.Config.Seed])
	}
}

// TestDerived goes on with a finished run some of whose files are missing, cut, or another run's.
func TestDerived(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	goOn(t, dir, 1)
	goOn(t, other, 2)
	want, foreign := files(t, dir), files(t, other)
	var names []string
	for _, f := range folder.Of(run.Record{}, nil) {
		names = append(names, f.Name)
	}
	for what, spoil := range map[string]func(path string) error{
		"missing": os.Remove,
		"cut":     func(path string) error { return os.Truncate(path, 20) },
		"foreign": func(path string) error { return os.WriteFile(path, foreign[filepath.Base(path)], 0o644) },
	} {
		for _, name := range names {
			if err := spoil(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		goOn(t, dir, 0)
		compare(t, what, dir, want)
	}
	for name := range want {
		if !slices.Contains(append(names, ".lock", "times.jsonl", folder.Snapshot), name) {
			t.Errorf("nobody makes sure of %s", name)
		}
	}
}

// TestForeignPart: what a killed process had half written is swept away, and a folder's modes are a user's own.
func TestForeignPart(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "last.safetensors.ABCDEFGH.part"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	goOn(t, dir, 1)
	if _, err := os.Stat(filepath.Join(dir, "last.safetensors.ABCDEFGH.part")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a half-written file is left over")
	}
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	want, _ := os.Stat(plain)
	if got, err := os.Stat(filepath.Join(dir, folder.Snapshot)); err != nil || got.Mode() != want.Mode() {
		t.Errorf("the snapshot's mode is %v, %v", got.Mode(), err)
	}
}

// TestSideBySide has a process go on with several folders at once, each with one of its runs. One that is stopped tells so, and its
// folder is that of a run that was not.
func TestSideBySide(t *testing.T) {
	var all sync.WaitGroup
	dirs := []string{t.TempDir(), t.TempDir()}
	for i, dir := range dirs {
		all.Go(func() {
			f, err := New(disk.Disk{}, dir, false, func() (*run.Run, error) { return create(uint64(i)) })
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := Resume(disk.Disk{}, dir, restore); !errors.Is(err, ErrNone) {
				t.Errorf("before a run has begun: %v", err)
			}
			ctx, stop := context.WithCancel(t.Context())
			steps := 0
			err = f.Go(ctx, Session{}, func([]run.Event, time.Duration) {
				if steps++; steps == 3+i {
					stop()
				}
			})
			if err != nil || f.Run.Done() || steps != 3+i {
				t.Errorf("stopped after %d steps: %v", steps, err)
			}
			if _, err := Resume(disk.Disk{}, dir, restore); !errors.Is(err, disk.ErrLocked) {
				t.Errorf("twice at once: %v", err)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			never := func() (*run.Run, error) { return nil, errors.New("made") }
			if _, err := New(disk.Disk{}, dir, false, never); !errors.Is(err, ErrTaken) {
				t.Errorf("in the place of another: %v", err)
			}
		})
	}
	all.Wait()
	for i, dir := range dirs {
		goOn(t, dir, 9)
		whole := t.TempDir()
		goOn(t, whole, uint64(i))
		compare(t, dir, dir, files(t, whole))
	}
}

// unread is a source that cannot be read the left-th time.
type unread struct {
	data.Source
	left int
}

func (u *unread) Read(dst []uint8, i int) error {
	if u.left--; u.left == 0 {
		return errors.New("the disk is gone")
	}
	return u.Source.Read(dst, i)
}

// TestUnreadImage ends a search at an image that cannot be read, saved as it stands; gone on with, it ends as one undisturbed.
func TestUnreadImage(t *testing.T) {
	dir, calm := t.TempDir(), t.TempDir()
	goOn(t, calm, 1)
	d := *few()
	d.Train.Pixels = &unread{d.Train.Pixels, 30}
	f, err := New(disk.Disk{}, dir, false, func() (*run.Run, error) { return createOn(&d, 1) })
	err = end(t, f, err)
	if err == nil || !strings.Contains(err.Error(), "epoch 1, step 2, training image ") || !strings.Contains(err.Error(), "the disk is gone; the run is saved") {
		t.Fatal(err)
	}
	if lines := bytes.Count(files(t, dir)["events.jsonl"], []byte("\n")); lines != 1 {
		t.Errorf("%d events are saved", lines)
	}
	goOn(t, dir, 1)
	compare(t, "after an image that could not be read", dir, files(t, calm))
}

// TestUnsound stops a run that has come to what is not a finite number: it ends with that reason, and its folder has what was saved
// before, with the reason, until it is gone on with.
func TestUnsound(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	var made run.Task
	f, err := New(disk.Disk{}, dir, false, func() (*run.Run, error) {
		return run.New(config(1), few(), &cpu.Device{Threads: 1}, func(c run.Config, classes int, device nn.Device, sgd *nn.SGD) (task run.Task, loaders []run.Loader, err error) {
			made, loaders, err = search.Task(c, classes, device, sgd)
			return made, loaders, err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	err = f.Go(ctx, Session{}, func([]run.Event, time.Duration) {
		if f.Run.Epoch == 1 && f.Run.At == 1 {
			made.Model().Running[0] = float32(math.NaN())
			stop()
		}
	})
	if err = errors.Join(err, f.Close()); err == nil || !strings.Contains(err.Error(), "epoch 2, step 2: not a finite number") {
		t.Fatal(err)
	}
	if r, broken := Record(dir); broken != nil || r.Failed != err.Error() || r.Last().Epoch != 0 {
		t.Errorf("failed for %q, %v", r.Failed, broken)
	}
	goOn(t, dir, 0)
	calm := t.TempDir()
	goOn(t, calm, 1)
	compare(t, "gone on with", dir, files(t, calm))
}

// TestDiskFull: the error of a disk without room says which file there was none for, and what was saved is still there.
func TestDiskFull(t *testing.T) {
	for _, full := range []string{"events.jsonl", "last.safetensors", "genotype.txt"} {
		dir := t.TempDir()
		epochs := 0
		d := disk.Disk{Before: func(op, path string) error {
			if op == "write" && epochs == 1 && strings.HasPrefix(filepath.Base(path), full) {
				return fmt.Errorf("write %s: %w", path, syscall.ENOSPC)
			}
			return nil
		}}
		f, err := New(d, dir, false, func() (*run.Run, error) { return create(1) })
		if err != nil {
			t.Fatal(err)
		}
		err = errors.Join(f.Go(t.Context(), Session{}, func([]run.Event, time.Duration) { epochs = f.Run.Epoch }), f.Close())
		if want := filepath.Join(dir, full) + ": there is no room left on the disk"; !errors.Is(err, disk.ErrFull) || err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
		goOn(t, dir, 0)
		calm := t.TempDir()
		goOn(t, calm, 1)
		compare(t, "after a full disk", dir, files(t, calm))
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"hlrslab/core/data"
	"hlrslab/core/run"
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

// shortSearch is a search of milliseconds into dir.
func shortSearch(t *testing.T, dir string, seed uint64) *searchCommand {
	c := &searchCommand{Out: dir, Machine: Machine{Threads: 1}}
	var err error
	if c.Config, err = run.Preset("tiny"); err != nil {
		t.Fatal(err)
	}
	c.Seed, c.Epochs, c.Nodes, c.Size, c.NMax, c.Imbalance, c.Batch, c.TestImages, c.Branches = seed, 2, 1, 8, 4, 1, 10, 10, "none"
	return c
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

// few is the first of the toy set, small as shortSearch takes it: it need not be drawn and resized a hundred times.
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

// quiet keeps what commands say out of the test's output, and gives them few images.
func quiet(t *testing.T) {
	all := toy
	toy = few
	t.Cleanup(func() { toy = all })
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	out, says := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = null, null
	t.Cleanup(func() {
		os.Stdout, os.Stderr = out, says
		null.Close()
	})
}

// goOn does what a person does after a crash: go on, or, where there is nothing yet to go on with, begin anew.
func goOn(t *testing.T, dir string, seed uint64) {
	t.Helper()
	c := shortSearch(t, dir, seed)
	if _, err := os.Stat(filepath.Join(dir, snapshotName)); err == nil {
		c = &searchCommand{Resume: dir, Machine: Machine{Threads: 1}}
	}
	if err := c.run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestPowerCut takes the power away before every single operation of a run on its folder, then goes on: the folder is that of a
// run which nothing stopped.
func TestPowerCut(t *testing.T) {
	quiet(t)
	dir := t.TempDir()
	p := &power{left: 1e6, unsafe: map[string]bool{}}
	c := shortSearch(t, dir, 1)
	c.disk.Before = p.before
	if err := c.run(t.Context()); err != nil {
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
		c := shortSearch(t, dir, 1)
		c.disk.Before = cut.before
		if err := c.run(t.Context()); !errors.Is(err, errPower) {
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
	quiet(t)
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
		c := shortSearch(t, dir, 2)
		c.Force, c.disk.Before = true, cut.before
		if err := c.run(t.Context()); !errors.Is(err, errPower) {
			t.Fatal(err)
		}
		cut.off(t)
		record, err := readRecord(dir) // that of one of the two, always
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
	quiet(t)
	dir, other := t.TempDir(), t.TempDir()
	goOn(t, dir, 1)
	goOn(t, other, 2)
	want, foreign := files(t, dir), files(t, other)
	names := []string{"config.json", "events.jsonl", "genotype.json", "genotype.txt", "normal.svg", "reduce.svg", "curves.svg"}
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
		if !slices.Contains(append(names, ".lock", "times.jsonl", snapshotName), name) {
			t.Errorf("nobody makes sure of %s", name)
		}
	}
}

// TestForeignPart: what a killed process had half written is swept away, and a folder's modes are a user's own.
func TestForeignPart(t *testing.T) {
	quiet(t)
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
	if got, err := os.Stat(filepath.Join(dir, snapshotName)); err != nil || got.Mode() != want.Mode() {
		t.Errorf("the snapshot's mode is %v, %v", got.Mode(), err)
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
	quiet(t)
	dir, calm := t.TempDir(), t.TempDir()
	goOn(t, calm, 1)
	toy = func() *data.Dataset {
		d := *few()
		d.Train.Pixels = &unread{d.Train.Pixels, 30}
		return &d
	}
	err := shortSearch(t, dir, 1).run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "epoch 0, step 1, training image ") || !strings.Contains(err.Error(), "the disk is gone; go on with: ") {
		t.Fatal(err)
	}
	if lines := bytes.Count(files(t, dir)["events.jsonl"], []byte("\n")); lines != 1 {
		t.Errorf("%d events are saved", lines)
	}
	toy = few
	goOn(t, dir, 1)
	compare(t, "after an image that could not be read", dir, files(t, calm))
}

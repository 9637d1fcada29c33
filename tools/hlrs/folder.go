package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"hlrslab/core/darts"
	"hlrslab/core/draw"
	"hlrslab/core/figure"
	"hlrslab/core/run"
	"hlrslab/tools/internal/disk"
)

// folder is a run on disk, of one process at a time. The run is snapshotName; what else tells of it is derived from its record,
// and made again whenever a process begins or ends with it, so that nothing stale, cut or foreign stays. Only times.jsonl, which
// no record knows, is as each process left it.
type folder struct {
	disk.Disk
	dir    string
	unlock func() error
	times  *disk.File
	events *disk.File // while the run goes on
}

const (
	snapshotName = "last.safetensors"
	configName   = "config.json"
)

// openFolder makes the folder, where it has to, and keeps other processes from it. A new run goes there if free says so.
func openFolder(d disk.Disk, dir string, free func(dir string) error) (*folder, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	unlock, err := disk.Lock(dir)
	if errors.Is(err, disk.ErrLocked) {
		err = fmt.Errorf("%w: wait until it ends, or name another --out", err)
	}
	if err != nil {
		return nil, err
	}
	f := &folder{Disk: d, dir: dir, unlock: unlock}
	err = d.Sweep(dir)
	if err == nil && free != nil {
		if err = free(dir); err == nil {
			err = d.Remove(f.path("times.jsonl")) // another run's
		}
	}
	if err == nil {
		f.times, err = d.Append(f.path("times.jsonl"))
	}
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

// begin writes the run as it stands, so that a process killed in its first epoch can be gone on from, too, and opens what grows.
func (f *folder) begin(r *run.Run, s session) error {
	err := f.snapshot(r)
	if err == nil {
		err = f.derive(r)
	}
	if err == nil {
		f.events, err = f.Append(f.path("events.jsonl"))
	}
	if err == nil {
		err = json.NewEncoder(f.times).Encode(s)
	}
	return err
}

// timed is a line of times.jsonl: what a step took, or an epoch, with its test, in the last session.
type timed struct {
	Epoch   int     `json:"epoch"`
	Step    *int    `json:"step,omitempty"`
	Seconds float64 `json:"seconds"`
}

func (f *folder) event(e run.Event, took time.Duration) error {
	t := timed{Epoch: e.Epoch, Seconds: took.Seconds()}
	if e.Kind == run.StepDone {
		t.Step = &e.Step
	}
	err := json.NewEncoder(f.events).Encode(e)
	if e.Kind != run.Changed {
		err = errors.Join(err, json.NewEncoder(f.times).Encode(t))
	}
	return err
}

func (f *folder) snapshot(r *run.Run) error { return f.Replace(f.path(snapshotName), r.Snapshot) }

// epoch saves the run and its genotype.
func (f *folder) epoch(r *run.Run, e run.Event) error {
	if err := f.snapshot(r); err != nil {
		return err
	}
	return f.write(genotypeFiles(&e.Report.Genotype))
}

// end saves the run as it stands.
func (f *folder) end(r *run.Run) error {
	if err := f.snapshot(r); err != nil {
		return err
	}
	return f.derive(r)
}

func (f *folder) close() (err error) {
	for _, grown := range []*disk.File{f.events, f.times} {
		if grown != nil {
			err = errors.Join(err, grown.Close())
		}
	}
	return errors.Join(err, f.unlock())
}

// file is a file of the folder; without fill there is none.
type file struct {
	name string
	fill func(io.Writer) error
}

// derive writes all that tells of the run.
func (f *folder) derive(r *run.Run) error {
	record := r.Record()
	var genotype *darts.Genotype
	figures := file{name: "curves.svg"}
	for _, e := range record.Events {
		if e.Kind == run.EpochDone {
			genotype = &e.Report.Genotype
			figures.fill = func(w io.Writer) error { return figure.SVG(w, []run.Record{record}, []string{""}) }
		}
	}
	return f.write(append(genotypeFiles(genotype), figures, file{configName, r.Config().Encode}, file{"events.jsonl", func(w io.Writer) error {
		enc := json.NewEncoder(w)
		for _, e := range record.Events {
			if err := enc.Encode(e); err != nil {
				return err
			}
		}
		return nil
	}}))
}

// genotypeFiles are those of the last epoch's genotype.
func genotypeFiles(g *darts.Genotype) []file {
	if g == nil {
		return []file{{name: "genotype.json"}, {name: "genotype.txt"}, {name: "normal.svg"}, {name: "reduce.svg"}}
	}
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.WriteString(w, s)
			return err
		}
	}
	return []file{
		{"genotype.json", func(w io.Writer) error {
			enc := json.NewEncoder(w)
			enc.SetIndent("", "  ")
			return enc.Encode(g)
		}},
		{"genotype.txt", text(g.String() + "\n")},
		{"normal.svg", text(draw.Cell("Normal cell", g.Normal, g.NormalConcat))},
		{"reduce.svg", text(draw.Cell("Reduction cell", g.Reduce, g.ReduceConcat))},
	}
}

func (f *folder) write(files []file) error {
	for _, file := range files {
		var err error
		if file.fill == nil {
			err = f.Remove(f.path(file.name))
		} else {
			err = f.Replace(f.path(file.name), file.fill)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

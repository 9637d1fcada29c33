package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"hlrslab/core/darts"
	"hlrslab/core/draw"
	"hlrslab/core/search"
)

// folder is a run on disk: config.json, events.jsonl, genotype.json and .txt, last.safetensors and figures.
type folder struct {
	dir  string
	file *os.File // events.jsonl
}

// openFolder makes a run's folder, or opens it where the run stands: events of a process that died before its next snapshot are
// dropped.
func openFolder(dir string, r *search.Run) (*folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f := &folder{dir: dir}
	err := errors.Join(
		f.write("config.json", func(w *os.File) error { return r.Config().Encode(w) }),
		f.write("events.jsonl", func(w *os.File) (err error) {
			b := bufio.NewWriter(w)
			enc := json.NewEncoder(b)
			for _, e := range r.Record().Events {
				err = errors.Join(err, enc.Encode(e))
			}
			return errors.Join(err, b.Flush())
		}))
	if err != nil {
		return nil, err
	}
	f.file, err = os.OpenFile(filepath.Join(dir, "events.jsonl"), os.O_WRONLY|os.O_APPEND, 0)
	return f, err
}

// write replaces a file of the folder in one go, so that a crash leaves the old one.
func (f *folder) write(name string, fill func(*os.File) error) error {
	path := filepath.Join(f.dir, name)
	w, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	if err := errors.Join(fill(w), w.Close()); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

func (f *folder) event(e search.Event) error {
	return json.NewEncoder(f.file).Encode(e)
}

func (f *folder) snapshot(r *search.Run) error {
	return f.write("last.safetensors", func(w *os.File) error {
		b := bufio.NewWriter(w)
		return errors.Join(r.Snapshot(b), b.Flush())
	})
}

// epoch saves the run and its genotype.
func (f *folder) epoch(r *search.Run, e search.Event) error {
	return errors.Join(
		f.snapshot(r),
		f.write("genotype.json", func(w *os.File) error {
			enc := json.NewEncoder(w)
			enc.SetIndent("", "  ")
			return enc.Encode(e.Report.Genotype)
		}),
		f.write("genotype.txt", func(w *os.File) error {
			_, err := w.WriteString(e.Report.Genotype.String() + "\n")
			return err
		}),
		f.cell("normal", "Normal cell", e.Report.Genotype.Normal, e.Report.Genotype.NormalConcat),
		f.cell("reduce", "Reduction cell", e.Report.Genotype.Reduce, e.Report.Genotype.ReduceConcat))
}

func (f *folder) cell(name, title string, edges []darts.Edge, concat []int) error {
	return f.write(name+".svg", func(w *os.File) error {
		_, err := w.WriteString(draw.Cell(title, edges, concat))
		return err
	})
}

func (f *folder) close() error { return f.file.Close() }

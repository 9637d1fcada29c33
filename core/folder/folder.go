// Package folder derives the files that tell of a run from its record: those of its folder, and those that the page hands out.
package folder

import (
	"encoding/json"
	"encoding/json/jsontext"
	jsonv2 "encoding/json/v2"
	"io"

	"hlrslab/core/darts"
	"hlrslab/core/draw"
	"hlrslab/core/run"
)

// The names of a folder's files.
const (
	Snapshot = "last.safetensors" // the run itself, with its record
	Config   = "config.json"
	Events   = "events.jsonl"
	Curves   = "curves.svg"

	GenotypeJSON = "genotype.json"
	GenotypeText = "genotype.txt" // in quark0/darts' own notation
	Normal       = "normal.svg"
	Reduce       = "reduce.svg"
)

// File is a file of a folder. Without Write it is not there: another run's has to go.
type File struct {
	Name  string
	Write func(io.Writer) error
}

// Figure draws the curves of runs with their names, as figure.SVG does, which is too large for the page's own program.
type Figure func(w io.Writer, records []run.Record, names []string) error

// Of are the files of a run's folder that are derived from its record. There are curves and a genotype once an epoch has ended.
func Of(r run.Record, curves Figure) []File {
	figure, g := File{Name: Curves}, darts.Genotype{}
	if e := r.Last(); e != nil {
		figure.Write = func(w io.Writer) error { return curves(w, []run.Record{r}, []string{""}) }
		g = e.Report.Genotype
	}
	return append(Genotype(g), figure, File{Config, r.InForce().Encode}, File{Events, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		for _, e := range r.Events {
			if err := enc.Encode(e); err != nil {
				return err
			}
		}
		return nil
	}})
}

// Genotype are the files of a genotype, of which a task may have none.
func Genotype(g darts.Genotype) []File {
	files := []File{{Name: GenotypeJSON}, {Name: GenotypeText}, {Name: Normal}, {Name: Reduce}}
	if len(g.Normal) == 0 {
		return files
	}
	raw, err := jsonv2.Marshal(g, jsontext.WithIndent("  "))
	if err != nil {
		panic(err) // it has no number that JSON lacks
	}
	for i, text := range []string{
		string(raw) + "\n", g.String() + "\n",
		draw.Cell("Normal cell", g.Normal, g.NormalConcat), draw.Cell("Reduction cell", g.Reduce, g.ReduceConcat),
	} {
		files[i].Write = func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		}
	}
	return files
}

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hlrslab/core/run"
	"hlrslab/core/study"
	"hlrslab/core/study/report"
	"hlrslab/core/study/tensorboard"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/studyfolder"
)

type studyReport struct {
	Dir         string `arg:"" type:"existingdir" help:"Folder of the study, whose jobs may still run."`
	Out         string `type:"path" placeholder:"DIR" help:"Folder of the report; by default report within the study's."`
	Measure     string `placeholder:"NAME" help:"What variants are compared by: trained, search, discrete, head, medium, tail, test-loss or calibration; by default the accuracy of the last network, trained where the study trains cells."`
	Tensorboard string `type:"path" placeholder:"DIR" help:"Folder to write TensorBoard's event files to, too: a folder for each run."`
}

// Run writes what there is of a study.
func (c *studyReport) Run() error {
	f, err := studyfolder.Open(c.Dir)
	if err != nil {
		return err
	}
	measure, err := f.Plan.MeasureOf(c.Measure)
	if err != nil {
		return err
	}
	all, done := look(f)
	for i, r := range all {
		if r.State != studyfolder.Done.String() {
			continue
		}
		for _, d := range f.Damaged(i) {
			fmt.Fprintf(os.Stderr, "job %d: %v\n", i, d)
		}
	}
	out := c.Out
	if out == "" {
		out = filepath.Join(c.Dir, "report")
	}
	results := study.Sort(f.Plan, all, measure)
	bundle, err := results.Bundle()
	if err != nil {
		return err
	}
	if err := writeReport(out, report.New(results), bundle); err != nil {
		return err
	}
	fmt.Printf("%s: of %d of %d jobs\n", filepath.Join(out, "report.html"), done, len(all))
	if c.Tensorboard == "" {
		return nil
	}
	return writeEvents(c.Tensorboard, all)
}

// look is what a study's jobs have come to, and how many are done.
func look(f studyfolder.Folder) (all []study.Result, done int) {
	for i, j := range f.Plan.Jobs {
		s := f.Look(i)
		if s.State == studyfolder.Done {
			done++
		}
		all = append(all, study.Result{Job: j, State: s.State.String(), Why: s.Why, Run: s.Search, Training: s.Train})
	}
	return all, done
}

// writeReport writes all of a report's files.
func writeReport(out string, r *report.Report, b study.Bundle) error {
	by := "Written by " + version() + "."
	files := map[string]func(io.Writer) error{
		study.BundleFile: b.Encode,
		"report.html":    func(w io.Writer) error { return r.HTML(w, by) },
		"report.md":      func(w io.Writer) error { return r.Markdown(w, by) },
		"runs.csv":       r.CSV,
	}
	for _, f := range r.Figures {
		files[filepath.Join("figures", f.Name+".svg")] = f.SVG
		if f.Plot() {
			files[filepath.Join("figures", f.Name+".pdf")] = f.PDF
		}
	}
	if err := os.MkdirAll(filepath.Join(out, "figures"), 0o777); err != nil {
		return err
	}
	for name, write := range files {
		if err := (disk.Disk{}).Replace(filepath.Join(out, name), write); err != nil {
			return err
		}
	}
	return nil
}

// writeEvents writes a folder for each run that has begun, named as it is in the study's.
func writeEvents(out string, all []study.Result) error {
	for _, r := range all {
		for _, side := range []struct {
			name   string
			record run.Record
		}{{"", r.Run}, {"-" + studyfolder.Trained, r.Training}} {
			if len(side.record.Events) == 0 {
				continue
			}
			dir := filepath.Join(out, fmt.Sprintf("%04d%s", r.Index, side.name))
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return err
			}
			err := disk.Disk{}.Replace(filepath.Join(dir, tensorboard.Name), func(w io.Writer) error { return tensorboard.Write(w, side.record) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

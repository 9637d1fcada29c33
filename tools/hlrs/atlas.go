package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

	"hlrslab/core/atlas"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/studyfolder"
)

type studyAtlas struct {
	Dir  string `arg:"" type:"existingdir" help:"Folder of the study, whose jobs may still run."`
	Out  string `type:"path" placeholder:"FILE" help:"File of the map; by default atlas.json within the study's folder."`
	Test string `type:"existingdir" placeholder:"DIR" help:"Folder of another study, of the same searches but for schedules, mixes and seeds: how far off the map's predictions of its runs are."`
}

// Run makes the map of what is done.
func (c *studyAtlas) Run() error {
	f, err := studyfolder.Open(c.Dir)
	if err != nil {
		return err
	}
	if own, err := os.Stat(c.Dir); err == nil && c.Test != "" {
		if other, err := os.Stat(c.Test); err == nil && os.SameFile(own, other) {
			return fmt.Errorf("--test %s: these are the map's own runs; name another study's folder", c.Test)
		}
	}
	all, _ := look(f)
	bar := progressbar.NewOptions(1, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("fitting and cross-validating outcomes"),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	m, err := atlas.New(f.Plan, all, func(done, of int) {
		bar.ChangeMax(of)
		_ = bar.Set(done)
	})
	_ = bar.Finish()
	if err != nil {
		return err
	}
	out := c.Out
	if out == "" {
		out = filepath.Join(c.Dir, "atlas.json")
	}
	if err := (disk.Disk{}).Replace(out, m.Encode); err != nil {
		return err
	}
	info, err := os.Stat(out)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d of %d runs, %.0f kB\n\nBy cross-validation in ten folds (typical errors are root mean squares):\n", out, len(m.Runs), len(all), 1e-3*float64(info.Size()))
	if err := tell(m); err != nil || c.Test == "" {
		return err
	}
	return c.test(out)
}

// tell prints how well each outcome is predicted.
func tell(m atlas.Map) error {
	w := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  outcome\ttypical error\tof guessing the mean\thalf of an interval of four of five, in sd")
	for _, f := range m.Fits {
		note := ""
		if !f.Tells() {
			note = fmt.Sprintf("\tthese %d runs show no effect of the curves", len(m.Runs))
		}
		fmt.Fprintf(w, "  %s\t%.3g\t%.3g\t%.2f%s\n", f.ID, f.Error, f.Spread, f.Width, note)
	}
	return w.Flush()
}

// test holds the map against runs that it has not seen.
func (c *studyAtlas) test(file string) error {
	raw, err := os.Open(file)
	if err != nil {
		return err
	}
	defer raw.Close()
	a, err := atlas.Read(raw)
	if err != nil {
		return err
	}
	f, err := studyfolder.Open(c.Test)
	if err != nil {
		return err
	}
	all, _ := look(f)
	type score struct {
		square, spread float64
		within, runs   int
	}
	scores, left := make([]score, len(a.Outcomes)), 0
	for _, r := range all {
		search, training := r.Records()
		if r.Final() == nil || search == nil || len(a.Differs(r.Config)) > 0 {
			left++
			continue
		}
		curves, err := atlas.CurvesOf(r.Config)
		if err != nil {
			return err
		}
		guesses := a.At(curves).Outcomes
		for i, o := range a.Outcomes {
			v, ok := o.From(search, training)
			if !ok {
				continue
			}
			s := &scores[i]
			s.square += (v - guesses[i].Mean) * (v - guesses[i].Mean)
			s.spread += (v - a.Fits[i].Kernel.Mean) * (v - a.Fits[i].Kernel.Mean)
			s.runs++
			if guesses[i].Interval().Holds(v) {
				s.within++
			}
		}
	}
	fmt.Printf("\nOn %s, of which %d runs are of other searches or not done:\n", c.Test, left)
	w := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  outcome\ttypical error\tof guessing the mean of the map's runs\twithin intervals of four of five\truns")
	for i, s := range scores {
		n := float64(max(1, s.runs))
		fmt.Fprintf(w, "  %s\t%.3g\t%.3g\t%.0f %%\t%d\n", a.Outcomes[i].ID, math.Sqrt(s.square/n), math.Sqrt(s.spread/n), 100*float64(s.within)/n, s.runs)
	}
	return w.Flush()
}

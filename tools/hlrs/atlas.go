package main

import (
	"errors"
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
	Of   []string `arg:"" name:"of" type:"path" help:"Folder of the study, whose jobs may still run; or several, and maps that were made before, to make one map of all their runs."`
	Out  string   `type:"path" placeholder:"FILE" help:"File of the map; by default atlas.json within the first folder."`
	Test string   `type:"existingdir" placeholder:"DIR" help:"Folder of another study, of the same searches but for schedules, mixes and seeds: how far off the map's predictions of its runs are."`
}

// Run makes the map of what is done.
func (c *studyAtlas) Run() error {
	var m atlas.Map
	jobs, out := 0, c.Out
	for i, of := range c.Of {
		own, n, err := gather(of)
		if err != nil {
			return err
		}
		if out == "" && n > 0 {
			out = filepath.Join(of, "atlas.json")
		}
		if n == 0 {
			n = len(own.Runs)
		}
		jobs += n
		if i == 0 {
			m = own
		} else if m, err = m.Join(own); err != nil {
			return err
		}
	}
	if out == "" {
		return errors.New("name the map's file with --out")
	}
	bar := progressbar.NewOptions(1, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("fitting and cross-validating outcomes"),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	err := m.Fit(func(done, of int) {
		bar.ChangeMax(of)
		_ = bar.Set(done)
	})
	_ = bar.Finish()
	if err != nil {
		return err
	}
	if err := (disk.Disk{}).Replace(out, m.Encode); err != nil {
		return err
	}
	info, err := os.Stat(out)
	if err != nil {
		return err
	}
	runs := count(len(m.Runs), "run")
	if len(c.Of) == 1 {
		runs = fmt.Sprintf("%d of %s", len(m.Runs), count(jobs, "run"))
	}
	fmt.Printf("%s: %s, %.0f kB\n\nBy cross-validation in ten folds (typical errors are root mean squares):\n", out, runs, 1e-3*float64(info.Size()))
	if err := tell(m); err != nil || c.Test == "" {
		return err
	}
	return c.test(out)
}

// gather reads the runs of a study's folder, which has jobs, or of a map's file.
func gather(path string) (m atlas.Map, jobs int, err error) {
	if info, err := os.Stat(path); err != nil {
		return m, 0, err
	} else if !info.IsDir() {
		a, err := readAtlas(path)
		if err != nil {
			return m, 0, err
		}
		return a.Map, 0, nil
	}
	f, err := studyfolder.Open(path)
	if err != nil {
		return m, 0, err
	}
	all, _ := look(f)
	if m, err = atlas.Gather(f.Plan, all); err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return m, len(all), err
}

// readAtlas reads a map's file.
func readAtlas(path string) (*atlas.Atlas, error) {
	f, err := disk.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	a, err := atlas.Read(f)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return a, err
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
	a, err := readAtlas(file)
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
	scores, left, own := make([]score, len(a.Outcomes)), 0, 0
	for _, r := range all {
		if a.Has(r.Config) {
			own++
			continue
		}
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
	if own == len(all) {
		return fmt.Errorf("--test %s: these are the map's own runs; name another study's folder", c.Test)
	}
	fmt.Printf("\nOn %s, without %d runs of other searches or not done, and %d that are the map's own:\n", c.Test, left, own)
	w := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  outcome\ttypical error\tof guessing the mean of the map's runs\twithin intervals of four of five\truns")
	for i, s := range scores {
		n := float64(max(1, s.runs))
		fmt.Fprintf(w, "  %s\t%.3g\t%.3g\t%.0f %%\t%d\n", a.Outcomes[i].ID, math.Sqrt(s.square/n), math.Sqrt(s.spread/n), 100*float64(s.within)/n, s.runs)
	}
	return w.Flush()
}

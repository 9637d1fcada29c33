package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/runfolder"
)

type recordCommand struct {
	Source

	Variants []string `arg:"" optional:"" name:"variant" placeholder:"NAME=PATTERN" help:"Kinds of searches: a name, and a pattern such as 'runs/const-*' of their run folders, each with the training of its cell in the folder train, as --then-train writes it. All need the same seeds."`
	Whole    uint64   `default:"1" help:"Seed of the searches that are recorded whole, to look into. Those whose architecture rate is 0 are not."`
	Out      string   `type:"path" default:"record.json" help:"File to write."`
	Images   string   `type:"path" placeholder:"FILE" help:"Write a JPEG of the first images of each class of CIFAR-10, too: a row of 6 a class."`
	Toys     string   `type:"path" placeholder:"FILE" help:"Likewise of the toy set."`
}

// Run writes a run.Recording as JSON.
func (c *recordCommand) Run(ctx context.Context) error {
	if c.Images != "" {
		set, err := c.open(ctx, nil)
		if err == nil {
			err = thumbnails(c.Images, set)
		}
		if err != nil {
			return err
		}
	}
	if c.Toys != "" {
		if err := thumbnails(c.Toys, data.Toy(1)); err != nil {
			return err
		}
	}
	if len(c.Variants) == 0 {
		if c.Images == "" && c.Toys == "" {
			return errors.New("nothing to record: name kinds of searches, as 'Constant rate=runs/const-*'")
		}
		return nil
	}
	var r run.Recording
	for _, arg := range c.Variants {
		name, pattern, named := strings.Cut(arg, "=")
		if !named || name == "" {
			return fmt.Errorf("%s: give a name and a pattern of run folders, as 'Constant rate=runs/const-*'", arg)
		}
		v, seeds, err := c.variant(name, pattern)
		if err != nil {
			return err
		}
		if len(r.Variants) > 0 && !slices.Equal(seeds, r.Seeds) {
			return fmt.Errorf("%s has the seeds %v, %s %v: compare searches of the same seeds", r.Variants[0].Name, r.Seeds, name, seeds)
		}
		r.Seeds, r.Variants = seeds, append(r.Variants, v)
	}
	for i, v := range r.Variants {
		for j := range i {
			r.Pairs = append(r.Pairs, difference(j, i, r.Variants[j].Trained, v.Trained))
		}
	}
	if err := r.Validate(); err != nil {
		return err
	}
	raw, err := run.Rounded(r)
	if err != nil {
		return err
	}
	err = disk.Disk{}.Replace(c.Out, func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d variants of %d seeds, %d bytes\n", c.Out, len(r.Variants), len(r.Seeds), len(raw))
	return nil
}

// variant reads the searches of one kind, and the trainings of their cells, in the order of their seeds.
func (c *recordCommand) variant(name, pattern string) (v run.Variant, seeds []uint64, err error) {
	v.Name = name
	dirs, err := filepath.Glob(pattern)
	if err != nil {
		return v, nil, fmt.Errorf("%s: %w", pattern, err)
	}
	type result struct {
		seed              uint64
		searched, trained float64
	}
	var results []result
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() || !runfolder.Holds(dir) {
			continue // something else that the pattern fits
		}
		record, err := finished(dir)
		if err != nil {
			return v, nil, err
		}
		train := filepath.Join(dir, "train")
		training, err := finished(train)
		if errors.Is(err, os.ErrNotExist) {
			return v, nil, fmt.Errorf("%s holds no run: train its cell by hlrs train --genotype %s --out %s", train, dir, train)
		}
		if err != nil {
			return v, nil, err
		}
		config := record.InForce()
		results = append(results, result{config.Seed, record.Last().Report.Accuracy, training.Last().Report.Accuracy})
		if config.Seed == c.Whole && config.ArchRate > 0 {
			v.Record = &record
		}
	}
	if len(results) == 0 {
		return v, nil, fmt.Errorf("%s: no run folder fits %s", name, pattern)
	}
	slices.SortFunc(results, func(a, b result) int { return cmp.Compare(a.seed, b.seed) })
	for _, r := range results {
		seeds, v.Search, v.Trained = append(seeds, r.seed), append(v.Search, r.searched), append(v.Trained, r.trained)
	}
	return v, seeds, nil
}

// finished is the record of a run that has come to its end.
func finished(dir string) (run.Record, error) {
	r, err := runfolder.Record(dir)
	if err == nil && !r.Done() {
		err = fmt.Errorf("%s has not come to its end: go on with it by hlrs %s --resume %s", dir, r.Config.Task, dir)
	}
	return r, err
}

// difference is that of two variants' values, paired.
func difference(of, over int, a, b []float64) run.Difference {
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	mean, sd := stat.MeanStdDev(d, nil)
	n := float64(len(d))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: max(1, n-1)}.Quantile(0.975)
	half := t * sd / math.Sqrt(n)
	if len(d) == 1 {
		half = 1 // one pair says nothing
	}
	return run.Difference{Of: of, Over: over, Mean: mean, Low: mean - half, High: mean + half}
}

// thumbnails writes a picture of a few images of each class of a set.
func thumbnails(file string, set *data.Dataset) error {
	const columns, side = 6, data.PageSide
	set, err := set.Resize(side)
	if err != nil {
		return err
	}
	sheet := image.NewRGBA(image.Rect(0, 0, columns*side, side*len(set.Classes)))
	pixels := make([]uint8, 3*side*side)
	column := make([]int, len(set.Classes))
	for _, i := range set.Train.First(columns) {
		class := set.Train.Labels[i]
		if err := set.Train.Pixels.Read(pixels, i); err != nil {
			return err
		}
		for y := range side {
			for x := range side {
				at := func(channel int) uint8 { return pixels[(channel*side+y)*side+x] }
				sheet.SetRGBA(column[class]*side+x, class*side+y, color.RGBA{at(0), at(1), at(2), 255})
			}
		}
		column[class]++
	}
	return disk.Disk{}.Replace(file, func(w io.Writer) error { return jpeg.Encode(w, sheet, &jpeg.Options{Quality: 55}) })
}

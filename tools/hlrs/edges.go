package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"hlrslab/core/run"
	"hlrslab/core/task"
	"hlrslab/tools/internal/runfolder"
)

type edgesCommand struct {
	Source
	Machine

	From   string `arg:"" name:"run" placeholder:"RUN" help:"Folder or run file of a search. It is only read."`
	Images int    `default:"10000" help:"Test images to tell it by, as many of each class; at most those of the run."`
}

// Run drops one edge of a search's cells after the other, and says what accuracy of the mixed network that costs.
func (c *edgesCommand) Run(ctx context.Context) error {
	r, err := runfolder.Restore(c.From, func(record run.Record, snapshot io.Reader) (*run.Run, error) {
		if record.Config.Task != run.Search {
			return nil, errors.New("it is a training, whose cell is what it is: name a search")
		}
		d, err := (&taskCommand{Source: c.Source, Machine: c.Machine}).dataset(ctx, record.Config)
		if err != nil {
			return nil, err
		}
		return task.Restore(snapshot, d, c.device(c.Threads))
	})
	if err != nil {
		return err
	}
	defer r.Close()
	record := r.Record()
	if record.Last() == nil {
		return fmt.Errorf("%s: no epoch of it has ended: there is nothing to test", c.From)
	}
	classes := len(r.Facts().Classes)
	if c.Images < 1 {
		return fmt.Errorf("--images %d: give one of each class at least", c.Images)
	}
	images := min(c.Images, record.Config.TestImages) / classes * classes
	if images == 0 {
		return fmt.Errorf("--images %d: give one of each of the %d classes at least", c.Images, classes)
	}
	type edge struct {
		name     string
		accuracy float64
	}
	var edges []edge
	bar := progressbar.NewOptions(1+len(r.Parts()), progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("testing without each edge"),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	whole, err := r.Without(-1, images)
	for i, name := range r.Parts() {
		if err != nil {
			return err
		}
		_ = bar.Add(1) // a bar that cannot be drawn is none
		if ctx.Err() != nil {
			return errors.New("stopped; the run is as it was")
		}
		var accuracy float64
		accuracy, err = r.Without(i, images)
		edges = append(edges, edge{name, accuracy})
	}
	_ = bar.Finish()
	if err != nil {
		return err
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return cmp.Compare(a.accuracy, b.accuracy) })
	chosen := map[string]bool{}
	for _, name := range record.Last().Report.Genotype.EdgeNames() {
		chosen[name] = true
	}
	var b strings.Builder
	network := "mixed network"
	if record.Config.Method == "random" {
		network = "cell chosen"
	}
	when := "After " + count(record.Last().Epoch+1, "epoch")
	if r.At > 0 {
		when = fmt.Sprintf("In epoch %d, where the run stands,", r.Epoch+1)
	}
	fmt.Fprintf(&b, "%s the %s is right on %.1f %% of %s, of which one is %.2g points.\n", when, network, 100*whole, count(images, "test image"), 100/float64(images))
	fmt.Fprint(&b, "An edge is named by its source, which may be an input of the cell (k-2, k-1) or a node, and the node that it leads to.\n\n")
	fmt.Fprintf(&b, "%-16s  %10s  %14s  %s\n", "without", "accuracy, %", "change, points", "in the cell chosen")
	for _, e := range edges {
		mark := ""
		if chosen[e.name] {
			mark = "yes"
		}
		fmt.Fprintf(&b, "%-16s  %11.1f  %+14.1f  %s\n", e.name, 100*e.accuracy, 100*(e.accuracy-whole)+0, mark)
	}
	_, err = os.Stdout.WriteString(b.String())
	return err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"

	"hlrslab/core/run"
	"hlrslab/tools/internal/runfolder"
)

type searchCommand struct {
	taskCommand

	Way       string `placeholder:"NAME" help:"Way to search, as values of its fields over those of the preset: ${ways}."`
	ThenTrain string `placeholder:"PRESET" help:"When the search has ended, train its cell on the same images, in the folder train within its own: tiny, small, medium or full, as hlrs train has them."`
}

// Run takes the search to its end, and then the training if one is to follow, or until ctx is done.
func (c *searchCommand) Run(ctx context.Context, k *kong.Context) (err error) {
	if c.Way != "" && c.Resume != "" {
		if r, err := runfolder.Record(c.Resume); err == nil {
			if there, err := r.InForce().Goes(c.Way); err != nil || !there.Equal(r.InForce()) {
				return fmt.Errorf("--way %s: the run in %s keeps the way it goes; leave the flag out, or start a new run with --out", c.Way, c.Resume)
			}
		}
	}
	if c.ThenTrain == "" {
		return c.taskCommand.Run(ctx, k)
	}
	c.then = []string{"--then-train", c.ThenTrain}
	if c.asked, err = c.asks(k); err != nil {
		return err
	}
	if err := c.foresee(); err != nil {
		return fmt.Errorf("--then-train %s: %w", c.ThenTrain, err)
	}
	dir, record, err := c.take(ctx)
	if err != nil {
		return err
	}
	return c.train(ctx, dir, record)
}

// foresee reports what will keep the training from beginning, before the search takes its time.
func (c *searchCommand) foresee() error {
	searched := c.Config
	if c.Resume != "" {
		r, err := runfolder.Record(c.Resume)
		if err != nil || r.Config.Task != c.Task {
			return nil // going on with the search says so
		}
		searched = r.InForce()
	} else if searched.Validate() != nil {
		return nil // likewise
	}
	config, err := c.training(origin{config: &searched})
	if err != nil {
		return err
	}
	if err := config.Validate(); err != nil {
		return err
	}
	if c.Resume == "" && c.Out != "" && (c.Force || !runfolder.Holds(c.Out)) {
		if err := runfolder.Free(c.trained(c.Out), c.Force); err != nil {
			return taken(err, "")
		}
	}
	if config.Dataset == "own" {
		return nil // only the images tell how many classes there are
	}
	_, err = c.fits(config, 10, imageBytes(config))
	return err
}

// training is the configuration that trains what a search has found.
func (c *searchCommand) training(found origin) (run.Config, error) {
	config, err := run.TrainingPreset(c.ThenTrain)
	if err != nil {
		return config, err
	}
	if config.Network != run.CellNetwork {
		return config, fmt.Errorf("it trains %s, and no cell that was found: choose another preset", config.Network)
	}
	found.images(&config)
	if found.genotype != "" {
		config.Genotype = found.genotype
	}
	return config, nil
}

func (c *searchCommand) trained(dir string) string { return filepath.Join(dir, "train") }

// train trains what a search has found, or goes on with that.
func (c *searchCommand) train(ctx context.Context, searched string, record run.Record) error {
	found, err := ofRun(searched, record, 0)
	if err != nil {
		return err
	}
	t := taskCommand{Source: c.Source, Machine: c.Machine, JSON: c.JSON, images: c.images, onward: c.again(searched)}
	if t.Config, err = c.training(*found); err != nil {
		return err
	}
	dir := c.trained(searched)
	switch has, err := runfolder.Record(dir); {
	case errors.Is(err, os.ErrNotExist):
		t.Out = dir
	case err != nil && !c.Force:
		return fmt.Errorf("%w; write over it with --force", err)
	case err == nil && differs(has.Config, t.Config) == "":
		t.Resume = dir
	case c.Force:
		t.Out, t.Force = dir, true
	default:
		return fmt.Errorf("%s holds another run than this search's training by the preset %s (%s): go on with it by hlrs %s --resume %s, or write over it with --force",
			dir, c.ThenTrain, differs(has.Config, t.Config), has.Config.Task, dir)
	}
	fmt.Fprintf(os.Stderr, "training the cell in %s\n", dir)
	_, _, err = t.take(ctx)
	return err
}

// differs says in which field a configuration is not the one wanted; it is empty where there is none.
func differs(has, want run.Config) string {
	if f, differ := has.Differs(want); differ {
		return fmt.Sprintf("%s is %s, not %s", f.Name, f.Value(has), f.Value(want))
	}
	return ""
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"hlrslab/core/data"
	"hlrslab/core/folder"
	"hlrslab/core/run"
	"hlrslab/core/search"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/runfolder"
)

type searchCommand struct {
	Source
	Experiment
	Machine

	Out    string `type:"path" placeholder:"DIR" help:"Run folder to write; by default runs/ and the time."`
	Resume string `type:"path" placeholder:"RUN" help:"Go on with the run in this folder, or with a run file of the page, into --out; its own configuration holds."`
	Force  bool   `help:"Write over a run that is in the folder already."`
	JSON   bool   `help:"End with one line of JSON."`

	asked []asked
	cost  run.Cost
}

// Run runs the search to its end, or until ctx is done.
func (c *searchCommand) Run(ctx context.Context, k *kong.Context) (err error) {
	if c.asked, err = c.asks(k); err != nil {
		return err
	}
	began := time.Now()
	f, err := c.prepare(ctx)
	if errors.Is(err, disk.ErrLocked) {
		err = fmt.Errorf("%w: wait until it ends, or name another --out", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := c.train(ctx, f); err != nil {
		return err
	}
	if !f.Run.Done() {
		return fmt.Errorf("stopped and saved; go on with: %s", c.again(f.Dir))
	}
	return c.summary(f, time.Since(began))
}

// train takes the run's steps, if there are any left, and shows how it goes.
func (c *searchCommand) train(ctx context.Context, f *runfolder.Folder) error {
	var progress func([]run.Event, time.Duration)
	if !f.Run.Done() {
		show := newDisplay(f.Run, c.cost, &c.device)
		defer show.end()
		progress = show.took
	}
	return f.Go(ctx, thisSession(c.Threads), progress)
}

// again is the command that goes on with the run in dir.
func (c *searchCommand) again(dir string) string {
	return c.command("--resume", dir, "--threads", fmt.Sprint(c.Threads))
}

// command is hlrs search with the words and what else was given that is not of the configuration.
func (c *searchCommand) command(words ...string) string {
	words = append([]string{os.Args[0], "search"}, words...)
	if c.Data != "" {
		words = append(words, "--data", c.Data)
	}
	if c.JSON {
		words = append(words, "--json")
	}
	for i, w := range words {
		if strings.ContainsFunc(w, func(r rune) bool { return strings.ContainsRune(" \t'\"\\$&;|<>()*?`!#", r) }) {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// prepare makes the run to take, a new one or the resumed one, in the folder it goes to.
func (c *searchCommand) prepare(ctx context.Context) (*runfolder.Folder, error) {
	if c.Resume == "" {
		if err := errors.Join(c.Config.Validate(), c.useful()); err != nil {
			return nil, err
		}
		return c.start(func() (*run.Run, error) {
			d, err := c.dataset(ctx, c.Config)
			if err != nil {
				return nil, err
			}
			return search.New(c.Config, d, &c.device)
		})
	}
	restore := func(record run.Record, snapshot io.Reader) (*run.Run, error) {
		if err := c.unchanged(record); err != nil {
			return nil, err
		}
		d, err := c.dataset(ctx, record.Config)
		if err != nil {
			return nil, err
		}
		return search.Restore(snapshot, d, &c.device)
	}
	info, err := os.Stat(c.Resume)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: --resume names a run folder, or a run file of the page", err)
	case !info.IsDir():
		return c.start(func() (*run.Run, error) { return runfolder.Restore(c.Resume, restore) })
	case c.Out != "" && c.Out != c.Resume:
		return nil, fmt.Errorf("--out %s: the run in %s goes on where it is; leave --out out, or resume %s for a copy in another folder",
			c.Out, c.Resume, filepath.Join(c.Resume, folder.Snapshot))
	}
	f, err := runfolder.Resume(disk.Disk{}, c.Resume, restore)
	if errors.Is(err, runfolder.ErrNone) {
		config := filepath.Join(c.Resume, folder.Config)
		if _, err := os.Stat(config); err == nil {
			return nil, fmt.Errorf("%s has a configuration, but no %s to go on from; begin its run anew with: %s",
				c.Resume, folder.Snapshot, c.command("--config", config, "--out", c.Resume, "--force"))
		}
		err = fmt.Errorf("%w; --resume names a run folder, or a run file of the page", err)
	}
	return f, err
}

// start has a run begin in a folder that has none, or whose run may go.
func (c *searchCommand) start(create func() (*run.Run, error)) (*runfolder.Folder, error) {
	dir := c.Out
	if dir == "" {
		dir = filepath.Join("runs", time.Now().Format("2006-01-02-150405"))
	}
	f, err := runfolder.New(disk.Disk{}, dir, c.Force, create)
	if errors.Is(err, runfolder.ErrTaken) {
		err = fmt.Errorf("%w: name another --out, go on with it by --resume %s, or write over it with --force", err, dir)
	}
	return f, err
}

// dataset reads the images, once it is known that the search fits this machine.
func (c *searchCommand) dataset(ctx context.Context, config run.Config) (d *data.Dataset, err error) {
	if config.Dataset == "own" { // only the images tell how many classes there are
		if d, err = c.own(); err != nil {
			return nil, err
		}
		c.cost, err = c.fits(config, len(d.Classes), int64(d.Train.Len()+d.Test.Len())*3*int64(d.Train.Size*d.Train.Size))
		return d, err
	}
	images := 6_000
	if config.Dataset == "cifar10" {
		images = 60_000
	}
	if c.cost, err = c.fits(config, 10, int64(images*3*32*32)); err != nil {
		return nil, err
	}
	if config.Dataset == "toy" {
		return data.Toy(1), nil
	}
	if d, err = c.open(ctx, bar()); err != nil && c.Data == "" && ctx.Err() == nil {
		err = fmt.Errorf("%w; without CIFAR-10, search on the built-in toy set with --dataset toy", err)
	}
	return d, err
}

// summary says what came out.
func (c *searchCommand) summary(f *runfolder.Folder, took time.Duration) error {
	p := f.Run.Record().Last().Report
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(map[string]any{
			"accuracy": p.Accuracy, "head": p.Head, "medium": p.Medium, "tail": p.Tail, "entropy": p.Entropy,
			"counts": p.Counts, "genotype": p.Genotype.String(), "params": f.Run.Facts().Params, "seconds": took.Seconds(), "out": f.Dir,
		})
	}
	fmt.Printf("balanced accuracy %.1f %% (head %.1f, medium %.1f, tail %.1f), %s, in %s\n%s\n",
		100*p.Accuracy, 100*p.Head, 100*p.Medium, 100*p.Tail, f.Dir, took.Round(time.Second/10), p.Genotype)
	return nil
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/alecthomas/kong"

	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/core/search"
	"hlrslab/tools/internal/disk"
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
	disk  disk.Disk
}

// Run runs the search to its end, or until ctx is done.
func (c *searchCommand) Run(ctx context.Context, k *kong.Context) (err error) {
	if c.asked, err = c.asks(k); err != nil {
		return err
	}
	return c.run(ctx)
}

func (c *searchCommand) run(ctx context.Context) (err error) {
	began := time.Now()
	r, f, err := c.prepare(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	defer func() { err = errors.Join(err, f.close()) }()
	if !r.Done() {
		if err := c.train(ctx, r, f); err != nil {
			return err
		}
	}
	if err := f.end(r); err != nil {
		return err
	}
	if !r.Done() {
		return fmt.Errorf("stopped and saved; go on with: %s", c.again(f.dir))
	}
	events := r.Record().Events
	return c.summary(r, f.dir, events[len(events)-1], time.Since(began))
}

// train takes the run's steps, and saves each epoch.
func (c *searchCommand) train(ctx context.Context, r *run.Run, f *folder) error {
	if err := f.begin(r, thisSession(c.Threads)); err != nil {
		return err
	}
	show := newDisplay(r, c.cost, &c.device)
	defer show.end()
	epoch := time.Now()
	for !r.Done() && ctx.Err() == nil {
		began := time.Now()
		events, err := r.Step()
		show.took(events, time.Since(began))
		for _, e := range events {
			since := began
			if e.Kind == run.EpochDone {
				since, epoch = epoch, time.Now()
			}
			if werr := f.event(e, time.Since(since)); werr != nil {
				return werr
			}
			if e.Kind == run.EpochDone {
				if werr := f.epoch(r, e); werr != nil {
					return werr
				}
			}
		}
		if err != nil && r.Failed == "" { // an image could not be read, and the run stands where it stood
			return errors.Join(fmt.Errorf("%w; go on with: %s", err, c.again(f.dir)), f.end(r))
		}
		if err != nil {
			return errors.Join(fmt.Errorf("%w; the last whole epoch is in %s", err, f.dir), f.derive(r))
		}
	}
	return nil
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

// prepare makes the run to take, a new one or the resumed one, and the folder it goes to.
func (c *searchCommand) prepare(ctx context.Context) (*run.Run, *folder, error) {
	if c.Resume == "" {
		if err := c.Config.Validate(); err != nil {
			return nil, nil, err
		}
		return c.start(func() (*run.Run, error) {
			d, err := c.dataset(ctx, c.Config)
			if err != nil {
				return nil, err
			}
			return search.New(c.Config, d, &c.device)
		})
	}
	info, err := os.Stat(c.Resume)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("%w: --resume names a run folder, or a run file of the page", err)
	case !info.IsDir():
		return c.start(func() (*run.Run, error) { return c.restore(ctx, c.Resume) })
	case c.Out != "" && c.Out != c.Resume:
		return nil, nil, fmt.Errorf("--out %s: the run in %s goes on where it is; leave --out out, or resume %s for a copy in another folder",
			c.Out, c.Resume, filepath.Join(c.Resume, snapshotName))
	}
	snapshot, config := filepath.Join(c.Resume, snapshotName), filepath.Join(c.Resume, configName)
	if _, err := os.Stat(snapshot); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(config); err == nil {
			return nil, nil, fmt.Errorf("%s has a configuration, but no %s to go on from; begin its run anew with: %s",
				c.Resume, snapshotName, c.command("--config", config, "--out", c.Resume, "--force"))
		}
		return nil, nil, fmt.Errorf("%s holds no run to go on with, for it has no %s; --resume names a run folder, or a run file of the page", c.Resume, snapshotName)
	}
	f, err := openFolder(c.disk, c.Resume, nil)
	if err != nil {
		return nil, nil, err
	}
	r, err := c.restore(ctx, snapshot)
	if err != nil {
		return nil, nil, errors.Join(err, f.close())
	}
	return r, f, nil
}

// start makes a run in a folder that has none, or whose run may go.
func (c *searchCommand) start(make func() (*run.Run, error)) (*run.Run, *folder, error) {
	dir := c.Out
	if dir == "" {
		dir = filepath.Join("runs", time.Now().Format("2006-01-02-150405"))
	}
	if err := c.free(dir); err != nil { // before images are fetched for nothing
		return nil, nil, err
	}
	r, err := make()
	if err != nil {
		return nil, nil, err
	}
	f, err := openFolder(c.disk, dir, c.free) // now that no other process comes between
	if err != nil {
		r.Close()
		return nil, nil, err
	}
	return r, f, nil
}

// free says whether a new run may go into dir.
func (c *searchCommand) free(dir string) error {
	for _, name := range []string{snapshotName, configName} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil && !c.Force {
			return fmt.Errorf("%s already holds a run: name another --out, go on with it by --resume %s, or write over it with --force", dir, dir)
		}
	}
	return nil
}

// restore reads the run to go on with, if it is what was asked for.
func (c *searchCommand) restore(ctx context.Context, path string) (*run.Run, error) {
	record, err := readRecord(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %s holds no run to go on with", err, c.Resume)
	}
	if err := c.unchanged(record); err != nil {
		return nil, err
	}
	d, err := c.dataset(ctx, record.Config)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return search.Restore(f, d, &c.device)
}

var toy = sync.OnceValue(func() *data.Dataset { return data.Toy(1) })

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
		return toy(), nil
	}
	if d, err = c.open(ctx, bar()); err != nil && c.Data == "" && ctx.Err() == nil {
		err = fmt.Errorf("%w; without CIFAR-10, search on the built-in toy set with --dataset toy", err)
	}
	return d, err
}

// summary says what came out.
func (c *searchCommand) summary(r *run.Run, dir string, e run.Event, took time.Duration) error {
	p := e.Report
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(map[string]any{
			"accuracy": p.Accuracy, "head": p.Head, "medium": p.Medium, "tail": p.Tail, "entropy": p.Entropy,
			"counts": p.Counts, "genotype": p.Genotype.String(), "params": r.Facts().Params, "seconds": took.Seconds(), "out": dir,
		})
	}
	fmt.Printf("balanced accuracy %.1f %% (head %.1f, medium %.1f, tail %.1f), %s, in %s\n%s\n",
		100*p.Accuracy, 100*p.Head, 100*p.Medium, 100*p.Tail, dir, took.Round(time.Second/10), p.Genotype)
	return nil
}

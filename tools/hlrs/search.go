package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"hlrslab/core/data"
	"hlrslab/core/search"
)

type searchCommand struct {
	Source
	search.Config `embed:""`

	Preset  string `enum:",tiny,small,full" default:"" help:"Start from tiny (seconds), small (a minute or two) or full (the base of the paper)."`
	File    string `name:"config" type:"existingfile" placeholder:"FILE" help:"Configuration to start from, as a run folder's config.json."`
	Out     string `type:"path" placeholder:"DIR" help:"Run folder to write; by default runs/ and the time."`
	Resume  string `type:"path" placeholder:"RUN" help:"Go on with the run in this folder, or with a run file of the page, into --out; its own configuration holds."`
	Threads int    `default:"0" help:"Threads; 0 is one for each core. The numbers do not depend on it."`
	Force   bool   `help:"Write over a run that is in the folder already."`
	JSON    bool   `help:"End with one line of JSON."`
}

// Run runs the search to its end, or until ctx is done.
func (c *searchCommand) Run(ctx context.Context) (err error) {
	if c.Threads <= 0 {
		c.Threads = runtime.NumCPU()
	}
	began := time.Now()
	r, dir, err := c.prepare(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := openFolder(dir, r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := f.snapshot(r); err != nil { // so that a run that is killed in its first epoch can be resumed, too
		return err
	}
	show := newDisplay(r)
	for !r.Done() && ctx.Err() == nil {
		events, err := r.Step()
		for _, e := range events {
			show.event(e)
			if werr := f.event(e); werr != nil {
				return werr
			}
			if e.Kind == "epoch" {
				if werr := f.epoch(r, e); werr != nil {
					return werr
				}
			}
		}
		if err != nil {
			return fmt.Errorf("%w; the last whole epoch is in %s", err, dir)
		}
	}
	show.end()
	if err := f.snapshot(r); err != nil {
		return err
	}
	if r.Epoch > 0 {
		if err := f.figures(r.Record()); err != nil {
			return err
		}
	}
	if !r.Done() {
		return fmt.Errorf("stopped and saved; go on with: %s", c.again(dir))
	}
	events := r.Record().Events
	return c.summary(r, dir, events[len(events)-1], time.Since(began))
}

// again is the command that goes on with the run in dir.
func (c *searchCommand) again(dir string) string {
	words := []string{"hlrs", "search", "--resume", dir, "--threads", fmt.Sprint(c.Threads)}
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

// unchanged reports the first flag that asks for another configuration than the run has.
func (c *searchCommand) unchanged(run search.Config) error {
	for _, f := range search.Fields() {
		if v := f.Value(c.Config); v != f.Value(search.Default()) && v != f.Value(run) {
			return fmt.Errorf("--%s %s: the run in %s has %s and keeps it; leave the flag out, or start a new run with --out", f.Name, v, c.Resume, f.Value(run))
		}
	}
	return nil
}

// prepare makes the run to take: a new one, or the resumed one.
func (c *searchCommand) prepare(ctx context.Context) (*search.Run, string, error) {
	if c.Resume != "" {
		path, dir := filepath.Join(c.Resume, "last.safetensors"), c.Resume
		if info, err := os.Stat(c.Resume); err == nil && !info.IsDir() { // a run as the page exports it
			path, dir = c.Resume, c.out()
			if err := c.free(dir); err != nil {
				return nil, "", err
			}
		}
		record, err := readRecord(path)
		if err != nil {
			return nil, "", fmt.Errorf("%w: %s holds no run to go on with", err, c.Resume)
		}
		if err := c.unchanged(record.Config); err != nil {
			return nil, "", err
		}
		d, err := c.dataset(ctx, record.Config)
		if err != nil {
			return nil, "", err
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, "", err
		}
		defer f.Close()
		r, err := search.Restore(f, d, c.Threads)
		return r, dir, err
	}
	if err := c.Config.Validate(); err != nil {
		return nil, "", err
	}
	dir := c.out()
	if err := c.free(dir); err != nil {
		return nil, "", err
	}
	d, err := c.dataset(ctx, c.Config)
	if err != nil {
		return nil, "", err
	}
	r, err := search.New(c.Config, d, c.Threads)
	return r, dir, err
}

// out is the folder of a new run.
func (c *searchCommand) out() string {
	if c.Out != "" {
		return c.Out
	}
	return filepath.Join("runs", time.Now().Format("2006-01-02-150405"))
}

// free says whether a new run may go into dir.
func (c *searchCommand) free(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "config.json")); err == nil && !c.Force {
		return fmt.Errorf("%s already holds a run: name another --out, go on with it by --resume %s, or write over it with --force", dir, dir)
	}
	return nil
}

func (c *searchCommand) dataset(ctx context.Context, config search.Config) (*data.Dataset, error) {
	switch config.Dataset {
	case "toy":
		return data.Toy(1), nil
	case "own":
		return c.own()
	}
	return c.open(ctx, bar())
}

// summary says what came out.
func (c *searchCommand) summary(r *search.Run, dir string, e search.Event, took time.Duration) error {
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

// display is the bar on a terminal, and a line an epoch otherwise.
type display struct {
	bar  *progressbar.ProgressBar
	tell bool
}

func newDisplay(r *search.Run) *display {
	steps := r.Facts().Steps * r.Config().Epochs
	if info, err := os.Stderr.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &display{tell: true}
	}
	d := &display{bar: progressbar.NewOptions(steps, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionSetItsString("steps"), progressbar.OptionSetPredictTime(true))}
	_ = d.bar.Set(r.Epoch*r.Facts().Steps + r.At) // a bar that cannot be drawn stops nothing
	return d
}

func (d *display) event(e search.Event) {
	switch {
	case e.Kind == "step" && d.bar != nil:
		_ = d.bar.Set(e.Epoch*e.Steps + e.Step + 1)
	case e.Kind == "epoch":
		line := fmt.Sprintf("epoch %d: loss %.3f, architecture %.3f, rate %.2g, mix %.2f, accuracy %.1f %% (head %.1f, medium %.1f, tail %.1f)",
			e.Epoch+1, e.Loss, e.ArchLoss, e.ArchRate, e.Mix, 100*e.Report.Accuracy, 100*e.Report.Head, 100*e.Report.Medium, 100*e.Report.Tail)
		if d.tell {
			fmt.Fprintln(os.Stderr, line)
		} else {
			d.bar.Describe(fmt.Sprintf("epoch %d, %.1f %%", e.Epoch+1, 100*e.Report.Accuracy))
		}
	}
}

func (d *display) end() {
	if d.bar != nil {
		fmt.Fprintln(os.Stderr)
	}
}

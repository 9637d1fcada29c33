package main

import (
	"cmp"
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
	"hlrslab/core/task"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/runfolder"
)

// kind is a task as the command line has it.
type kind struct {
	task   run.TaskName // which is also the command's name
	one    string       // run of it
	preset func(name string) (run.Config, error)
	starts string // the presets, in a sentence
}

var kinds = []kind{
	{run.Search, "a search", run.Preset, "Start from tiny (seconds, on toy images), small (a minute or two) or full (the base of the paper; the default)."},
	{run.Train, "a training", run.TrainingPreset, "Start from tiny (seconds, on toy images), small (half a minute), medium (an hour on two cores), full (as DARTS trains; the default) or ldam (ResNet-32 by the recipe of LDAM's authors, with any loss)."},
}

// kindOf is that of a task, or of another command, of which only bench asks.
func kindOf(name run.TaskName) kind {
	for _, k := range kinds {
		if k.task == name {
			return k
		}
	}
	return kinds[0]
}

// taskCommand takes a run of its task to its end: the body of hlrs search and of hlrs train.
type taskCommand struct {
	Source
	Experiment
	Machine

	Out    string `type:"path" placeholder:"DIR" help:"Run folder to write, a new or an empty one; by default runs/ and the time."`
	Resume string `type:"path" placeholder:"RUN" help:"Go on with the run in this folder, or with a run file of the page, into --out; its own configuration holds."`
	Force  bool   `help:"Write over the run that is in --out already. A folder of anything else is refused all the same."`
	JSON   bool   `help:"End with one line of JSON."`

	asked  []asked
	cost   run.Cost
	images *data.Dataset // once they are read
	then   []string      // words of the command that goes on, behind the others
	onward string        // that command, where it is not the task's own
}

// Run takes the run to its end, or until ctx is done.
func (c *taskCommand) Run(ctx context.Context, k *kong.Context) (err error) {
	if c.asked, err = c.asks(k); err != nil {
		return err
	}
	_, _, err = c.take(ctx)
	return err
}

// take is Run, and returns the folder and what was seen.
func (c *taskCommand) take(ctx context.Context) (dir string, r run.Record, err error) {
	began := time.Now()
	f, err := c.prepare(ctx)
	if err != nil {
		return "", r, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := c.steps(ctx, f); err != nil {
		return f.Dir, r, c.after(err, f)
	}
	if !f.Run.Done() {
		return f.Dir, r, fmt.Errorf("stopped and saved; go on with: %s", cmp.Or(c.onward, c.again(f.Dir)))
	}
	r = f.Run.Record()
	return f.Dir, r, c.summary(os.Stdout, r, f.Dir, time.Since(began))
}

// steps takes the run's steps, if there are any left, and shows how it goes.
func (c *taskCommand) steps(ctx context.Context, f *runfolder.Folder) error {
	var progress func([]run.Event, time.Duration)
	if f.Run.Done() {
		fmt.Fprintf(os.Stderr, "%s has come to its end already: its files are written again\n", f.Dir)
	} else {
		show := newDisplay(f.Run, c.cost, &c.Machine)
		defer show.end()
		progress = show.took
	}
	return f.Go(ctx, c.session(c.Threads), progress)
}

// after says of a run that could not go on what is left of it, and what to do.
func (c *taskCommand) after(err error, f *runfolder.Folder) error {
	config := f.Run.Config()
	left, do := "no epoch of it had ended", ""
	switch {
	case f.Run.Failed != "":
		do = "begin it anew, as by: " + c.command("--config", filepath.Join(f.Dir, folder.Config), "--rate", fmt.Sprint(max(config.Rate/2, config.RateMin)))
	case !errors.Is(err, disk.ErrFull):
		return err
	case runfolder.Holds(f.Dir):
		do = "make room, then go on with: " + cmp.Or(c.onward, c.again(f.Dir))
	default:
		do = "make room, then begin it again"
	}
	if saved, err := runfolder.Record(f.Dir); err == nil && saved.Last() != nil {
		left = fmt.Sprintf("%s has the run as it was after epoch %d", f.Dir, saved.Last().Epoch+1)
	}
	return fmt.Errorf("%w; %s; %s", err, left, do)
}

// again is the command that goes on with the run in dir.
func (c *taskCommand) again(dir string) string {
	args := []string{"--resume", dir}
	if c.Threads != threads() {
		args = append(args, "--threads", fmt.Sprint(c.Threads))
	}
	return c.command(args...)
}

// command is the task's, with the words and what else was given that is not of the configuration.
func (c *taskCommand) command(words ...string) string {
	words = append(append([]string{os.Args[0], string(c.Task)}, words...), c.then...)
	if c.Data != "" {
		words = append(words, "--data", c.Data)
	}
	if c.gpu != nil {
		words = append(words, "--device", c.Device)
	}
	if c.JSON {
		words = append(words, "--json")
	}
	return typed(words)
}

// typed are the words of a command as a person types them.
func typed(words []string) string {
	for i, w := range words {
		if strings.ContainsFunc(w, func(r rune) bool { return strings.ContainsRune(" \t'\"\\$&;|<>()*?`!#", r) }) {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// prepare makes the run to take, a new one or the resumed one, in the folder it goes to.
func (c *taskCommand) prepare(ctx context.Context) (*runfolder.Folder, error) {
	if c.Resume == "" {
		if err := errors.Join(c.Config.Validate(), c.useful()); err != nil {
			return nil, err
		}
		return c.start(func() (*run.Run, error) {
			d, err := c.dataset(ctx, c.Config)
			if err != nil {
				return nil, err
			}
			return task.New(c.Config, d, c.device(c.Threads))
		})
	}
	restore := func(record run.Record, snapshot io.Reader) (*run.Run, error) {
		if err := c.ours(record); err != nil {
			return nil, err
		}
		if err := c.unchanged(record); err != nil {
			return nil, err
		}
		d, err := c.dataset(ctx, record.Config)
		if err != nil {
			return nil, err
		}
		c.elsewhere(record)
		return task.Restore(snapshot, d, c.device(c.Threads))
	}
	info, err := os.Stat(c.Resume)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: --resume names a run folder, or a run file of the page", err)
	case !info.IsDir():
		return c.start(func() (*run.Run, error) { return runfolder.Restore(c.Resume, restore) })
	case c.Force && len(c.then) == 0:
		return nil, fmt.Errorf("--force: the run in %s goes on, and nothing is written over; leave the flag out", c.Resume)
	case c.Out != "" && c.Out != c.Resume:
		return nil, fmt.Errorf("--out %s: the run in %s goes on where it is; leave --out out, or resume %s for a copy in another folder",
			c.Out, c.Resume, filepath.Join(c.Resume, folder.Snapshot))
	}
	f, err := runfolder.Resume(disk.Disk{}, c.Resume, restore)
	switch {
	case errors.Is(err, disk.ErrLocked):
		err = fmt.Errorf("%w: wait until it ends", err)
	case errors.Is(err, runfolder.ErrNone) || errors.Is(err, runfolder.ErrUnread):
		err = c.lost(err)
	}
	return f, err
}

// elsewhere tells who goes on with a run that another device than this one has computed last.
func (c *taskCommand) elsewhere(r run.Record) {
	on, now := r.On(), c.device(c.Threads).Name()
	if len(on) == 0 || on[len(on)-1] == now {
		return
	}
	stay := ""
	if c.gpu == nil {
		stay = "; --device gpu goes on with a GPU"
	}
	fmt.Fprintf(os.Stderr, "device: %s so far, %s from here on%s\n", on[len(on)-1], now, stay)
}

// lost says of a folder whose run cannot be gone on with how to begin it anew.
func (c *taskCommand) lost(err error) error {
	config := filepath.Join(c.Resume, folder.Config)
	begun, missing := read(kindOf(c.Task), "", config, nil)
	switch {
	case begun.Task != c.Task:
		return c.ours(run.Record{Config: begun})
	case missing != nil:
		return fmt.Errorf("%w; --resume names a run folder, or a run file of the page", err)
	}
	return fmt.Errorf("%w; its settings are there: begin it anew with: %s", err, c.command("--config", config, "--out", c.Resume, "--force"))
}

// ours refuses a run of another task.
func (c *taskCommand) ours(r run.Record) error {
	if r.Config.Task == c.Task {
		return nil
	}
	has := kindOf(r.Config.Task)
	other := fmt.Sprintf("%s holds %s, not %s; go on with it by hlrs %s --resume %s", c.Resume, has.one, kindOf(c.Task).one, has.task, c.Resume)
	if c.Task == run.Train {
		other += fmt.Sprintf(", or train the cell that it found with hlrs train --genotype %s", c.Resume)
	}
	return errors.New(other)
}

// start has a run begin in a folder that has none, or whose run may go.
func (c *taskCommand) start(create func() (*run.Run, error)) (*runfolder.Folder, error) {
	dir := c.Out
	if dir == "" {
		dir = filepath.Join("runs", time.Now().Format("2006-01-02-150405"))
	}
	f, err := runfolder.New(disk.Disk{}, dir, c.Force, create)
	return f, taken(err, fmt.Sprintf("go on with it by --resume %s, ", dir))
}

// taken says of a folder that a new run may not have what to do.
func taken(err error, resume string) error {
	switch {
	case errors.Is(err, disk.ErrLocked):
		return fmt.Errorf("%w: wait until it ends, or name another --out", err)
	case errors.Is(err, runfolder.ErrForeign):
		return fmt.Errorf("%w: name a new or an empty folder with --out", err)
	case errors.Is(err, runfolder.ErrTaken):
		return fmt.Errorf("%w: name another --out, %sor write over it with --force", err, resume)
	}
	return err
}

// dataset reads the images, once it is known that the run fits this machine.
func (c *taskCommand) dataset(ctx context.Context, config run.Config) (d *data.Dataset, err error) {
	if config.Dataset == "own" { // only the images tell how many classes there are
		if c.images == nil {
			if c.images, err = c.own(); err != nil {
				return nil, err
			}
		}
		d = c.images
		c.cost, err = c.fits(config, len(d.Classes), int64(d.Train.Len()+d.Test.Len())*3*int64(d.Train.Size*d.Train.Size))
		return d, err
	}
	if c.cost, err = c.fits(config, 10, imageBytes(config)); err != nil || c.images != nil {
		return c.images, err
	}
	if config.Dataset == "toy" {
		if c.Data != "" {
			return nil, fmt.Errorf("--data %s: it would change nothing, because dataset is toy, whose images are built in; leave the flag out, or take another dataset", c.Data)
		}
		c.images = data.Toy(1)
		return c.images, nil
	}
	if c.images, err = c.open(ctx, bar()); err != nil && c.Data == "" && ctx.Err() == nil {
		fewer := ""
		if config.NMax > data.ToyTrain { // which has no more of a class
			fewer = fmt.Sprintf(" --n-max %d", data.ToyTrain)
		}
		err = fmt.Errorf("%w; without CIFAR-10, take the built-in toy set with --dataset toy%s", err, fewer)
	}
	return c.images, err
}

// imageBytes is what the images of a set of ten classes take.
func imageBytes(c run.Config) int64 {
	images := 60_000
	if c.Dataset == "toy" {
		images = 6_000
	}
	return int64(images * 3 * 32 * 32)
}

// summary says what came out.
func (c *taskCommand) summary(w io.Writer, r run.Record, dir string, took time.Duration) error {
	e, config := r.Last(), r.InForce()
	p := e.Report
	if c.JSON {
		line := map[string]any{
			"accuracy": p.Accuracy, "head": p.Head, "medium": p.Medium, "tail": p.Tail, "params": r.Facts.Params, "seconds": took.Seconds(), "out": dir, "devices": r.On(),
		}
		if config.Task == run.Search {
			line["entropy"] = p.Entropy
		} else {
			line["network"], line["test-loss"], line["calibration"] = config.Network, p.TestLoss, p.Calibration
		}
		if len(p.Genotype.Normal) > 0 {
			line["genotype"], line["counts"] = p.Genotype.String(), p.Counts
		}
		if config.Tau > 0 && config.Task == run.Train {
			line["tau-normalised"] = p.TauNormalised
		}
		if p.Energy > 0 {
			line["energy"] = p.Energy
		}
		if e.Ended != "" {
			line["ended"], line["epochs"] = e.Ended, e.Epoch+1
		}
		return json.NewEncoder(w).Encode(line)
	}
	if e.Ended != "" {
		fmt.Fprintf(w, "ended after %s of %d: %s\n", count(e.Epoch+1, "epoch"), config.Epochs, e.Ended)
	}
	_, err := fmt.Fprintf(w, "balanced accuracy %s%s, %s, in %s\n", groups(p), tested(config, p), dir, took.Round(time.Second/10))
	if len(p.Genotype.Normal) > 0 && err == nil {
		_, err = fmt.Fprintln(w, p.Genotype)
	}
	return err
}

// groups are a report's accuracies.
func groups(p *run.Report) string {
	return fmt.Sprintf("%.1f %% (head %.1f, medium %.1f, tail %.1f)", 100*p.Accuracy, 100*p.Head, 100*p.Medium, 100*p.Tail)
}

// tested is what a report of a training has beside its accuracies.
func tested(c run.Config, p *run.Report) (s string) {
	if c.Task != run.Train {
		return ""
	}
	if c.Tau > 0 {
		s = fmt.Sprintf(", τ-normalised %.1f %%", 100*p.TauNormalised)
	}
	return s + fmt.Sprintf(", test loss %.3f, calibration error %.1f %%", p.TestLoss, 100*p.Calibration)
}

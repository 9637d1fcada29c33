package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/alecthomas/kong"

	"hlrslab/tools/internal/cluster"
	"hlrslab/tools/internal/studyfolder"
)

type studySubmit struct {
	studyPlace

	Slurm      bool `xor:"cluster" help:"Write and submit an array of Slurm's: a task for each job that is not done, and when all have ended, one that says what the study came to. A task that is told to end saves its job and is requeued."`
	Kubernetes bool `xor:"cluster" help:"Instead of --slurm: print an Indexed Job, as for kubectl apply -f -."`
	DryRun     bool `help:"Print what would be submitted, and write nothing."`

	Throttle int     `default:"0" help:"Jobs at once; 0 is no limit but the cluster's."`
	CPUs     int     `name:"cpus" default:"1" help:"Cores of a job, from 1 to 256."`
	Memory   float64 `default:"0" aliases:"mem" help:"Memory of a job, GB; 0 leaves it to the cluster."`
	Device   string  `default:"cpu" enum:"cpu,gpu" help:"What computes: cpu, or gpu, of which each job then has one (Slurm's --gres=gpu:1, Kubernetes' nvidia.com/gpu)."`
	Retries  int     `default:"10" help:"How many times a job goes on whose time was over, or, with Kubernetes, that ended early."`
	Data     string  `placeholder:"PATH" help:"CIFAR-10, or a person's own images, where the jobs see them. By default HLRS_DATA there, or else CIFAR-10 is downloaded."`

	Time      string   `placeholder:"2:00:00" help:"Time limit of a job, as Slurm has it; before it ends, the job is saved, to go on in a time of its own."`
	Partition string   `placeholder:"NAME" help:"Partition of Slurm's."`
	Sbatch    []string `sep:"none" placeholder:"OPTION" help:"Another option of sbatch, such as --sbatch=--account=lab; as many as there are."`

	Image string `help:"Kubernetes: the container's image, which has hlrs on its PATH."`
	Claim string `placeholder:"NAME" help:"Kubernetes: the persistent volume claim with the study's folder; by default hlrs."`
}

// slurmTime is a time as sbatch reads it: minutes, or up to days-hours:minutes:seconds.
var slurmTime = regexp.MustCompile(`^(\d+(:\d\d?){0,2}|\d+-\d\d?(:\d\d?){0,2})$`)

// check refuses what no cluster takes, or this one has no use for.
func (c *studySubmit) check() error {
	for _, f := range []struct {
		wrong  bool
		format string
		value  any
	}{
		{!c.Slurm && !c.Kubernetes, "--slurm or --kubernetes%.0v: name one, the cluster that is to run the jobs", ""},
		{c.Throttle < 0, "--throttle %d: give 1 or more, or leave it out for no limit", c.Throttle},
		{c.CPUs < 1 || c.CPUs > most, "--cpus %d: give 1 to 256", c.CPUs},
		{c.Memory != 0 && !(c.Memory >= 0.001 && c.Memory <= 1e6), "--memory %v: give GB, from 0.001 to 1000000, or leave it out", c.Memory},
		{c.Retries < 0, "--retries %d: give 0 or more", c.Retries},
		{c.Time != "" && !slurmTime.MatchString(c.Time), "--time %s: give minutes, or hours:minutes:seconds, or days-hours", c.Time},
		{c.Kubernetes && c.Time != "", "--time %s: it is for --slurm; leave it out", c.Time},
		{c.Kubernetes && c.Partition != "", "--partition %s: it is for --slurm; leave it out", c.Partition},
		{c.Kubernetes && c.Sbatch != nil, "--sbatch %s: it is for --slurm; leave it out", c.Sbatch},
		{c.Slurm && c.Image != "", "--image %s: it is for --kubernetes; leave it out", c.Image},
		{c.Slurm && c.Claim != "", "--claim %s: it is for --kubernetes; leave it out", c.Claim},
		{c.Kubernetes && c.Image == "", "--image%.0v: name the image that the containers run, which has hlrs on its PATH", ""},
	} {
		if f.wrong {
			return fmt.Errorf(f.format, f.value)
		}
	}
	return nil
}

// Run freezes the study, and hands it to the cluster.
func (c *studySubmit) Run(ctx context.Context) error {
	if err := c.check(); err != nil {
		return err
	}
	f, frozen, err := c.read()
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(f.Dir)
	if err != nil {
		return err
	}
	a := cluster.Array{Name: f.Plan.Study.Name, Dir: dir, Throttle: c.Throttle, CPUs: c.CPUs, Memory: c.Memory, GPU: c.Device == "gpu", Retries: c.Retries, Data: c.Data}
	s := cluster.Slurm{Array: a, Time: c.Time, Partition: c.Partition, Options: c.Sbatch}
	if c.Slurm {
		if s.Program, err = os.Executable(); err != nil {
			return err
		}
		if s.Data != "" {
			if s.Data, err = filepath.Abs(s.Data); err != nil {
				return err
			}
		}
		if _, _, err := s.Scripts(); err != nil { // before anything is written
			return err
		}
	}
	if !frozen && !c.DryRun {
		if f, err = studyfolder.Freeze(f.Dir, f.Plan); err != nil {
			return err
		}
	}
	if c.Slurm {
		return c.slurm(ctx, f, s)
	}
	claim := c.Claim
	if claim == "" {
		claim = "hlrs"
	}
	return cluster.Kubernetes{Array: a, Total: len(f.Plan.Jobs), Image: c.Image, Claim: claim}.Manifest(os.Stdout)
}

// slurm submits what is left of the study.
func (c *studySubmit) slurm(ctx context.Context, f studyfolder.Folder, s cluster.Slurm) error {
	failed := 0
	for i := range f.Plan.Jobs {
		switch f.Look(i).State {
		case studyfolder.Failed:
			failed++
		case studyfolder.Waiting, studyfolder.Begun, studyfolder.Running:
			s.Jobs = append(s.Jobs, i)
		}
	}
	again := fmt.Sprintf("%s study status %s", os.Args[0], f.Dir)
	switch {
	case len(s.Jobs) == 0 && failed > 0:
		return fmt.Errorf("%s failed, and all others are done: %s says why", count(failed, "job"), again)
	case len(s.Jobs) == 0:
		fmt.Printf("all %d jobs are done: %s\n", len(f.Plan.Jobs), f.Dir)
		return nil
	case c.DryRun:
		array, report, err := s.Scripts()
		fmt.Print(array, "\n", report)
		return err
	}
	array, report, err := s.Submit(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%s submitted as %s, and the report as %s; %s says where they stand\n", count(len(s.Jobs), "job"), array, report, again)
	return nil
}

type studyJob struct {
	Source
	Machine

	Dir     string `arg:"" type:"existingdir" help:"Folder of the study."`
	Index   int    `arg:"" help:"Which job, counted from 0."`
	Requeue bool   `help:"As a task of an array of Slurm's: on USR2 or TERM save the job, and have Slurm begin this task again."`
	Retries int    `default:"10" help:"How often it may begin again for want of time (USR2); where it makes room for others (TERM), there is no limit."`
}

// Run takes one job as far as it goes.
func (c *studyJob) Run(ctx context.Context, k *kong.Context) error {
	f, err := studyfolder.Open(c.Dir)
	if _, reading := errors.AsType[*fs.PathError](err); err != nil && !reading {
		err = lasting{err}
	}
	if err != nil {
		return err
	}
	if c.Index < 0 || c.Index >= len(f.Plan.Jobs) {
		return lasting{fmt.Errorf("job %d: %s has the jobs 0 to %d", c.Index, c.Dir, len(f.Plan.Jobs)-1)}
	}
	warning := func() os.Signal { return nil }
	if c.Requeue {
		ctx, warning = warned(ctx)
	}
	r := &runner{Source: c.Source, Machine: c.Machine, folder: f, threads: c.Threads}
	show := newStudyDisplay(f)
	show.begin(0, 1, 0, "")
	done, err := r.do(ctx, c.Index, show)
	show.end()
	after := warning()
	switch {
	case err == nil && done:
		return nil
	case err != nil && f.Look(c.Index).State == studyfolder.Failed:
		return lasting{fmt.Errorf("job %d: %w", c.Index, err)}
	case err != nil && !errors.Is(err, context.Canceled):
		return fmt.Errorf("job %d: %w", c.Index, err)
	case after != nil:
		again, err := cluster.Requeued(after, c.Retries)
		if err == nil {
			fmt.Fprintf(os.Stderr, "job %d is saved where it stands; asking Slurm to go on with it\n", c.Index) // which ends who asks
			err = cluster.Requeue(again)
		}
		if err != nil {
			return fmt.Errorf("job %d is saved where it stands, and not requeued: %w", c.Index, err)
		}
		return fmt.Errorf("job %d is requeued", c.Index)
	}
	return fmt.Errorf("job %d is saved where it stands; go on with: %s", c.Index, onward(k, "job", c.Dir, fmt.Sprint(c.Index)))
}

// warned is ctx, which is done, too, when a scheduler warns. What it returns ends that, and says by which signal the first warning was.
func warned(ctx context.Context) (_ context.Context, end func() os.Signal) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, cluster.Warnings...)
	var first os.Signal
	var group sync.WaitGroup
	group.Go(func() {
		for s := range signals {
			if first == nil {
				first = s
			}
			cancel()
		}
	})
	return ctx, func() os.Signal {
		signal.Stop(signals) // and none is on its way any more
		close(signals)
		group.Wait()
		cancel()
		return first
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"hlrslab/core/run"
	"hlrslab/core/study"
	"hlrslab/core/task"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/runfolder"
)

// estimate is what jobs take, by a short run of each kind.
type estimate struct {
	machine *Machine
	threads int                      // of a job
	whole   map[string]time.Duration // of a whole run, by what its time depends on
	base    int64                    // bytes of this process and its images, before anything was timed
	after   int64                    // bytes of this process with one job, as it was timed
	job     int64                    // bytes of the largest job
	card    int64                    // and of a GPU's own memory, if that computes
	garbage int64                    // bytes that may be garbage before it is collected: as many as live when no job runs
}

// newEstimate begins one, when the images are read.
func newEstimate(m *Machine, threads int) *estimate {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return &estimate{machine: m, threads: threads, whole: map[string]time.Duration{}, base: held(), garbage: int64(stats.HeapAlloc)}
}

// held is what this process has of the system's memory, bytes.
func held() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}

// memory is what this process takes with so many jobs at once, and takes says so.
func (e *estimate) memory(n int) int64 {
	return max(e.after, e.base+e.job) + int64(n-1)*e.job + e.garbage
}

func (e *estimate) takes(n int) string {
	s := fmt.Sprintf("about %s of memory, %s for each job more at once", amount(e.memory(n)), amount(e.job))
	if e.card > 0 {
		s += fmt.Sprintf(", and %s of the GPU's for each", amount(e.card))
	}
	return s
}

// kindOfWork is what a run's time depends on: all but schedules and seeds.
func kindOfWork(c run.Config) string {
	d := run.Default()
	c.Seed, c.SubsetSeed, c.ClassSeed, c.WeightSeed, c.SampleSeed, c.AugmentSeed = 0, 0, 0, 0, 0, 0
	c.ArchSchedule, c.ArchParam, c.ArchPoints, c.ArchMilestones, c.ArchRate, c.ArchFloor, c.ArchWarmup = d.ArchSchedule, 0, "", nil, 1, 0, 0
	c.Mix, c.MixParam, c.MixPoints = d.Mix, 0, ""
	c.Rate, c.RateMin, c.Genotype, c.Loss, c.Sampler, c.Rebalance = 1, 0, "", "", "", ""
	var b strings.Builder
	for _, f := range run.Fields() {
		b.WriteString(f.Value(c) + " ")
	}
	return b.String()
}

// add times what jobs need, and fails where one would not find it here.
func (e *estimate) add(ctx context.Context, jobs []study.Job) error {
	for _, j := range jobs {
		for _, c := range configsOf(j) {
			kind := kindOfWork(c)
			if e.whole[kind] != 0 {
				continue
			}
			if len(e.whole) == 0 {
				fmt.Fprintf(os.Stderr, "%s: timing a few steps of each kind of run\n", count(len(jobs), "job"))
			}
			cost, err := e.machine.fits(c, 10, imageBytes(c))
			if err == nil {
				e.job, e.card = max(e.job, cost.Bytes-imageBytes(c)), max(e.card, cost.Device)
				e.whole[kind], err = e.timed(ctx, c, cost.Steps)
			}
			if err != nil {
				return fmt.Errorf("job %d (%s): %w", j.Index, j.Variant, err)
			}
		}
	}
	e.after = max(e.after, held())
	return nil
}

// timed is what a whole run takes, of so many steps an epoch: by epochs of a few steps each, on random images in a folder of its own, as
// many as a second has, and one at least. What it takes to begin, to save an epoch and to end counts, too.
func (e *estimate) timed(ctx context.Context, c run.Config, stepsOf int) (time.Duration, error) {
	const classes, few, long = 10, 3, time.Second
	short := c
	short.NMax = 2 * max(1, (c.Batch*few+classes-1)/classes) // of each class, half of them for the weights
	short.Pool, short.Imbalance, short.TestImages = short.NMax, 1, (c.Batch+classes-1)/classes*classes
	if err := short.Validate(); err != nil {
		return 0, fmt.Errorf("it cannot be timed: %w", err)
	}
	dir, err := os.MkdirTemp("", "hlrs-timing")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	images := noise(short, classes)
	began := time.Now()
	f, err := runfolder.New(disk.Disk{}, filepath.Join(dir, "run"), false, func() (*run.Run, error) {
		return task.New(short, images, e.machine.device(e.threads))
	})
	if err != nil {
		return 0, err
	}
	going, enough := context.WithCancel(ctx)
	defer enough()
	batches := tests(c, classes)
	var steps, tested, saves []float64
	var within time.Duration // of all three
	var last time.Time       // when an epoch had ended, and was to be saved
	err = f.Go(going, e.machine.session(e.threads), func(events []run.Event, took time.Duration) {
		now := time.Now()
		if !last.IsZero() {
			save := now.Add(-took).Sub(last)
			saves, within, last = append(saves, save.Seconds()), within+save, time.Time{}
		}
		within += took
		stepped := false
		for _, event := range events {
			switch event.Kind {
			case run.StepDone:
				stepped = true
			case run.EpochDone:
				if last = now; now.Sub(began) > long {
					enough()
				}
			}
		}
		if stepped {
			steps = append(steps, took.Seconds())
		} else {
			tested = append(tested, took.Seconds())
		}
	})
	err = errors.Join(err, f.Close())
	switch {
	case ctx.Err() != nil:
		return 0, errors.New("stopped before there was anything to tell")
	case len(steps) < 2 || len(tested) == 0:
		return 0, err
	}
	epoch := float64(stepsOf)*median(steps[1:]) + float64(batches)*median(tested)
	if len(saves) > 0 {
		epoch += median(saves)
	}
	return time.Since(began) - within + seconds(float64(c.Epochs)*epoch), nil
}

// of is what a job takes, and all what a plan's do, one after the other.
func (e *estimate) of(j study.Job) (sum time.Duration) {
	for _, c := range configsOf(j) {
		sum += e.whole[kindOfWork(c)]
	}
	return sum
}

func (e *estimate) all(p study.Plan) (sum time.Duration) {
	for _, j := range p.Jobs {
		sum += e.of(j)
	}
	return sum
}

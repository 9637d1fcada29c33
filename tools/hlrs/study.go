package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/core/study"
	"hlrslab/core/task"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/studyfolder"
)

type studyCommand struct {
	Check  studyCheck  `cmd:"" help:"Say what jobs a study has, and what they take, without running any."`
	Run    studyRun    `cmd:"" help:"Run a study's jobs here, or go on with them; what is done is not done again."`
	Submit studySubmit `cmd:"" help:"Have a cluster run a study's jobs: Slurm or Kubernetes."`
	Job    studyJob    `cmd:"" help:"Run one job of a study, or go on with it, as schedulers of clusters do. It exits with 3 where it would fail again, and with 1 where another try may help."`
	Status studyStatus `cmd:"" help:"Say where a study stands, from its folder alone, also while it runs."`
	Atlas  studyAtlas  `cmd:"" help:"Make a map of a study whose searches differ in schedules and mixes, as the laboratory’s page has one: what runs of any other schedule come to, with how far off it is by cross-validation."`
	Report studyReport `cmd:"" help:"Write what a study came to, for people and for papers: a page, Markdown, figures, a table of all runs, and a file that the laboratory’s page opens; also while it runs."`
}

// readStudy reads a study's file and expands it.
func readStudy(path string) (study.Plan, error) {
	f, err := disk.Open(path)
	if err != nil {
		return study.Plan{}, err
	}
	defer f.Close()
	s, err := study.Read(f)
	if err != nil {
		return study.Plan{}, fmt.Errorf("%s: %w", path, err)
	}
	p, err := s.Expand()
	if err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

type studyCheck struct {
	Machine

	File string `arg:"" type:"existingfile" help:"The study's file."`
	Jobs int    `short:"j" default:"0" help:"Jobs at once; 0 is one for each core."`
}

// Run times a step of each size of network that the study has.
func (c *studyCheck) Run(ctx context.Context) error {
	p, err := readStudy(c.File)
	if err != nil {
		return err
	}
	e := newEstimate(&c.Machine, 1)
	if err := e.add(ctx, p.Jobs); err != nil {
		return err
	}
	fmt.Printf("%s\n%s\n\n", clean(p.Study.Name), clean(p.Study.Question))
	names := p.Variants()
	long := 0
	for _, name := range names {
		long = max(long, width(name))
	}
	for i, name := range names {
		j := p.Jobs[i]
		what := fmt.Sprintf("%s of %s", count(j.Config.Epochs, "epoch"), j.Config.Task)
		if j.Train != nil {
			what += fmt.Sprintf(", then %s of train", count(j.Train.Epochs, "epoch"))
		}
		mark := ""
		if base, ok := p.Baseline(); ok && name == base {
			mark = "  (the baseline)"
		}
		fmt.Printf("  %s  %s, about %s a job%s\n", pad(name, long), what, short(e.of(j)), mark)
	}
	n := min(c.atOnce(c.Jobs), len(p.Jobs))
	each := count(len(p.Study.Seeds), "seed")
	if p.Study.Sample != nil {
		each = count(p.Study.Sample.Count, "point")
	}
	where := "one core"
	if c.gpu != nil {
		where = c.computes()
	}
	fmt.Printf("\n%s of %s: %s, about %s on %s, %s with -j %d; up to %s of memory each\n", count(len(names), "variant"), each,
		count(len(p.Jobs), "job"), short(e.all(p)), where, short(e.all(p)/time.Duration(n)), n, amount(e.bytes))
	if limit := seconds(3600 * p.Study.Hours); limit > 0 {
		for _, j := range p.Jobs {
			if took := e.of(j); took > limit {
				return fmt.Errorf("job %d (%s) takes about %s, and the study allows %s: lower epochs, or raise hours", j.Index, j.Variant, short(took), short(limit))
			}
		}
	}
	return nil
}

// atOnce is how many jobs run side by side.
func (m *Machine) atOnce(asked int) int {
	switch {
	case asked > 0:
		return asked
	case m.gpu != nil:
		return 1
	}
	return runtime.GOMAXPROCS(0)
}

// estimate is what jobs take, by a few steps of each kind.
type estimate struct {
	machine *Machine
	threads int                      // of a job
	paces   map[string]time.Duration // of a whole run, by what its time depends on
	bytes   int64                    // of the largest
}

func newEstimate(m *Machine, threads int) *estimate {
	return &estimate{machine: m, threads: threads, paces: map[string]time.Duration{}}
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
	said := false
	for _, j := range jobs {
		for _, c := range configsOf(j) {
			kind := kindOfWork(c)
			if e.paces[kind] != 0 {
				continue
			}
			if !said {
				fmt.Fprintf(os.Stderr, "%s: timing a few steps of each kind of run\n", count(len(jobs), "job"))
				said = true
			}
			cost, err := e.machine.fits(c, 10, imageBytes(c))
			if err != nil {
				return fmt.Errorf("job %d (%s): %w", j.Index, j.Variant, err)
			}
			e.bytes = max(e.bytes, cost.Bytes)
			pace, err := timed(ctx, c, 10, 2, e.machine.device(e.threads), func(int, time.Duration) {})
			if err != nil {
				return fmt.Errorf("job %d (%s): %w", j.Index, j.Variant, err)
			}
			e.paces[kind] = pace.of(c, c.Epochs, cost.Steps, 10)
		}
	}
	return nil
}

// of is what a job takes, and all what a plan's do, one after the other.
func (e *estimate) of(j study.Job) (sum time.Duration) {
	for _, c := range configsOf(j) {
		sum += e.paces[kindOfWork(c)]
	}
	return sum
}

func (e *estimate) all(p study.Plan) (sum time.Duration) {
	for _, j := range p.Jobs {
		sum += e.of(j)
	}
	return sum
}

// studyPlace is a study that begins or goes on.
type studyPlace struct {
	File string `arg:"" placeholder:"FILE|DIR" help:"The study's file, or the folder of one to go on with."`
	Out  string `type:"path" placeholder:"DIR" help:"Folder of the study; by default the file's name without its ending. A folder that has the study goes on with it, and a longer list of seeds adds jobs."`
}

type studyRun struct {
	studyPlace
	Source
	Machine

	Jobs int `short:"j" default:"0" help:"Jobs at once; 0 is one for each core, or one on a GPU. Each takes one thread, or --threads divided among them."`
}

// Run runs what is left of the jobs.
func (c *studyRun) Run(ctx context.Context) error {
	f, err := c.folder()
	if err != nil {
		return err
	}
	r := &runner{Source: c.Source, Machine: c.Machine, folder: f, threads: 1}
	n := min(c.atOnce(c.Jobs), len(f.Plan.Jobs))
	if n < c.Threads {
		r.threads = c.Threads / n
	}
	return r.all(ctx, n)
}

// folder is the study's, frozen.
func (c *studyPlace) folder() (studyfolder.Folder, error) {
	f, frozen, err := c.read()
	if err != nil || frozen {
		return f, err
	}
	return studyfolder.Freeze(f.Dir, f.Plan)
}

// read is the study in its folder, or as it will be there once it is frozen.
func (c *studyPlace) read() (f studyfolder.Folder, frozen bool, err error) {
	if info, err := os.Stat(c.File); err == nil && info.IsDir() {
		if c.Out != "" {
			return f, false, fmt.Errorf("--out %s: the study in %s goes on where it is; leave the flag out", c.Out, c.File)
		}
		f, err = studyfolder.Open(c.File)
		return f, true, err
	}
	p, err := readStudy(c.File)
	return studyfolder.Folder{Dir: outOf(c.File, c.Out), Plan: p}, false, err
}

// outOf is a study's folder by default.
func outOf(file, out string) string {
	if out != "" {
		return out
	}
	if base, ok := strings.CutSuffix(file, ".json"); ok {
		return base
	}
	return file + ".study"
}

// runner has jobs of a study run.
type runner struct {
	Source
	Machine
	folder  studyfolder.Folder
	threads int // of a job

	images sync.Mutex
	sets   map[string]*data.Dataset
}

// dataset reads the images that a configuration needs, once for all jobs.
func (r *runner) dataset(ctx context.Context, c run.Config) (*data.Dataset, error) {
	r.images.Lock()
	defer r.images.Unlock()
	if d := r.sets[c.Dataset]; d != nil {
		return d, nil
	}
	t := taskCommand{Source: r.Source, Machine: r.Machine}
	d, err := t.dataset(ctx, c)
	if err == nil {
		if r.sets == nil {
			r.sets = map[string]*data.Dataset{}
		}
		r.sets[c.Dataset] = d
	}
	return d, err
}

// do runs one job.
func (r *runner) do(ctx context.Context, i int, show *studyDisplay) (done bool, err error) {
	maker := studyfolder.Maker{
		New: func(c run.Config) (*run.Run, error) {
			d, err := r.dataset(ctx, c)
			if err != nil {
				return nil, err
			}
			return task.New(c, d, r.device(r.threads))
		},
		Restore: func(record run.Record, snapshot io.Reader) (*run.Run, error) {
			d, err := r.dataset(ctx, record.Config)
			if err != nil {
				return nil, err
			}
			return task.Restore(snapshot, d, r.device(r.threads))
		},
		Session:  r.session(r.threads),
		Began:    func(a *run.Run) { show.began(i, a) },
		Progress: func(a *run.Run, events []run.Event, took time.Duration) { show.took(i, a, events, took) },
	}
	if done, err = r.folder.Do(ctx, i, maker); errors.Is(err, disk.ErrLocked) { // by another process that runs it, or for a moment by one that looks at it
		time.Sleep(200 * time.Millisecond)
		done, err = r.folder.Do(ctx, i, maker)
	}
	show.ended(i, done, err)
	return done, err
}

// all runs what is left, so many jobs at once, and shows how it goes.
func (r *runner) all(ctx context.Context, n int) error {
	var left []int
	var rest []study.Job
	todo := map[int]float64{} // the share of a job that is left
	jobs := r.folder.Plan.Jobs
	show := newStudyDisplay(r.folder)
	for i := range jobs {
		s := r.folder.Look(i)
		show.stand(i, s)
		if s.State != studyfolder.Done && s.State != studyfolder.Failed {
			left, rest, todo[i] = append(left, i), append(rest, jobs[i]), 1-float64(s.Epochs)/float64(max(1, s.Of))
		}
	}
	for _, j := range rest { // without images no job begins
		if _, err := r.dataset(ctx, j.Config); err != nil {
			return err
		}
	}
	e := newEstimate(&r.Machine, r.threads)
	if err := e.add(ctx, rest); err != nil {
		return err
	}
	var ahead time.Duration
	for i, share := range todo {
		ahead += time.Duration(share * float64(e.of(jobs[i])))
	}
	n = max(1, min(n, len(left)))
	show.begin(len(left), n, ahead/time.Duration(n), e.bytes)
	began, here := time.Now(), time.Duration(0) // what this process has done, by the estimate
	queue := make(chan int)
	go func() {
		defer close(queue)
		for _, i := range left {
			select {
			case queue <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	var group sync.WaitGroup
	var trouble error
	var guard sync.Mutex
	for range n {
		group.Go(func() {
			for i := range queue {
				done, err := r.do(ctx, i, show)
				if done {
					guard.Lock()
					here += time.Duration(todo[i] * float64(e.of(jobs[i])))
					guard.Unlock()
				}
				if errors.Is(err, disk.ErrFull) || err != nil && !errors.Is(err, disk.ErrLocked) && r.folder.Look(i).State != studyfolder.Failed {
					guard.Lock()
					trouble = errors.Join(trouble, fmt.Errorf("job %d (%s): %w", i, jobs[i].Variant, err))
					guard.Unlock()
				}
			}
		})
	}
	group.Wait()
	show.end()
	if here > 0 && ctx.Err() == nil {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Printf("it took %s, and %s was estimated; %s of memory, and %d times %s was estimated\n", short(time.Since(began)), short(here/time.Duration(n)), amount(int64(m.Sys)), n, amount(e.bytes))
	}
	return r.summary(ctx, trouble)
}

// summary says where the study stands after a process has run its jobs.
func (r *runner) summary(ctx context.Context, trouble error) error {
	counts := map[studyfolder.State]int{}
	for i := range r.folder.Plan.Jobs {
		counts[r.folder.Look(i).State]++
	}
	total, done := len(r.folder.Plan.Jobs), counts[studyfolder.Done]
	again := fmt.Sprintf("%s study run %s", os.Args[0], r.folder.Dir)
	switch {
	case trouble != nil:
		return fmt.Errorf("%w; %d of %d jobs are done; go on with: %s", trouble, done, total, again)
	case ctx.Err() != nil && done < total:
		return fmt.Errorf("stopped and saved, with %d of %d jobs done; go on with: %s", done, total, again)
	case counts[studyfolder.Failed] > 0:
		return fmt.Errorf("%s failed: %s study status %s says why; %d of %d are done", count(counts[studyfolder.Failed], "job"), os.Args[0], r.folder.Dir, done, total)
	}
	if done < total {
		fmt.Printf("%d of %d jobs are done; another process runs the rest\n", done, total)
		return nil
	}
	fmt.Printf("all %d jobs are done: %s\n", total, r.folder.Dir)
	return nil
}

type studyStatus struct {
	Dir string `arg:"" type:"existingdir" help:"Folder of the study."`
}

// Run reads where each job stands.
func (c *studyStatus) Run() error {
	f, err := studyfolder.Open(c.Dir)
	if err != nil {
		return err
	}
	var b strings.Builder
	names := f.Plan.Variants()
	long := 0
	for _, name := range names {
		long = max(long, width(name))
	}
	total := map[studyfolder.State]int{}
	by := map[string]map[studyfolder.State]int{}
	mean := map[string]float64{} // of the accuracies of what is done
	var now, why []string
	for i, j := range f.Plan.Jobs {
		s := f.Look(i)
		total[s.State]++
		if by[j.Variant] == nil {
			by[j.Variant] = map[studyfolder.State]int{}
		}
		by[j.Variant][s.State]++
		at := fmt.Sprintf("job %d, %s, seed %d", i, j.Variant, j.Seed)
		switch s.State {
		case studyfolder.Done:
			last := s.Search.Last()
			if j.Train != nil {
				last = s.Train.Last()
			}
			mean[j.Variant] += (last.Report.Accuracy - mean[j.Variant]) / float64(by[j.Variant][s.State])
		case studyfolder.Running, studyfolder.Begun:
			now = append(now, fmt.Sprintf("  %s: %d of %d epochs, %s", at, s.Epochs, s.Of, s.State))
		case studyfolder.Failed:
			why = append(why, fmt.Sprintf("  %s: %s", at, s.Why))
		}
	}
	fmt.Fprintf(&b, "%s: %d of %d jobs done", clean(f.Plan.Study.Name), total[studyfolder.Done], len(f.Plan.Jobs))
	for _, s := range []studyfolder.State{studyfolder.Running, studyfolder.Begun, studyfolder.Failed, studyfolder.Waiting} {
		if total[s] > 0 {
			fmt.Fprintf(&b, ", %d %s", total[s], s)
		}
	}
	b.WriteString("\n\n")
	for _, name := range names {
		all := 0
		for _, n := range by[name] {
			all += n
		}
		fmt.Fprintf(&b, "  %s  %d of %d", pad(name, long), by[name][studyfolder.Done], all)
		if by[name][studyfolder.Done] > 0 {
			fmt.Fprintf(&b, ", %.1f %% on average", 100*mean[name])
		}
		b.WriteString("\n")
	}
	for _, part := range []struct {
		title string
		lines []string
	}{{"Under way", now}, {"Failed", why}} {
		if len(part.lines) > 0 {
			fmt.Fprintf(&b, "\n%s\n%s\n", part.title, strings.Join(part.lines, "\n"))
		}
	}
	_, err = os.Stdout.WriteString(b.String())
	return err
}

// configsOf are a job's run, and the training that follows.
func configsOf(j study.Job) []run.Config {
	if j.Train == nil {
		return []run.Config{j.Config}
	}
	return []run.Config{j.Config, *j.Train}
}

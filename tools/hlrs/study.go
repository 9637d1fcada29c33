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

	"github.com/alecthomas/kong"

	"hlrslab/core/data"
	"hlrslab/core/run"
	"hlrslab/core/study"
	"hlrslab/core/task"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/runfolder"
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
	images := int64(0) // which are not read here
	for _, j := range p.Jobs {
		images = max(images, imageBytes(j.Config))
	}
	e.base, e.after, e.garbage = e.base+images, e.after+images, e.garbage+images
	fmt.Printf("\n%s of %s: %s, about %s on %s, %s with -j %d; %s\n", count(len(names), "variant"), each,
		count(len(p.Jobs), "job"), short(e.all(p)), where, short(e.all(p)/time.Duration(n)), n, e.takes(n))
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
func (c *studyRun) Run(ctx context.Context, k *kong.Context) error {
	f, err := c.folder()
	if err != nil {
		return err
	}
	r := &runner{Source: c.Source, Machine: c.Machine, folder: f, threads: 1, again: onward(k, "run", f.Dir)}
	n := min(c.atOnce(c.Jobs), len(f.Plan.Jobs))
	if n < c.Threads {
		r.threads = c.Threads / n
	}
	return r.all(ctx, n)
}

// onward is the command that goes on with a study, with the flags that were given, but for the folder's, which it names.
func onward(k *kong.Context, words ...string) string {
	words = append([]string{os.Args[0], "study"}, words...)
	for _, p := range k.Path {
		switch {
		case p.Flag == nil || p.Resolved || p.Flag.Name == "out":
		case p.Flag.IsBool():
			words = append(words, fmt.Sprintf("--%s=%v", p.Flag.Name, p.Flag.Target.Bool()))
		default:
			words = append(words, "--"+p.Flag.Name, fmt.Sprint(p.Flag.Target.Interface()))
		}
	}
	return typed(words)
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
	threads int    // of a job
	again   string // the command that goes on

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
		if s.State == studyfolder.Done {
			for _, d := range r.folder.Damaged(i) {
				fmt.Fprintf(os.Stderr, "%s: %v\n", show.label(i), d)
			}
		}
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
	show.begin(len(left), n, ahead/time.Duration(n), e.takes(n))
	began, here := time.Now(), time.Duration(0) // what this process has done, by the estimate
	queue := make(chan int)
	more, enough := context.WithCancel(ctx) // without room on the disk, no job can begin
	defer enough()
	go func() {
		defer close(queue)
		for _, i := range left {
			select {
			case queue <- i:
			case <-more.Done():
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
				_, err := r.do(ctx, i, show)
				guard.Lock()
				here += time.Duration(show.share(i) * float64(e.of(jobs[i])))
				switch {
				case errors.Is(err, disk.ErrFull):
					trouble = err
					enough()
				case err != nil && !errors.Is(err, disk.ErrLocked) && r.folder.Look(i).State != studyfolder.Failed && trouble == nil:
					trouble = fmt.Errorf("job %d (%s): %s", i, jobs[i].Variant, inLine(err))
				}
				guard.Unlock()
			}
		})
	}
	group.Wait()
	show.end()
	if here > 0 && ctx.Err() == nil {
		fmt.Printf("what this process did took %s, and %s was estimated; %s of memory, and %s was estimated\n", short(time.Since(began)), short(here/time.Duration(n)), amount(held()), amount(e.memory(n)))
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
	switch {
	case errors.Is(trouble, disk.ErrFull):
		return fmt.Errorf("%s: %w; what is there of its jobs is as it was saved last; %d of %d are done; make room, then go on with: %s", r.folder.Dir, disk.ErrFull, done, total, r.again)
	case trouble != nil:
		return fmt.Errorf("%w; %d of %d jobs are done; go on with: %s", trouble, done, total, r.again)
	case ctx.Err() != nil && done < total:
		return fmt.Errorf("stopped and saved, with %d of %d jobs done; go on with: %s", done, total, r.again)
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
	var now, why, damaged []string
	var results []study.Result
	var latest runfolder.Session // of a job that was begun
	for i, j := range f.Plan.Jobs {
		s := f.Look(i)
		results = append(results, study.Result{Run: s.Search, Training: s.Train})
		total[s.State]++
		if by[j.Variant] == nil {
			by[j.Variant] = map[studyfolder.State]int{}
		}
		by[j.Variant][s.State]++
		at := fmt.Sprintf("job %d, %s, seed %d", i, j.Variant, j.Seed)
		switch s.State {
		case studyfolder.Done:
			for _, d := range f.Damaged(i) {
				damaged = append(damaged, fmt.Sprintf("  %s: %v", at, d))
			}
			last := s.Search.Last()
			if j.Train != nil {
				last = s.Train.Last()
			}
			mean[j.Variant] += (last.Report.Accuracy - mean[j.Variant]) / float64(by[j.Variant][s.State])
		case studyfolder.Running, studyfolder.Begun:
			now = append(now, fmt.Sprintf("  %s: %d of %d epochs, %s", at, s.Epochs, s.Of, s.State))
			for _, dir := range []string{f.Job(i), f.Train(i)} {
				if went := runfolder.Last(dir); went.Began.After(latest.Began) {
					latest = went
				}
			}
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
	if on, _ := study.Devices(results); on != "" {
		fmt.Fprintf(&b, "\nComputed on: %s\n", clean(on))
	}
	for _, part := range []struct {
		title string
		lines []string
	}{{"Under way", now}, {"Failed", why}, {"Damaged, though no number is read from it", damaged}} {
		if len(part.lines) > 0 {
			fmt.Fprintf(&b, "\n%s\n%s\n", part.title, strings.Join(part.lines, "\n"))
		}
	}
	if total[studyfolder.Begun] > 0 && total[studyfolder.Running] == 0 {
		again := []string{os.Args[0], "study", "run", f.Dir}
		if latest.GPU != "" {
			again = append(again, "--device", "gpu")
		}
		fmt.Fprintf(&b, "\nNo process runs a job that was begun: it was stopped, or had no room on the disk. Go on with: %s\n", typed(again))
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

// Package studyfolder has the jobs of a study run in folders: the plan is frozen beside them, and each job is one process's at a time.
// Where a study stands is read from the folders alone.
package studyfolder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"hlrslab/core/folder"
	"hlrslab/core/run"
	"hlrslab/core/study"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/runfolder"
)

// The names within a study's folder, and that of a training within its search's.
const (
	PlanFile = "plan.json"
	Jobs     = "jobs"
	Trained  = "train"
)

// Folder is a study in its folder.
type Folder struct {
	Dir  string
	Plan study.Plan
}

// Open reads the plan of a study's folder.
func Open(dir string) (f Folder, err error) {
	file, err := disk.Open(filepath.Join(dir, PlanFile))
	if err != nil {
		return f, fmt.Errorf("%w: name the folder of a study, which has a %s", err, PlanFile)
	}
	defer file.Close()
	plan, err := study.ReadPlan(file)
	if err != nil {
		return f, fmt.Errorf("%s: %w", file.Name(), err)
	}
	return Folder{dir, plan}, nil
}

// ErrOther is what a folder is that holds another study, or anything else.
var ErrOther = errors.New("name another folder with --out")

// Freeze writes a plan to a folder, which is new or empty or holds that plan already, or one that it goes on from: the jobs there are stay
// as they are, and those that a longer list of seeds adds come behind them.
func Freeze(dir string, plan study.Plan) (f Folder, err error) {
	f = Folder{dir, plan}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return f, err
	}
	unlock, err := disk.Lock(dir)
	for wait := 0; errors.Is(err, disk.ErrLocked) && wait < 100; wait++ { // another process freezes it, too
		time.Sleep(50 * time.Millisecond)
		unlock, err = disk.Lock(dir)
	}
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	was, err := Open(dir)
	switch {
	case err == nil:
		for i, j := range was.Plan.Jobs {
			if i >= len(plan.Jobs) {
				return was, fmt.Errorf("%s holds a study of %d jobs, and this one has %d: %w", dir, len(was.Plan.Jobs), len(plan.Jobs), ErrOther)
			}
			if field := changed(j, plan.Jobs[i]); field != "" {
				return was, fmt.Errorf("%s holds a study that was begun with other settings (job %d: %s): %w", dir, i, field, ErrOther)
			}
		}
	case !errors.Is(err, fs.ErrNotExist):
		return f, err
	default:
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		for _, e := range entries {
			if e.Name()[0] != '.' && !disk.Half(e.Name()) && e.Name() != Jobs { // of which a study is left whose plan is lost
				return f, fmt.Errorf("%s holds other files than a study's, such as %s: %w", dir, e.Name(), ErrOther)
			}
		}
	}
	if err := (disk.Disk{}).Replace(filepath.Join(dir, PlanFile), plan.Encode); err != nil {
		return f, err
	}
	return f, os.MkdirAll(filepath.Join(dir, Jobs), 0o777)
}

// changed says what two jobs differ in; it is empty where they do not.
func changed(a, b study.Job) string {
	if a.Variant != b.Variant {
		return fmt.Sprintf("variant %q, not %q", a.Variant, b.Variant)
	}
	if f, differ := a.Config.Differs(b.Config); differ {
		return fmt.Sprintf("%s %s, not %s", f.Name, f.Value(a.Config), f.Value(b.Config))
	}
	if (a.Train == nil) != (b.Train == nil) {
		return "with a training, or without"
	}
	if a.Train != nil {
		if f, differ := a.Train.Differs(*b.Train); differ {
			return fmt.Sprintf("training: %s %s, not %s", f.Name, f.Value(*a.Train), f.Value(*b.Train))
		}
	}
	return ""
}

// Job is the folder of a job's run, and Train that of the training that follows it.
func (f Folder) Job(i int) string   { return filepath.Join(f.Dir, Jobs, fmt.Sprintf("%04d", i)) }
func (f Folder) Train(i int) string { return filepath.Join(f.Job(i), Trained) }

// Maker makes runs for a job's steps: one that begins, and one that goes on.
type Maker struct {
	New     func(run.Config) (*run.Run, error)
	Restore func(run.Record, io.Reader) (*run.Run, error)
	Session runfolder.Session
	// Began and Progress are told of a job's run: that it begins or goes on, and what each step brought.
	Began    func(r *run.Run)
	Progress func(r *run.Run, events []run.Event, took time.Duration)
}

// Do takes a job to its end, or, when ctx is done, saves it where it stands: done tells which. A job that another process has is
// disk.ErrLocked; one that failed stays so, and its reason is the error.
func (f Folder) Do(ctx context.Context, i int, m Maker) (done bool, err error) {
	j := f.Plan.Jobs[i]
	// A run's folder is free between the search and the training, and the job is not.
	whole := filepath.Join(f.Job(i), ".job")
	if err := os.MkdirAll(whole, 0o777); err != nil {
		return false, err
	}
	unlock, err := disk.Lock(whole)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	record, done, err := f.take(ctx, f.Job(i), j.Config, m)
	if err != nil || !done || j.Train == nil {
		return done, err
	}
	_, done, err = f.take(ctx, f.Train(i), j.Training(record), m)
	return done, err
}

// take begins a run, or goes on with it.
func (f Folder) take(ctx context.Context, dir string, c run.Config, m Maker) (record run.Record, done bool, err error) {
	var r *runfolder.Folder
	for range 2 { // another process may come between a look and a lock
		if record, err := runfolder.Record(dir); err == nil && record.Done() { // whose folder need not be anybody's
			return record, true, foreign(dir, record, c)
		}
		if runfolder.Holds(dir) {
			r, err = runfolder.Resume(disk.Disk{}, dir, func(record run.Record, snapshot io.Reader) (*run.Run, error) {
				if err := foreign(dir, record, c); err != nil {
					return nil, err
				}
				return m.Restore(record, snapshot)
			})
			break
		}
		if r, err = runfolder.New(disk.Disk{}, dir, false, func() (*run.Run, error) { return m.New(c) }); !errors.Is(err, runfolder.ErrTaken) {
			break
		}
	}
	switch {
	case errors.Is(err, runfolder.ErrTaken), errors.Is(err, runfolder.ErrForeign), errors.Is(err, runfolder.ErrUnread):
		return record, false, fmt.Errorf("%w; %s", err, anew(dir))
	case err != nil:
		return record, false, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	m.Began(r.Run)
	if err := r.Go(ctx, m.Session, func(events []run.Event, took time.Duration) { m.Progress(r.Run, events, took) }); err != nil {
		return record, false, err
	}
	return r.Run.Record(), r.Run.Done(), nil
}

// Damaged are the faults of what a done job's folders tell of its runs beside their own files, in which all numbers are that are read.
func (f Folder) Damaged(i int) (faults []error) {
	dirs := []string{f.Job(i)}
	if f.Plan.Jobs[i].Train != nil {
		dirs = append(dirs, f.Train(i))
	}
	for _, dir := range dirs {
		faults = append(faults, runfolder.Damaged(dir)...)
	}
	return faults
}

// foreign says what a run in dir has that the study's has not.
func foreign(dir string, r run.Record, c run.Config) error {
	if field, differ := r.Config.Differs(c); differ {
		return fmt.Errorf("%s: its run has the %s %s, and the study %s; %s", dir, field.Name, field.Value(r.Config), field.Value(c), anew(dir))
	}
	return nil
}

// anew says how a job is run anew.
func anew(dir string) string { return fmt.Sprintf("remove %s to have it run anew", dir) }

// State is where a job stands.
type State int

// A job waits, was begun and is nobody's at the moment, is being run, has failed, or is done.
const (
	Waiting State = iota
	Begun
	Running
	Failed
	Done
)

// String is the state in words.
func (s State) String() string {
	return [...]string{"waiting", "begun", "running", "failed", "done"}[s]
}

// Standing is a job's state, and its records as far as there are any.
type Standing struct {
	State         State
	Epochs, Of    int // done, and in all, of the run and the training
	Search, Train run.Record
	Why           string // it failed
}

// Look reads where job i stands from its folder, while it runs or after any crash.
func (f Folder) Look(i int) (s Standing) {
	j := f.Plan.Jobs[i]
	s.Of = j.Config.Epochs
	if j.Train != nil {
		s.Of += j.Train.Epochs
	}
	if busy(f.Job(i)) || busy(f.Train(i)) {
		s.State = Running
	}
	see := func(dir string, c run.Config) (r run.Record, done bool) {
		r, err := runfolder.Record(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return run.Record{}, false
		case err != nil:
			s.State, s.Why = Failed, fmt.Sprintf("%v; %s", err, anew(dir))
			return run.Record{}, false
		}
		if err := foreign(dir, r, c); err != nil {
			s.State, s.Why = Failed, err.Error()
			return run.Record{}, false
		}
		s.State = max(s.State, Begun)
		if e := r.Last(); e != nil {
			s.Epochs += e.Epoch + 1
		}
		if r.Failed != "" {
			s.State, s.Why = Failed, r.Failed
		}
		return r, r.Done()
	}
	var done bool
	if s.Search, done = see(f.Job(i), j.Config); done && j.Train != nil {
		s.Train, done = see(f.Train(i), j.Training(s.Search))
	}
	if done && s.State != Failed {
		s.State = Done
	}
	return s
}

// busy says whether a process has the folder.
func busy(dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, folder.Snapshot)); err != nil {
		return false
	}
	unlock, err := disk.Lock(dir)
	if err == nil {
		err = unlock()
	}
	return errors.Is(err, disk.ErrLocked)
}

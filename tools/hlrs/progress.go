package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"hlrslab/core/bbn"
	"hlrslab/core/run"
	"hlrslab/tools/internal/disk"
	"hlrslab/tools/internal/studyfolder"
)

// pace is how fast a run goes: the mean at first, later of about the last twenty.
type pace struct {
	steps, tests mean // seconds of a step, and of a batch of test images
	cold         bool // the next step is a GPU's first, which says nothing of others
}

type mean struct {
	n     int
	value float64
}

func (m *mean) add(v float64) {
	m.n = min(m.n+1, 20)
	m.value += (v - m.value) / float64(m.n)
}

func (p *pace) add(events []run.Event, took time.Duration) {
	for _, e := range events {
		if e.Kind == run.StepDone {
			if p.cold {
				p.cold = false
				return
			}
			p.steps.add(took.Seconds())
			return
		}
	}
	p.tests.add(took.Seconds())
}

// test is the seconds of a batch of test images, or, before one was seen, what a step suggests: it passes the network forward
// once, where a step takes the work of three such passes, or in a search of six in first order and of fifteen in second.
func (p *pace) test(c run.Config) float64 {
	switch {
	case p.tests.n > 0:
		return p.tests.value
	case c.Task == run.Train:
		return p.steps.value / 3
	case c.Order == 1:
		return p.steps.value / 6
	}
	return p.steps.value / 15
}

// of is how long so many epochs take.
func (p *pace) of(c run.Config, epochs, steps, classes int) time.Duration {
	return seconds(float64(epochs) * (float64(steps)*p.steps.value + float64(tests(c, classes))*p.test(c)))
}

// tests is how many batches of test images end an epoch: all are seen twice, but in a training that asks for no second test. (At a freeze
// they are seen once more.)
func tests(c run.Config, classes int) int {
	passes := 2
	if c.Task == run.Train && c.Tau == 0 {
		passes = 1
	}
	return passes * ((c.TestImages/classes*classes + c.Batch - 1) / c.Batch)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// display tells how a run goes: with a bar on a terminal, and otherwise with a line now and then and one an epoch.
type display struct {
	out   io.Writer
	now   func() time.Time
	bar   *progressbar.ProgressBar // nil without a terminal
	every time.Duration            // between two lines, or two looks of the bar
	next  time.Time

	run     *run.Run
	machine *Machine
	pace    pace
	tested  int // batches of this epoch's test
	last    string
}

func newDisplay(r *run.Run, cost run.Cost, machine *Machine) *display {
	d := &display{out: os.Stderr, now: time.Now, every: 30 * time.Second, run: r, machine: machine, pace: pace{cold: machine.gpu != nil}}
	f, c := r.Facts(), r.Config()
	takes := amount(cost.Bytes) + " of memory"
	if cost.Device > 0 {
		takes += " and " + amount(cost.Device) + " of the GPU's"
	}
	fmt.Fprintf(d.out, "%s of %s on %s images, %d weights, about %s, %s", count(c.Epochs, "epoch"), count(f.Steps, "step"), c.Dataset, f.Params, takes, machine.computes())
	if r.Epoch > 0 || r.At > 0 {
		fmt.Fprintf(d.out, "; going on at epoch %d, step %d", r.Epoch+1, r.At+1)
	}
	if machine.gpu != nil {
		fmt.Fprint(d.out, "; the first step takes longest")
	}
	fmt.Fprintln(d.out)
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		d.every = time.Second / 5
		d.bar = progressbar.NewOptions(c.Epochs*d.turns(), progressbar.OptionSetWriter(d.out),
			progressbar.OptionSetWidth(10), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false))
	}
	d.next = d.now().Add(min(d.every, 2*time.Second)) // who waits longer than that is told
	machine.cpu.Yield = d.tick
	return d
}

// turns are the steps and batches of test images of an epoch.
func (d *display) turns() int {
	f := d.run.Facts()
	return f.Steps + tests(d.run.Config(), len(f.Classes))
}

// took tells of a step, or of a batch of test images.
func (d *display) took(events []run.Event, took time.Duration) {
	d.pace.add(events, took)
	d.tested++
	for _, e := range events {
		d.tested = 0
		if e.Kind != run.EpochDone {
			continue
		}
		d.last = fmt.Sprintf(", %.1f %%", 100*e.Report.Accuracy)
		if d.bar == nil {
			fmt.Fprintf(d.out, "%s%s\n", epoch(d.run.Config(), e), d.left(", "))
			d.next = d.now().Add(d.every)
		}
	}
	d.tick()
}

// epoch is a line of what one came to.
func epoch(c run.Config, e run.Event) string {
	s := fmt.Sprintf("epoch %d: loss %.3f", e.Epoch+1, e.Loss)
	if c.Frozen(e.Epoch) {
		s += ", architecture frozen"
	} else if c.Task == run.Search {
		if s += fmt.Sprintf(", architecture loss %.3f", e.ArchLoss); c.Method != "random" {
			s += fmt.Sprintf(", architecture rate %.2g", e.ArchRate)
		}
	} else {
		s += fmt.Sprintf(", rate %.2g", e.Rate)
	}
	if c.Task == run.Search || c.Branches != bbn.Alone {
		s += fmt.Sprintf(", mix %.2f", e.Mix)
	}
	s += ", accuracy " + groups(e.Report) + tested(c, e.Report)
	if d := e.Report.Dropped; d != nil {
		what := fmt.Sprintf("without %d of its %d operations the accuracy is %.1f %%", d.Operations, d.Of, 100*d.Accuracy)
		if d.Operations == 0 {
			what = "no operation was weak enough to drop"
		}
		s += "; the architecture is frozen, and " + what
	}
	if e.Ended != "" {
		s += "; here it ends: " + e.Ended
	}
	return s
}

// tick tells where the run is, if it is time to: during a step, too, which may take longer than that.
func (d *display) tick() {
	now := d.now()
	if now.Before(d.next) || d.run.Done() {
		return
	}
	d.next = now.Add(d.every)
	f, c := d.run.Facts(), d.run.Config()
	step := fmt.Sprintf("step %d/%d", d.run.At+1, f.Steps)
	if d.run.At == f.Steps {
		step = "test"
	}
	line := fmt.Sprintf("epoch %d/%d, %s%s%s", d.run.Epoch+1, c.Epochs, step, d.last, d.left(", "))
	if d.bar == nil {
		fmt.Fprintln(d.out, line)
		return
	}
	d.bar.Describe(line)
	_ = d.bar.Set(d.run.Epoch*d.turns() + min(d.run.At+d.tested, d.turns())) // a bar that cannot be drawn stops nothing
}

// left says how fast the run goes and how long it will yet take, once that is known.
func (d *display) left(join string) string {
	if d.pace.steps.n == 0 || d.run.Done() {
		return ""
	}
	f, c := d.run.Facts(), d.run.Config()
	all := d.pace.of(c, c.Epochs-d.run.Epoch, f.Steps, len(f.Classes))
	all -= seconds(float64(d.run.At)*d.pace.steps.value + float64(d.tested)*d.pace.test(c))
	return fmt.Sprintf("%s%s a step, %s left", join, short(seconds(d.pace.steps.value)), short(max(0, all)))
}

func (d *display) end() {
	d.machine.cpu.Yield = nil
	if d.bar == nil {
		return
	}
	if d.run.Done() {
		d.bar.Describe(fmt.Sprintf("epoch %d/%d%s", d.run.Epoch, d.run.Epoch, d.last))
		_ = d.bar.Finish()
	}
	fmt.Fprintln(d.out)
}

// short is a duration in two figures or so.
func short(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", 1000*d.Seconds())
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 10*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%.0f h", d.Hours())
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// studyDisplay tells how several jobs go at once: with one bar on a terminal, and otherwise with a line a job and one now and then.
type studyDisplay struct {
	guard  sync.Mutex
	folder studyfolder.Folder
	out    io.Writer
	bar    *progressbar.ProgressBar // nil without a terminal
	next   time.Time
	start  time.Time

	epochs, of, before int // done in all, of all there are, and done when this process began
	done               int
	now                map[int]string // jobs under way, and where they are
	here               map[int]int    // epochs of jobs that this process has done
	begun              map[int]bool   // jobs that this process has begun or gone on with
}

func newStudyDisplay(f studyfolder.Folder) *studyDisplay {
	return &studyDisplay{folder: f, out: os.Stderr, now: map[int]string{}, here: map[int]int{}, begun: map[int]bool{}, start: time.Now()}
}

// stand takes in where a job stands before this process does anything.
func (d *studyDisplay) stand(_ int, s studyfolder.Standing) {
	d.epochs, d.of = d.epochs+s.Epochs, d.of+s.Of
	if s.State == studyfolder.Done {
		d.done++
	}
}

// begin says what is left, and what it takes in time, by what a few steps of each kind took, and in memory.
func (d *studyDisplay) begin(left, n int, ahead time.Duration, memory string) {
	d.before = d.epochs
	if total := len(d.folder.Plan.Jobs); left > 0 && total > 1 {
		fmt.Fprintf(d.out, "%s: %d of %d jobs are left, %d at once, in %s: about %s; %s\n", clean(d.folder.Plan.Study.Name), left, total, n, d.folder.Dir, short(ahead), memory)
	}
	if info, err := os.Stderr.Stat(); left > 0 && err == nil && info.Mode()&os.ModeCharDevice != 0 {
		d.bar = progressbar.NewOptions(max(d.of, 1), progressbar.OptionSetWriter(d.out), progressbar.OptionSetWidth(10), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false))
	}
}

// label is what a job is called.
func (d *studyDisplay) label(i int) string {
	j := d.folder.Plan.Jobs[i]
	return fmt.Sprintf("job %d (%s, seed %d)", i, j.Variant, j.Seed)
}

func (d *studyDisplay) began(i int, r *run.Run) {
	d.guard.Lock()
	defer d.guard.Unlock()
	d.begun[i] = true
	d.now[i] = fmt.Sprintf("%d: %s", i, r.Config().Task)
	if d.bar == nil {
		from := ""
		if r.Epoch > 0 || r.At > 0 {
			from = fmt.Sprintf(", going on at epoch %d", r.Epoch+1)
		}
		fmt.Fprintf(d.out, "%s: %s%s\n", d.label(i), r.Config().Task, from)
	}
}

func (d *studyDisplay) took(i int, r *run.Run, events []run.Event, _ time.Duration) {
	d.guard.Lock()
	defer d.guard.Unlock()
	for _, e := range events {
		if e.Kind == run.EpochDone {
			d.epochs++
			d.here[i]++
			d.now[i] = fmt.Sprintf("%d: %s %d/%d", i, r.Config().Task, r.Epoch, r.Config().Epochs)
		}
	}
	every := 30 * time.Second
	if d.bar != nil {
		every = time.Second / 5
	}
	if now := time.Now(); now.After(d.next) {
		first := d.next.IsZero()
		if d.next = now.Add(every); !first || d.bar != nil {
			d.tell()
		}
	}
}

// tell says where all is.
func (d *studyDisplay) tell() {
	var all []string
	for _, i := range slices.Sorted(maps.Keys(d.now)) {
		all = append(all, d.now[i])
	}
	line := fmt.Sprintf("%d of %d jobs done; %s%s", d.done, len(d.folder.Plan.Jobs), strings.Join(all, ", "), d.left())
	if d.bar == nil {
		fmt.Fprintln(d.out, line)
		return
	}
	d.bar.Describe(line)
	_ = d.bar.Set(min(d.epochs, d.of)) // a bar that cannot be drawn stops nothing
}

// left is how long it will yet take, by the epochs that this process has seen.
func (d *studyDisplay) left() string {
	if d.epochs == d.before || d.of <= d.epochs {
		return ""
	}
	each := time.Since(d.start) / time.Duration(d.epochs-d.before)
	return fmt.Sprintf(", about %s left", short(each*time.Duration(d.of-d.epochs)))
}

// share is that of a job's epochs which this process has done.
func (d *studyDisplay) share(i int) float64 {
	d.guard.Lock()
	defer d.guard.Unlock()
	of := 0
	for _, c := range configsOf(d.folder.Plan.Jobs[i]) {
		of += c.Epochs
	}
	return float64(d.here[i]) / float64(of)
}

// inLine is an error in one line, which says nothing twice.
func inLine(err error) string {
	var parts []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); !slices.Contains(parts, line) {
			parts = append(parts, line)
		}
	}
	return strings.Join(parts, "; ")
}

func (d *studyDisplay) ended(i int, done bool, err error) {
	d.guard.Lock()
	defer d.guard.Unlock()
	delete(d.now, i)
	what := "saved where it stands"
	switch {
	case errors.Is(err, disk.ErrLocked):
		what = "another process runs it"
	case errors.Is(err, disk.ErrFull):
		what = "stopped as it was saved last: " + disk.ErrFull.Error()
	case err != nil:
		what = "failed: " + inLine(err)
	case done:
		d.done++
		what = "done"
		if !d.begun[i] {
			what = "done by another process"
		}
		if e := d.folder.Look(i); e.Train.Last() != nil {
			what += fmt.Sprintf(", its cell trained to %.1f %%", 100*e.Train.Last().Report.Accuracy)
		} else if e.Search.Last() != nil {
			what += fmt.Sprintf(", %.1f %%", 100*e.Search.Last().Report.Accuracy)
		}
	}
	if d.bar == nil || !done {
		if d.bar != nil {
			_ = d.bar.Clear()
		}
		fmt.Fprintf(d.out, "%s: %s\n", d.label(i), what)
	}
}

func (d *studyDisplay) end() {
	if d.bar != nil {
		d.tell()
		fmt.Fprintln(d.out)
	}
}

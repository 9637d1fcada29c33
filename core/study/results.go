package study

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"

	"hlrslab/core/darts"
	"hlrslab/core/run"
)

// Result is what a job has come to so far.
type Result struct {
	Job
	State string // in a word, as "done"
	Why   string // it failed
	// Run is the job's record, and Training that of the training which follows; a record without events is of what has not begun.
	Run, Training run.Record
}

// Records are the job's search and training, as far as it has them and they have begun.
func (r Result) Records() (search, training *run.Record) {
	for _, record := range []*run.Record{&r.Run, &r.Training} {
		if len(record.Events) == 0 {
			continue
		}
		if record.Config.Task == run.Search {
			search = record
		} else {
			training = record
		}
	}
	return search, training
}

// On are the devices that computed what there is of the job.
func (r Result) On() run.Devices {
	return slices.Compact(slices.Concat(r.Run.On(), r.Training.On()))
}

// Devices says on what the jobs that have begun were computed, and whether that was more than one device.
func Devices(all []Result) (words string, several bool) {
	var names []string
	jobs := map[string]int{}
	for _, r := range all {
		name := r.On().String()
		if name == "" {
			continue
		}
		if jobs[name]++; jobs[name] == 1 {
			names = append(names, name)
		}
		several = several || len(r.On()) > 1
	}
	if len(names) < 2 {
		return strings.Join(names, ""), several
	}
	for i, name := range names {
		s := "s"
		if jobs[name] == 1 {
			s = ""
		}
		names[i] = fmt.Sprintf("%d job%s on %s", jobs[name], s, name)
	}
	return strings.Join(names, "; "), true
}

// Final is the record of the job's last network, which is the trained one where one is trained, and nil before its end.
func (r Result) Final() *run.Record {
	last := &r.Run
	if r.Train != nil {
		last = &r.Training
	}
	return ended(last)
}

// ended is a record that has come to its end, or nil.
func ended(r *run.Record) *run.Record {
	if r == nil || !r.Done() {
		return nil
	}
	return r
}

// Genotype is what the job's search has found, when it has come to its end.
func (r Result) Genotype() (g darts.Genotype, ok bool) {
	search, _ := r.Records()
	if search = ended(search); search == nil {
		return g, false
	}
	g = search.Last().Report.Genotype
	return g, len(g.Normal) > 0
}

// Measure is a number that a job comes to.
type Measure struct {
	ID, Title string
	Unit      string // of its values
	Points    string // of their differences
	Less      bool   // the less, the better
	scale     float64
	of        func(search, training, final *run.Record) (r *run.Record, value func(*run.Report) float64)
}

// Of is the measure's value of a job that has come so far.
func (m Measure) Of(r Result) (float64, bool) {
	record, value := m.from(r)
	if record == nil {
		return 0, false
	}
	return m.scale * value(record.Last().Report), true
}

// Record is the record that a job's value is taken from, or nil.
func (m Measure) Record(r Result) *run.Record {
	record, _ := m.from(r)
	return record
}

func (m Measure) from(r Result) (*run.Record, func(*run.Report) float64) {
	search, training := r.Records()
	return m.of(ended(search), ended(training), r.Final())
}

func accuracy(r *run.Report) float64 { return r.Accuracy }

// last is a measure of a job's last network.
func last(value func(*run.Report) float64) func(_, _, _ *run.Record) (*run.Record, func(*run.Report) float64) {
	return func(_, _, final *run.Record) (*run.Record, func(*run.Report) float64) { return final, value }
}

// Measures are all there are. Accuracies are balanced ones on test images, after the last epoch.
var Measures = []Measure{
	{"trained", "Accuracy of the trained network", "%", "points", false, 100, func(_, training, _ *run.Record) (*run.Record, func(*run.Report) float64) {
		return training, accuracy
	}},
	{"search", "Accuracy of the search network", "%", "points", false, 100, func(search, _, _ *run.Record) (*run.Record, func(*run.Report) float64) {
		return search, accuracy
	}},
	{"discrete", "Accuracy of the cell cut out of the search network", "%", "points", false, 100, func(search, _, _ *run.Record) (*run.Record, func(*run.Report) float64) {
		return search, func(r *run.Report) float64 { return r.Discrete }
	}},
	{"head", "Head accuracy", "%", "points", false, 100, last(func(r *run.Report) float64 { return r.Head })},
	{"medium", "Medium accuracy", "%", "points", false, 100, last(func(r *run.Report) float64 { return r.Medium })},
	{"tail", "Tail accuracy", "%", "points", false, 100, last(func(r *run.Report) float64 { return r.Tail })},
	{"test-loss", "Test loss", "nats", "nats", true, 1, last(func(r *run.Report) float64 { return r.TestLoss })},
	{"calibration", "Expected calibration error", "%", "points", true, 100, last(func(r *run.Report) float64 { return r.Calibration })},
}

// Measures are those that the plan's jobs come to.
func (p Plan) Measures() []Measure {
	searches := p.Jobs[0].Config.Task == run.Search
	trains := p.Jobs[0].Train != nil || !searches
	return slices.DeleteFunc(slices.Clone(Measures), func(m Measure) bool {
		return m.ID == "trained" && !trains || (m.ID == "search" || m.ID == "discrete") && !searches
	})
}

// MeasureOf is the measure of that name; that of no name is the accuracy of a plan's last networks.
func (p Plan) MeasureOf(id string) (Measure, error) {
	names := ""
	for _, m := range p.Measures() { // of which the first are accuracies, of what is trained before those of the search
		if m.ID == id || id == "" {
			return m, nil
		}
		names += " " + m.ID
	}
	return Measure{}, fmt.Errorf("measure: this study has no %.80q; choose one of%s", id, names)
}

// Results are those of a plan's jobs by method, task and seed. A task is a choice of images, that is, of all that decides on them but
// the seed; a method is a variant without what an axis of images adds to it, so that such an axis has each method on several tasks.
type Results struct {
	Plan     Plan
	Measure  Measure
	All      []Result // of the plan's jobs
	Methods  []string
	Tasks    []string // in words: what their images differ in, or, of one task, are
	Seeds    []uint64
	Baseline int // of Methods; -1 of a sample, which has none

	at map[[3]int]int // the job of a method, task and seed
}

// Sort sorts the results of a plan's jobs, one each and in their order.
func Sort(p Plan, all []Result, m Measure) *Results {
	r := &Results{Plan: p, Measure: m, All: all, Baseline: -1, at: map[[3]int]int{}}
	base, axes, sampled := p.Jobs[0].Config, p.imageAxes(), p.Sampled()
	baseline, compared := p.Baseline()
	var tasks []run.Config
	place := func(list *[]string, name string) int {
		i := slices.Index(*list, name)
		if i < 0 {
			i = len(*list)
			*list = append(*list, name)
		}
		return i
	}
	for i, j := range p.Jobs {
		images := base.OnImagesOf(j.Config)
		images.Seed = 0
		for _, f := range sampled { // which varies within a variant, and is no task of its own
			_ = f.Set(&images, f.Value(base)) // its own value is one that it may have
		}
		task := slices.IndexFunc(tasks, images.Equal)
		if task < 0 {
			task = len(tasks)
			tasks = append(tasks, images)
		}
		seed := slices.Index(r.Seeds, j.Seed)
		if seed < 0 {
			seed = len(r.Seeds)
			r.Seeds = append(r.Seeds, j.Seed)
		}
		at := [3]int{place(&r.Methods, without(j.Variant, axes)), task, seed}
		if _, taken := r.at[at]; taken { // by a value that is another's, written otherwise
			at[0] = place(&r.Methods, j.Variant)
		}
		r.at[at] = i
		if compared && j.Variant == baseline {
			r.Baseline = at[0]
		}
	}
	r.Tasks = named(tasks, sampled)
	return r
}

// Sampled are the fields that a sample varies, of all its variants or of some; a study that is none has none.
func (p Plan) Sampled() (fields []run.Field) {
	if p.Study.Sample == nil {
		return nil
	}
	seen := map[string]bool{}
	add := func(axes []Axis) {
		for _, a := range axes {
			if f, known := run.FieldOf(a.Field); known && !seen[a.Field] {
				seen[a.Field] = true
				fields = append(fields, f)
			}
		}
	}
	add(p.Study.Sample.Fields)
	for _, v := range p.Study.Variants {
		add(v.Sample)
	}
	return fields
}

// imageAxes are what axes of images add to the names of variants.
func (p Plan) imageAxes() (parts []string) {
	for _, axis := range p.Study.Vary {
		field, known := run.FieldOf(axis.Field)
		other := slices.ContainsFunc(p.Jobs, func(j Job) bool {
			return field.Value(p.Jobs[0].Config.OnImagesOf(j.Config)) != field.Value(j.Config)
		})
		values, err := axis.values()
		if !known || other || err != nil {
			continue
		}
		for _, v := range values {
			parts = append(parts, axis.part(v))
		}
	}
	return parts
}

// without is a variant's name without parts of it.
func without(name string, parts []string) string {
	kept := slices.DeleteFunc(strings.Split(name, ", "), func(s string) bool { return slices.Contains(parts, s) })
	if len(kept) == 0 {
		return "base"
	}
	return strings.Join(kept, ", ")
}

// named says what each task's images differ in from the others', or, of one task, what they are.
func named(tasks []run.Config, sampled []run.Field) (names []string) {
	for _, c := range tasks {
		var parts []string
		for _, f := range run.Fields() {
			if slices.ContainsFunc(tasks, func(o run.Config) bool { return f.Value(o) != f.Value(tasks[0]) }) {
				parts = append(parts, f.Name+" "+f.Value(c))
			}
		}
		if parts == nil {
			parts = []string{c.Dataset, fmt.Sprintf("imbalance %v", c.Imbalance)}
			if slices.ContainsFunc(sampled, func(f run.Field) bool { return f.Name == "imbalance" }) {
				parts[1] = "of several imbalances"
			}
		}
		names = append(names, strings.Join(parts, ", "))
	}
	return names
}

// At is a job's result, or nil where the plan has no such job.
func (r *Results) At(method, task, seed int) *Result {
	if i, ok := r.at[[3]int{method, task, seed}]; ok {
		return &r.All[i]
	}
	return nil
}

// Done are the results that have a value of the measure, with the values, in the order of the seeds.
func (r *Results) Done(method, task int) (values []float64, of []*Result) {
	for seed := range r.Seeds {
		if result := r.At(method, task, seed); result != nil {
			if v, ok := r.Measure.Of(*result); ok {
				values, of = append(values, v), append(of, result)
			}
		}
	}
	return values, of
}

// Strata are a method's values, task by task.
func (r *Results) Strata(method int) (strata [][]float64) {
	for task := range r.Tasks {
		values, _ := r.Done(method, task)
		strata = append(strata, values)
	}
	return strata
}

// Over is a method's difference over the baseline on the seeds that both have done, of one task, or, by the means over them, of several:
// seeds are what was repeated, and the same seed's runs on several tasks may have something in common.
func (r *Results) Over(method int, tasks ...int) Difference {
	var a, b []float64
	for seed := range r.Seeds {
		var pair [2][]float64
		for side, m := range []int{method, r.Baseline} {
			for _, task := range tasks {
				if result := r.At(m, task, seed); result != nil {
					if v, ok := r.Measure.Of(*result); ok {
						pair[side] = append(pair[side], v)
					}
				}
			}
		}
		if n := len(tasks); len(pair[0]) == n && len(pair[1]) == n {
			a, b = append(a, floats.Sum(pair[0])/float64(n)), append(b, floats.Sum(pair[1])/float64(n))
		}
	}
	return Paired(a, b)
}

// Median is the result whose value is the median of its method's on a task, the lower one of two, or nil where none is done.
func (r *Results) Median(method, task int) *Result {
	values, of := r.Done(method, task)
	if len(of) == 0 {
		return nil
	}
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	return of[order[(len(order)-1)/2]]
}

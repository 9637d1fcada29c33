package study

import (
	"compress/gzip"
	jsonv1 "encoding/json"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"hlrslab/core/run"
)

// Bundle is a study in one file, small enough for a page: its plan, and the records of the jobs that are done, thinned.
type Bundle struct {
	Plan    Plan   `json:"plan"`
	Measure string `json:"measure"` // by which its report compares variants
	Done    []Came `json:"done"`    // in the order of the jobs
}

// Came is what a job has come to.
type Came struct {
	Index    int         `json:"index"`
	Run      run.Record  `json:"run"`
	Training *run.Record `json:"then-train,omitempty"`
}

// BundleFile is a bundle's file by default.
const BundleFile = "study.json.gz"

// maxBundle is the most bytes that a bundle may unpack to.
const maxBundle = 256 << 20

// Bundle is what there is of the study so far.
func (r *Results) Bundle() (b Bundle, err error) {
	b = Bundle{Plan: r.Plan, Measure: r.Measure.ID}
	b.Plan.Study.Baseline, _ = r.Plan.Baseline()
	for _, result := range r.All {
		if result.Final() == nil {
			continue
		}
		came := Came{Index: result.Index}
		if came.Run, err = result.Run.Thinned(); err != nil {
			return b, err
		}
		if result.Train != nil {
			training, err := result.Training.Thinned()
			if err != nil {
				return b, err
			}
			came.Training = &training
		}
		b.Done = append(b.Done, came)
	}
	return b, b.Validate()
}

// Results are the bundle's by a measure that its plan has.
func (b Bundle) Results(m Measure) *Results {
	all := make([]Result, len(b.Plan.Jobs))
	for i, j := range b.Plan.Jobs {
		all[i] = Result{Job: j, State: "waiting"}
	}
	for _, came := range b.Done {
		all[came.Index].State, all[came.Index].Run = "done", came.Run
		if came.Training != nil {
			all[came.Index].Training = *came.Training
		}
	}
	return Sort(b.Plan, all, m)
}

// Encode writes a bundle as ReadBundle reads it.
func (b Bundle) Encode(w io.Writer) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := jsonv1.NewEncoder(z).Encode(b); err != nil { // which keeps what a record lacks apart from what is empty
		return err
	}
	return z.Close()
}

// ReadBundle reads what Encode wrote. It is valid, or the error says why not.
func ReadBundle(r io.Reader) (b Bundle, err error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return b, fmt.Errorf("study: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, maxBundle+1))
	switch {
	case err != nil:
		return b, fmt.Errorf("study: %w", err)
	case len(raw) > maxBundle:
		return b, fmt.Errorf("study: more than %d MB", maxBundle>>20)
	}
	if err := json.Unmarshal(raw, &b, json.RejectUnknownMembers(true)); err != nil {
		return b, fmt.Errorf("study: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return b, b.Validate()
}

// Validate reports the first thing that no study can have come to. What is valid can be sorted by each of its plan's measures, and
// each of its records shown.
func (b Bundle) Validate() error {
	if err := b.Plan.validate(); err != nil {
		return err
	}
	if n := len(b.Plan.Jobs); n > most {
		return fmt.Errorf("plan: %d jobs, and a study has %d at most", n, most)
	}
	if _, err := b.Plan.MeasureOf(b.Measure); err != nil {
		return err
	}
	if base, ok := b.Plan.Baseline(); ok && !slices.Contains(b.Plan.Variants(), base) {
		return fmt.Errorf("plan: there is no variant %.80q", base)
	}
	last := -1
	for _, came := range b.Done {
		if came.Index <= last || came.Index >= len(b.Plan.Jobs) {
			return fmt.Errorf("study: job %d of %d after job %d", came.Index, len(b.Plan.Jobs), last)
		}
		last = came.Index
		if err := came.of(b.Plan.Jobs[last]); err != nil {
			return fmt.Errorf("study: job %d: %w", last, err)
		}
	}
	return nil
}

// of says whether this is what a job can have come to.
func (c Came) of(j Job) error {
	if (c.Training == nil) != (j.Train == nil) {
		return errors.New("with a training, or without, other than planned")
	}
	if err := whole(&c.Run, j.Config); err != nil || j.Train == nil {
		return err
	}
	if err := whole(c.Training, j.Training(c.Run)); err != nil {
		return fmt.Errorf("training: %w", err)
	}
	return nil
}

// whole says whether a record is one of a run of c that has come to its end.
func whole(r *run.Record, c run.Config) error {
	if err := r.Validate(); err != nil {
		return err
	}
	if !r.Done() {
		return errors.New("it has not come to its end")
	}
	if f, differ := r.Config.Differs(c); differ {
		return fmt.Errorf("%s %s, and planned is %s", f.Name, f.Value(r.Config), f.Value(c))
	}
	return nil
}

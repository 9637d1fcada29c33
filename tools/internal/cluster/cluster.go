// Package cluster has schedulers of clusters run a study's jobs: it writes what they read, and asks them by their own programs.
package cluster

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Array is a study's jobs as a scheduler has them: one task each, whose index is the job's.
type Array struct {
	Name     string  // of the study
	Dir      string  // of the study, absolute
	Throttle int     // tasks at once; 0 is no limit
	CPUs     int     // of a task
	Memory   float64 // of a task, GB; 0 leaves it to the cluster
	GPU      bool    // whether each task has one
	Retries  int     // of a task, beside what others' needs end
	Data     string  // where its images are, if not where a process looks by itself
}

// Lasting is the exit code of a process that would fail again, however often it is tried.
const Lasting = 3

// grace is what a task has between a signal and its end: a step, and the time to save it.
const grace = 90 * time.Second

// args are a process's for one job, quoted, where the folder and the index are as the scheduler says them.
func (a Array) args(dir, index string, quote func(string) string) []string {
	args := []string{"study", "job", quote(dir), index, "--threads", strconv.Itoa(a.CPUs)}
	if a.GPU {
		args = append(args, "--device", "gpu")
	}
	if a.Data != "" {
		args = append(args, "--data", quote(a.Data))
	}
	return args
}

var unnamed = regexp.MustCompile(`[^a-z0-9]+`)

// label is the study's name as all schedulers take it: small letters, digits and dashes, so short that an index fits behind it.
func (a Array) label() string {
	name := strings.Trim(unnamed.ReplaceAllString(strings.ToLower(a.Name), "-"), "-")
	if name == "" {
		return "study"
	}
	return strings.TrimRight(name[:min(len(name), 50)], "-")
}

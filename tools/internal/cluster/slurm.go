package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"text/template"

	"hlrslab/tools/internal/disk"
)

// Slurm is an array of Slurm's.
type Slurm struct {
	Array
	Jobs            []int    // indices of those to run, rising
	Program         string   // hlrs, absolute
	Time, Partition string   // the cluster's own where they are empty
	Options         []string // others of sbatch
}

// The names of the scripts, in the folder of the study's folder that they and their logs are in.
const (
	slurmDir    = "slurm"
	arrayFile   = "array.sh"
	reportFile  = "report.sh"
	lastCommand = "report" // of study, which a job runs when all others have ended
)

var slurmScripts = template.Must(template.New("").Funcs(template.FuncMap{"option": option, "shell": shell}).Parse(`
{{- define "both"}}#SBATCH --job-name={{.Label}}{{if .Partition}}
#SBATCH --partition={{option .Partition}}{{end}}
#SBATCH --open-mode=append{{range .Options}}
#SBATCH {{.}}{{end}}
{{end -}}
{{define "array.sh"}}#!/bin/sh
# The jobs of the study {{.Quoted}} that are not done, one task each.
# Submit it with: sbatch array.sh
{{template "both" .}}#SBATCH --array={{.Indices}}
#SBATCH --output={{option .Logs}}/%a.log
#SBATCH --cpus-per-task={{.CPUs}}{{if .Megabytes}}
#SBATCH --mem={{.Megabytes}}M{{end}}{{if .GPU}}
#SBATCH --gres=gpu:1{{end}}{{if .Time}}
#SBATCH --time={{.Time}}{{end}}
#SBATCH --requeue
#SBATCH --signal=B:USR2@{{.Grace}}

# The program takes the shell's place, so that the signal reaches it: it saves its job, and has this task alone begin again.
exec {{shell .Program}}{{range .Job}} {{.}}{{end}} --requeue --retries {{.Retries}}
{{end -}}
{{define "report.sh"}}#!/bin/sh
# What the study {{.Quoted}} came to, once no task of the array is left.
# Submit it with: sbatch --dependency=afterany:ID report.sh, where ID is the array's.
{{template "both" .}}#SBATCH --output={{option .Logs}}/report.log

exec {{shell .Program}} study {{.Last}} {{shell .Dir}}
{{end -}}
`))

// Scripts are the array's and the report's.
func (s Slurm) Scripts() (array, report string, err error) {
	for _, text := range append([]string{s.Dir, s.Program, s.Partition, s.Data}, s.Options...) {
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", "", fmt.Errorf("%q: a line of a script cannot hold this", text)
		}
	}
	values := struct {
		Slurm
		Label, Quoted, Indices, Logs, Last string
		Grace, Megabytes                   int
		Job                                []string
	}{
		s, s.label(), strconv.Quote(s.Name), indices(s.Jobs, s.Throttle), strings.ReplaceAll(filepath.Join(s.Dir, slurmDir), "%", "%%"), lastCommand,
		int(grace.Seconds()), int(math.Ceil(s.Memory * 1e9 / (1 << 20))), s.args(s.Dir, `"$SLURM_ARRAY_TASK_ID"`, shell),
	}
	var a, r strings.Builder
	err = errors.Join(slurmScripts.ExecuteTemplate(&a, arrayFile, values), slurmScripts.ExecuteTemplate(&r, reportFile, values))
	return a.String(), r.String(), err
}

// indices are jobs as --array has them: ranges, and how many at once.
func indices(jobs []int, throttle int) string {
	var ranges []string
	for i := 0; i < len(jobs); {
		end := i + 1
		for end < len(jobs) && jobs[end] == jobs[end-1]+1 {
			end++
		}
		one := strconv.Itoa(jobs[i])
		if end > i+1 {
			one += "-" + strconv.Itoa(jobs[end-1])
		}
		ranges, i = append(ranges, one), end
	}
	list := strings.Join(ranges, ",")
	if throttle > 0 {
		list += "%" + strconv.Itoa(throttle)
	}
	return list
}

var plain = regexp.MustCompile(`^[\w./:@%+=,-]+$`)

// shell is an argument as a shell reads it.
func shell(arg string) string {
	if plain.MatchString(arg) {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

// option is a value as sbatch reads it in a script.
func option(value string) (string, error) {
	if strings.ContainsAny(value, `'"\`) {
		return "", fmt.Errorf(`%s: sbatch reads no quotes and no \ in an option: name it otherwise`, value)
	}
	return shell(value), nil
}

// Submit writes the scripts, and has Slurm run the array, and when its last task has ended, however, the report.
func (s Slurm) Submit(ctx context.Context) (array, report string, err error) {
	a, r, err := s.Scripts()
	if err != nil {
		return "", "", err
	}
	dir := filepath.Join(s.Dir, slurmDir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", "", err
	}
	for name, text := range map[string]string{arrayFile: a, reportFile: r} {
		if err := (disk.Disk{}).Replace(filepath.Join(dir, name), func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		}); err != nil {
			return "", "", err
		}
	}
	if array, err = sbatch(ctx, filepath.Join(dir, arrayFile)); err != nil {
		if last := s.Jobs[len(s.Jobs)-1]; last > 1000 { // what a cluster takes unless it is told otherwise
			err = fmt.Errorf("%w; the last job's index is %d, and has to be under the cluster's MaxArraySize, which scontrol show config tells", err, last)
		}
		return "", "", err
	}
	if report, err = sbatch(ctx, "--dependency=afterany:"+array, filepath.Join(dir, reportFile)); err != nil {
		return array, "", fmt.Errorf("the array is submitted as %s, and its report is not: %w", array, err)
	}
	return array, report, nil
}

// sbatch submits a script and returns the job's number.
func sbatch(ctx context.Context, args ...string) (id string, err error) {
	out, err := ask(ctx, "sbatch", append([]string{"--parsable"}, args...)...)
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("there is no sbatch here: submit on a machine of the cluster, where Slurm's programs are, as by: sbatch %s", shell(args[len(args)-1]))
	}
	id, _, _ = strings.Cut(out, ";") // behind which may come the cluster's name
	return id, err
}

// ask runs a program of Slurm's.
func ask(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var says strings.Builder
	cmd.Stderr = &says
	out, err := cmd.Output()
	if err != nil && says.Len() > 0 {
		err = fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(says.String()))
	}
	return strings.TrimSpace(string(out)), err
}

// Requeued is the task that this process is, if it is to begin once more after the signal that told it to end. The error says why not.
func Requeued(after os.Signal, retries int) (task string, err error) {
	array, index := os.Getenv("SLURM_ARRAY_JOB_ID"), os.Getenv("SLURM_ARRAY_TASK_ID")
	if array == "" || index == "" {
		return "", errors.New("it is no task of an array of Slurm's")
	}
	task = array + "_" + index
	if after == syscall.SIGTERM {
		// It comes before a task makes room for others, and when somebody has ended it, who does not want it again.
		state, err := ask(context.Background(), "squeue", "--noheader", "--format=%T", "--jobs="+task)
		if err == nil && state != "RUNNING" {
			err = fmt.Errorf("Slurm has ended task %s", task)
		}
		return task, err
	}
	if n, _ := strconv.Atoi(os.Getenv("SLURM_RESTART_COUNT")); n >= retries { // which is not there the first time
		err = fmt.Errorf("its time was over, and --retries %d allows no other try; submit it again, with more --time", retries)
	}
	return task, err
}

// Requeue has Slurm begin a task once more, and only this one of its array. Where that is this process, Slurm then ends it.
func Requeue(task string) error {
	_, err := ask(context.Background(), "scontrol", "requeue", task)
	return err
}

//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hlrslab/tools/internal/cluster"
)

// smallStudy writes a study of one job, and returns its file and what would be its folder.
func smallStudy(t *testing.T, base string) (file, dir string) {
	dir = filepath.Join(t.TempDir(), "study")
	file = dir + ".json"
	text := fmt.Sprintf(`{"name": "small", "question": "", "base": {%s}, "seeds": 1}`, base)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file, dir
}

// until waits for something.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("there is no %s after three minutes", what)
		}
	}
}

// TestNoSlurm: without Slurm the scripts are there, to be submitted elsewhere.
func TestNoSlurm(t *testing.T) {
	file, dir := smallStudy(t, `"preset": "tiny"`)
	t.Setenv("PATH", t.TempDir())
	script := filepath.Join(dir, "slurm", "array.sh")
	err := command(t.Context(), []string{"study", "submit", file, "--slurm"})
	if err == nil || !strings.HasPrefix(err.Error(), "there is no sbatch here") || !strings.HasSuffix(err.Error(), "as by: sbatch "+script) {
		t.Error(err)
	}
	for _, name := range []string{script, filepath.Join(dir, "slurm", "report.sh"), filepath.Join(dir, "plan.json")} {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
}

// TestRequeue: told to end, a job is saved and its task alone is begun again, unless its time was over too often, or Slurm has ended
// it; and any other signal, or none of Slurm's tasks, requeues nothing.
func TestRequeue(t *testing.T) {
	file, dir := smallStudy(t, `"preset": "tiny", "epochs": 1000, "test-images": 10`)
	if err := command(t.Context(), []string{"study", "submit", file, "--kubernetes", "--image", "none"}); err != nil { // which freezes it
		t.Fatal(err)
	}
	bin := t.TempDir() // of a Slurm that notes down what it is asked
	asked := filepath.Join(bin, "asked")
	for name, does := range map[string]string{"scontrol": `echo "$@" >> ` + asked, "squeue": "echo $STATE"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+does+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path := "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")
	task := []string{"SLURM_ARRAY_JOB_ID=12", "SLURM_ARRAY_TASK_ID=0"}
	for _, c := range []struct {
		name   string
		signal os.Signal
		env    []string
		says   string
		asked  string
	}{
		{"the first time", syscall.SIGUSR2, task, "job 0 is requeued", "requeue 12_0\n"},
		{"the last time", syscall.SIGUSR2, append(task, "SLURM_RESTART_COUNT=1"), "job 0 is requeued", "requeue 12_0\n"},
		{"too often", syscall.SIGUSR2, append(task, "SLURM_RESTART_COUNT=2"), "not requeued: its time was over, and --retries 2 allows no other try", ""},
		{"making room", syscall.SIGTERM, append(task, "SLURM_RESTART_COUNT=2", "STATE=RUNNING"), "job 0 is requeued", "requeue 12_0\n"},
		{"ended", syscall.SIGTERM, append(task, "STATE=COMPLETING"), "not requeued: Slurm has ended task 12_0", ""},
		{"by hand", os.Interrupt, task, "job 0 is saved where it stands; go on with: hlrs study job ", ""},
		{"elsewhere", syscall.SIGUSR2, nil, "not requeued: it is no task of an array of Slurm's", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.RemoveAll(asked); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("hlrs", "study", "job", dir, "0", "--requeue", "--retries", "2", "--threads", "1")
			cmd.Env = append(append(os.Environ(), path), c.env...)
			var says strings.Builder
			cmd.Stderr = &says
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			events := filepath.Join(dir, "jobs", "0000", "events.jsonl")
			size := func() int64 {
				if info, err := os.Stat(events); err == nil {
					return info.Size()
				}
				return 0
			}
			before := size()
			until(t, "epoch", func() bool { return size() > before })
			if err := cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			exit, _ := errors.AsType[*exec.ExitError](cmd.Wait())
			if exit == nil || exit.ExitCode() != 1 || !strings.Contains(says.String(), c.says) {
				t.Errorf("%v: %s", exit, &says)
			}
			if got, _ := os.ReadFile(asked); string(got) != c.asked {
				t.Errorf("scontrol was asked %q, not %q", got, c.asked)
			}
		})
	}
}

// TestLasting: what would fail again is told by the exit code, by which a cluster gives it up.
func TestLasting(t *testing.T) {
	file, dir := smallStudy(t, `"preset": "tiny"`)
	code := func(args ...string) int {
		cmd := exec.Command("hlrs", args...)
		_ = cmd.Run()
		return cmd.ProcessState.ExitCode()
	}
	if got := code("study", "job", t.TempDir(), "0"); got != 1 { // where the folder may not be there yet
		t.Errorf("no study: exit code %d", got)
	}
	if got := code("study", "submit", file, "--kubernetes", "--image", "none"); got != 0 {
		t.Fatal(got)
	}
	if got := code("study", "job", dir, "1"); got != cluster.Lasting {
		t.Errorf("no such job: exit code %d", got)
	}
	plan := filepath.Join(dir, "plan.json")
	raw, err := os.ReadFile(plan)
	if err != nil {
		t.Fatal(err)
	}
	rewrite := func(old, fresh string) {
		t.Helper()
		text := strings.Replace(string(raw), old, fresh, 1)
		if text == string(raw) {
			t.Fatalf("the plan has no %s", old)
		}
		if err := os.WriteFile(plan, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rewrite(`"batch": 8`, `"batch": -8`)
	if got := code("study", "job", dir, "0"); got != cluster.Lasting {
		t.Errorf("a wrong configuration: exit code %d", got)
	}

	file, dir = smallStudy(t, `"task": "train", "preset": "tiny", "size": 8, "rate": 1, "rate-schedule": "const", "clip": 0, "decay": 0.1, "momentum": 0.999, "batch": 24, "epochs": 9`)
	if got := code("study", "run", file); got != 1 { // for it may go on with others
		t.Errorf("a study of a run that fails: exit code %d", got)
	}
	if got := code("study", "job", dir, "0"); got != cluster.Lasting {
		t.Errorf("a run that has failed: exit code %d", got)
	}
}

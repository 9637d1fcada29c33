//go:build unix

package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSecondInterrupt: whatever a process is at, the first Ctrl-C is told, and the second one ends it at once. Here it is within a
// step that takes many seconds.
func TestSecondInterrupt(t *testing.T) {
	cmd := exec.Command("hlrs", "search", "--preset", "tiny", "--size", "32", "--channels", "4", "--nodes", "4", "--order", "2", "--n-max", "60",
		"--imbalance", "1", "--batch", "256", "--threads", "1", "--out", filepath.Join(t.TempDir(), "run")) // hlrs as testscript.Main provides it
	says, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(says)
	await := func(part string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), part) {
				return
			}
		}
		t.Errorf("it ended without saying %q", part)
	}
	interrupt := func() {
		t.Helper()
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	}
	await("epoch 1/3, step 1/1") // which is told after two seconds, within the step
	interrupt()
	await("Ctrl-C again ends it at once")
	interrupt()
	err = cmd.Wait()
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGINT {
		t.Error(err)
	}
}

// TestPipes: where a file is expected, a pipe is refused and not waited for.
func TestPipes(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "cifar.pack")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	tar := filepath.Join(dir, "cifar.tar.gz")
	if err := os.Symlink(pipe, tar); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "run")
	for _, args := range [][]string{
		{"search", "--preset", "small", "--data", pipe, "--out", out},
		{"search", "--preset", "small", "--data", tar, "--out", out},
		{"search", "--preset", "tiny", "--dataset", "own", "--data", pipe, "--out", out},
		{"search", "--config", pipe, "--out", out},
		{"search", "--resume", pipe, "--out", out},
		{"train", "--preset", "tiny", "--genotype", pipe, "--out", out},
		{"data", "check", "--data", pipe},
		{"data", "check", "--data", tar},
		{"show", pipe},
	} {
		if err := command(t.Context(), args); err == nil || !strings.Contains(err.Error(), ": this has to be a file, and it is a pipe") {
			t.Errorf("%v: %v", args, err)
		}
	}
	if err := command(t.Context(), []string{"data", "check", "--data", dir}); err == nil || !strings.Contains(err.Error(), "no CIFAR-10 here") {
		t.Errorf("a folder with pipes in it: %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something was written")
	}
}

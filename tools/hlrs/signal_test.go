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

// TestSecondInterrupt: whatever a process is at, the first Ctrl-C is told, and the second one ends it at once. Here it reads
// images that never come.
func TestSecondInterrupt(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "cifar.pack")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	for _, args := range [][]string{
		{"search", "--preset", "small", "--data", pipe, "--out", filepath.Join(dir, "run")},
		{"data", "check", "--data", pipe},
		{"serve", "--port", "0", "--root", "../..", "--data", pipe},
	} {
		cmd := exec.Command("hlrs", args...) // as testscript.Main provides it
		says, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		hold, err := os.OpenFile(pipe, os.O_WRONLY, 0) // returns when the process has opened its end
		if err != nil {
			t.Fatal(err)
		}
		interrupt := func() {
			t.Helper()
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Errorf("%v: %v", args, err)
			}
		}
		interrupt()
		told := false
		for lines := bufio.NewScanner(says); !told && lines.Scan(); {
			told = strings.Contains(lines.Text(), "Ctrl-C again ends it at once")
		}
		if !told {
			t.Errorf("%v: ended without a word", args)
		}
		interrupt()
		err = cmd.Wait()
		if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGINT {
			t.Errorf("%v: %v", args, err)
		}
		hold.Close()
	}
}

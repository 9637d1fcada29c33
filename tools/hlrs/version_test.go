package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestVersion: the program says which commit it is of, though make build trims paths.
func TestVersion(t *testing.T) {
	commit, err := exec.Command("git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		t.Skip("this is no clone: ", err)
	}
	program := filepath.Join(t.TempDir(), "hlrs")
	if out, err := exec.Command("go", "build", "-trimpath", "-buildvcs=true", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(program, "--version").CombinedOutput()
	tagged := exec.Command("git", "describe", "--exact-match").Run() == nil
	if err != nil || !tagged && !strings.Contains(string(out), strings.TrimSpace(string(commit))) {
		t.Errorf("commit %s: %q, %v", commit, out, err)
	}
}

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hlrslab/tools/internal/fetch"
)

// TestRealData checks the archive, the page's pack of it, and a copy that was cut off.
func TestRealData(t *testing.T) {
	archive := os.Getenv(fetch.Env)
	if _, err := os.Stat(archive); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no CIFAR-10: set %s to its archive (%v)", fetch.Env, err)
		}
		t.Skipf("SKIPPED, NOT TESTED: no CIFAR-10: set %s to its archive (%v)", fetch.Env, err)
	}
	cache := t.TempDir()
	t.Setenv("HOME", cache)
	t.Setenv("XDG_CACHE_HOME", cache)
	path := filepath.Join(t.TempDir(), "lab.pack")
	if err := command(t.Context(), []string{"data", "prepare", "--pack", path}); err != nil {
		t.Fatal(err)
	}
	d, err := Source{Data: path}.open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if d.Train.Len() != 5000 || d.Test.Len() != 1000 || d.Train.Size != packSide {
		t.Errorf("the pack has %d training and %d test images of side %d", d.Train.Len(), d.Test.Len(), d.Train.Size)
	}

	// A pack of an earlier version, in which images had no places, is made afresh.
	root := t.TempDir()
	old := filepath.Join(root, filepath.FromSlash(packName))
	if err := errors.Join(os.MkdirAll(filepath.Dir(old), 0o755), os.WriteFile(old, []byte("HLRSPACK and what was in it"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := (Source{Data: old}).open(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("a pack of an earlier version: %v", err)
	}
	l := &lab{root: root}
	if l.prepare(t.Context(), &serveCommand{NoDownload: true}); l.status.State != "ready" {
		t.Errorf("beside a pack of an earlier version: %+v", l.status)
	}
	if again, err := readPack(old); err != nil || again.Train.Place(4999) != d.Train.Place(4999) || again.Train.Place(4999) == 4999 {
		t.Errorf("the pack made afresh: %v", err)
	}

	in, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var start bytes.Buffer
	if _, err := io.CopyN(&start, in, 20<<20); err != nil {
		t.Skip("the data are not an archive of the usual size")
	}
	cut := filepath.Join(t.TempDir(), "cut.tar.gz")
	if err := os.WriteFile(cut, start.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := command(t.Context(), []string{"data", "check", "--data", cut}); err == nil || !strings.Contains(err.Error(), "cut.tar.gz") || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("a truncated archive: %v", err)
	}
}

package core_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// seen opens all sources, which go's other processes read: go test keeps a result until a file changes that the test itself opened.
func seen(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && filepath.Ext(path) == ".go" {
			_, err = os.Stat(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestReferencesMissing: a test without its reference numbers or real images says that it tests nothing, and in CI it fails.
func TestReferencesMissing(t *testing.T) {
	if runtime.GOARCH == "wasm" {
		t.Skip("it needs processes")
	}
	seen(t)
	for pattern, test := range map[string]string{
		"../core/bbn":   "TestSearchStepsAgainstReference",
		"../core/data":  "TestRealData",
		"../core/run":   "TestMovesOnRealImages",
		"../tools/hlrs": "TestRealData",
	} {
		for _, ci := range []string{"", "true"} {
			cmd := exec.Command("go", "test", "-vet=off", "-v", "-run", "^"+test+"$", pattern)
			cmd.Env = append(os.Environ(), "CI="+ci, "GOLDEN_DIR=/nowhere", "HLRS_DATA=/nowhere")
			out, err := cmd.CombinedOutput()
			if failed := err != nil; failed != (ci == "true") || !strings.Contains(string(out), test+" (") || strings.Contains(string(out), "--- PASS") {
				t.Errorf("CI=%s: %v\n%s", ci, err, out)
			}
		}
	}
}

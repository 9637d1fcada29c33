package core_test

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// TestReferencesMissing: a test without its reference numbers or real images says that it tests nothing, and in CI it fails.
func TestReferencesMissing(t *testing.T) {
	if runtime.GOARCH == "wasm" {
		t.Skip("it needs processes")
	}
	for pattern, test := range map[string]string{
		"../core/bbn":    "TestSupernetAgainstReference",
		"../core/data":   "TestRealData",
		"../core/search": "TestMovesOnRealImages",
		"../tools/hlrs":  "TestRealData",
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

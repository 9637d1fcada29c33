package tensor

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestPlain holds what is said of the kernels against how they were built; make check builds them without SIMD, too.
func TestPlain(t *testing.T) {
	simd := slices.Contains(strings.Split(os.Getenv("GOEXPERIMENT"), ","), "simd")
	if why := Plain(); (why == "built without GOEXPERIMENT=simd") == simd || (why == "") != useSIMD {
		t.Errorf("with SIMD: %v; said of the plain kernels: %q", simd, why)
	}
}

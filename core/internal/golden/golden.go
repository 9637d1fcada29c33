// Package golden reads the reference numbers that tests compare with.
package golden

import (
	"bytes"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"hlrslab/core/ckpt"
)

// Tensor is one reference array, row-major.
type Tensor struct {
	Shape  []int
	Values []float32
}

// File is a set of named arrays and the configuration they were computed with.
type File struct {
	Meta    map[string]string
	Tensors map[string]Tensor
	t       testing.TB
}

// Open reads name from GOLDEN_DIR, by default ../shared/golden beside the repository. Where the files are
// missing the test is skipped, loudly, or fails if CI is true.
func Open(t testing.TB, name string) *File {
	t.Helper()
	dir := os.Getenv("GOLDEN_DIR")
	if dir == "" {
		_, self, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(self), "../../../../shared/golden")
	}
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("reference numbers are missing: %v (set GOLDEN_DIR)", err)
		}
		t.Skipf("SKIPPED, NOT TESTED: reference numbers are missing: %v (set GOLDEN_DIR)", err)
	}
	file, err := ckpt.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	f := &File{Tensors: map[string]Tensor{}, Meta: file.Meta, t: t}
	for _, x := range file.Tensors {
		v := make([]float32, len(x.Data)/4)
		if x.Dtype == "I32" {
			whole := make([]int32, len(v))
			err = ckpt.Load(file, x.Name, whole)
			for i, n := range whole {
				v[i] = float32(n)
			}
		} else {
			err = ckpt.Load(file, x.Name, v)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f.Tensors[x.Name] = Tensor{x.Shape, v}
	}
	return f
}

// Under is what the file has under prefix/, and its configuration with what is called prefix_….
func (f *File) Under(prefix string) *File {
	part := &File{Meta: maps.Clone(f.Meta), Tensors: map[string]Tensor{}, t: f.t}
	for _, name := range f.Names(prefix + "/") {
		part.Tensors[name] = f.Tensors[prefix+"/"+name]
	}
	for key, v := range f.Meta {
		if rest, ok := strings.CutPrefix(key, prefix+"_"); ok {
			part.Meta[rest] = v
		}
	}
	return part
}

// Narrow is v in single precision.
func Narrow(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

// Get returns the named array.
func (f *File) Get(name string) Tensor {
	f.t.Helper()
	v, ok := f.Tensors[name]
	if !ok {
		f.t.Fatalf("the reference has no %q", name)
	}
	return v
}

// Has says whether there is an array of that name.
func (f *File) Has(name string) bool { _, ok := f.Tensors[name]; return ok }

// Ints is the named array as integers.
func (f *File) Ints(name string) []int {
	v := f.Get(name).Values
	out := make([]int, len(v))
	for i, x := range v {
		out[i] = int(x)
	}
	return out
}

// Near fails where got differs from the named array by more than tolerance, relative to its largest magnitude.
func (f *File) Near(name string, got []float32, tolerance float64) {
	f.t.Helper()
	if err := Distance(got, f.Get(name).Values); !(err <= tolerance) {
		f.t.Errorf("%s: relative error %.2g, more than %.2g", name, err, tolerance)
	}
}

// Distance is the largest difference relative to want's largest magnitude; infinite if the lengths differ.
func Distance(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var diff, top float64
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		if math.IsNaN(d) {
			return d
		}
		diff, top = max(diff, d), max(top, math.Abs(float64(w)))
	}
	if diff == 0 {
		return 0
	}
	return diff / top
}

// Names lists the arrays with a prefix, without it.
func (f *File) Names(prefix string) []string {
	var names []string
	for n := range f.Tensors {
		if rest, ok := strings.CutPrefix(n, prefix); ok {
			names = append(names, rest)
		}
	}
	return names
}

//go:build js && wasm

package webgpu

import (
	"strings"
	"testing"
	"time"

	"hlrslab/core/gpu"
	"hlrslab/core/gpu/gputest"
)

// opened is the browser's driver, or the test is skipped: node has none. It runs in Chromium by TestInChromium.
func opened(t testing.TB) *driver {
	t.Helper()
	d, err := open()
	if err != nil {
		t.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	t.Cleanup(d.Close)
	return d
}

// TestPieces does what a driver must in pieces, of one dispatch each at first. (How they grow is TestPace's.)
func TestPieces(t *testing.T) {
	d := opened(t)
	d.pace.budget = 1
	gputest.Check(t, d)
	if d.idle.IsZero() {
		t.Error("no piece was heard of")
	}
}

// TestFaults has what the browser says late be the error of a later call: a range beyond its buffer, a buffer that is too large, a device
// that is gone.
func TestFaults(t *testing.T) {
	fails := func(what string, err error, says string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v does not say %q", what, err, says)
			return
		}
		t.Logf("%s: %v", what, err)
	}
	d := opened(t)
	b, err := d.Buffer("short", 512)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Buffer("huge", d.about.Buffer+4)
	fails("a buffer too large", err, "MB for huge")
	if err := d.Read(b, 0, make([]byte, 8)); err != nil {
		t.Errorf("after that: %v", err)
	}
	if _, err = d.Bind(1, gpu.Range{Buffer: b, At: 256, Size: 512}); err != nil {
		t.Errorf("it is not known so early: %v", err)
	}
	for began := time.Now(); err == nil && time.Since(began) < 10*time.Second; { // a busy browser takes its time to say so
		err = d.Read(b, 0, make([]byte, 8))
	}
	fails("a range beyond its buffer", err, "GPUValidationError")
	fails("what comes after", d.Write(b, 0, make([]byte, 8)), "GPUValidationError")

	d = opened(t)
	if b, err = d.Buffer("b", 512); err != nil {
		t.Fatal(err)
	}
	d.device.Call("destroy")
	fails("a device that is gone", d.Read(b, 0, make([]byte, 8)), "is lost")
	_, err = d.Kernel("k", gpu.Head())
	fails("what comes after", err, "is lost")
	d.Close()
	d.Close()
}

// BenchmarkDispatch is the cost of writing a dispatch down, of a kernel that does nothing.
func BenchmarkDispatch(b *testing.B) {
	d := opened(b)
	k, err := d.Kernel("none", gpu.Head()+"@compute @workgroup_size(1) fn main() { if (table[0] > 0) { mem[0] = 1 + scratch[0] + state[0] + params[0]; } }")
	if err != nil {
		b.Fatal(err)
	}
	buffer, err := d.Buffer("all", 5*gpu.Alignment)
	if err != nil {
		b.Fatal(err)
	}
	var ranges []gpu.Range
	for i := range int64(5) {
		ranges = append(ranges, gpu.Range{Buffer: buffer, At: i * gpu.Alignment, Size: gpu.Alignment})
	}
	var groups [2]gpu.Group
	if groups[0], err = d.Bind(0, ranges[:4]...); err != nil {
		b.Fatal(err)
	}
	if groups[1], err = d.Bind(1, ranges[4]); err != nil {
		b.Fatal(err)
	}
	e := d.device.Call("createCommandEncoder")
	list := make([]gpu.Dispatch, 1000)
	for i := range list {
		list[i] = gpu.Dispatch{Kernel: k, Groups: groups, X: 1, Y: 1}
	}
	for b.Loop() {
		d.record(e, list)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(list)), "ns/dispatch")
}

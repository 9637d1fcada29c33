package gpu_test

import (
	"testing"

	"hlrslab/core/gpu"
	"hlrslab/tools/wgpu/wgputest"
)

func TestRates(t *testing.T) {
	r, err := gpu.New(wgputest.Driver(t)).Rates()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r)
	if !(r.Copy > 1e7 && r.Copy < 1e14 && r.Multiply > 1e7 && r.Multiply < 1e15 && r.Dispatch > 1e-8 && r.Dispatch < 1) {
		t.Errorf("%+v is no machine's", r)
	}
}

// TestProfile has all kernels of a pass take their time, as many dispatches as are counted without a GPU.
func TestProfile(t *testing.T) {
	store, p, pass := small(t, nil)
	e, err := gpu.New(wgputest.Driver(t)).Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	store.Memory.Make()
	load(e, 1)
	counted, bytes, err := gpu.Count(p, pass)
	if err != nil {
		t.Fatal(err)
	}
	profiler := e.(gpu.Profiler)
	uses, err := profiler.Profile(pass)
	if err != nil {
		t.Fatal(err)
	}
	if bytes != profiler.Bytes() || len(uses) != len(counted) {
		t.Fatalf("%d kernels and %d bytes, counted are %d and %d", len(uses), profiler.Bytes(), len(counted), bytes)
	}
	for i, u := range uses {
		if took := u.Time; took <= 0 {
			t.Errorf("%s took %v", u.Kernel, took)
		}
		if u.Time = 0; u != counted[i] || u.Floats < 1 {
			t.Errorf("%+v, counted is %+v", u, counted[i])
		}
	}
}

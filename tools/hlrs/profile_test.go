package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"hlrslab/core/cpu"
	"hlrslab/core/gpu"
	"hlrslab/core/run"
)

// TestKernelTable: small numbers have their digits and units, each kernel says what it does, and remarks stand below the rows.
func TestKernelTable(t *testing.T) {
	got := kernelTable(gpu.Adapter{Name: "a card", API: "Vulkan", Kind: gpu.Discrete}, gpu.Rates{Copy: 123.4e6, Multiply: 1.5e9, Dispatch: 118.2e-6}, []gpu.Use{
		{Kernel: "product", Does: "convolutions", Dispatches: 2, Groups: 30, Macs: 12345, Floats: 500, Time: 300 * time.Microsecond},
		{Kernel: "fold", Does: "sums", Dispatches: 1, Groups: 1, Macs: 0, Floats: 12, Time: 900 * time.Microsecond},
	}, 54321)
	want := []string{
		"",
		"a card (Vulkan, discrete GPU) copies 123 MB/s, and multiplies and adds 1.5 G/s; an empty dispatch takes 118 µs; this network takes 54.3 kB of its memory",
		"kernel    dispatches  workgroups  mul-adds     moved      time  by rates    share  what it does",
		"product            2          30    12.3 k      2 kB    300 µs    253 µs   25.0 %  convolutions",
		"fold               1           1         0      48 B    900 µs    119 µs   75.0 %  sums",
		"all                3          31    12.3 k   2.05 kB    1.2 ms    371 µs  100.0 %",
		"",
	}
	lines := strings.Split(got, "\n")
	if !slices.Equal(lines[:min(len(lines), len(want))], want) {
		t.Errorf("it is\n%s", got)
	}
	if !strings.Contains(strings.Join(lines[len(want):], " "), "is not the time of a step") || strings.Contains(got, "emulated") {
		t.Errorf("its remarks are\n%s", got)
	}
}

func TestThree(t *testing.T) {
	for v, want := range map[float64]string{0: "0 B", 1: "1 B", 999.4: "999 B", 999.6: "1 kB", 0.9994: "999 mB", 0.99951: "1 B", 1.234e-7: "123 nB", 4.5e-11: "0.045 nB", 2.5e18: "2.5e+03 PB"} {
		if got := three(v, "B"); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}

// TestTimed tells of the step to warm up, and then of as many as are asked for, whatever an epoch has.
func TestTimed(t *testing.T) {
	c, err := run.Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	c.Channels, c.Nodes, c.Size, c.Batch = 2, 1, 8, 4 // of which an epoch has five
	var told []int
	p, err := timed(context.Background(), c, 10, 2, &cpu.Device{}, func(step int, _ time.Duration) { told = append(told, step) })
	if err != nil || p.steps.value <= 0 || p.tests.value <= 0 || !slices.Equal(told, []int{0, 1, 2}) {
		t.Errorf("told of steps %d: %+v, %v", told, p, err)
	}
}

// adapter is a driver that is only looked at.
type adapter struct {
	gpu.Driver
	is gpu.Adapter
}

func (a adapter) Adapter() gpu.Adapter { return a.is }

// TestChoice: auto says what it takes, and why.
func TestChoice(t *testing.T) {
	for _, c := range []struct {
		kind gpu.Kind
		none error
		why  string
	}{
		{gpu.Discrete, nil, "X1 (discrete GPU)"},
		{gpu.Unknown, nil, "X1 (GPU)"},
		{gpu.Processor, nil, "the CPU, as the only GPU, X1, is emulated on it"},
		{gpu.Unknown, errors.New("no GPU: none; install one"), "the CPU, as no GPU: none; install one"},
	} {
		takes, why := choice(adapter{is: gpu.Adapter{Name: "X1", Kind: c.kind}}, c.none)
		if takes == strings.HasPrefix(c.why, "the CPU") || why != c.why {
			t.Errorf("%v, %v: %v, %q", c.kind, c.none, takes, why)
		}
	}
}

package main

import (
	"strings"
	"testing"

	"hlrslab/core/gpu"
	"hlrslab/core/run"
	"hlrslab/tools/wgpu/wgputest"
)

// card is a GPU with memory of its own, as much as it says, or as nobody says.
type card struct {
	gpu.Driver
	memory int64
}

func (c card) Adapter() gpu.Adapter {
	a := c.Driver.Adapter()
	a.Kind, a.Memory = gpu.Discrete, c.memory
	return a
}

// TestGPUMemory: what a run takes of a card's memory is refused before it begins, by what the card says or by what --memory says.
func TestGPUMemory(t *testing.T) {
	c, err := run.Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []struct {
		memory int64
		gb     float64
		says   string
	}{
		{0, 0, ""},
		{1 << 32, 4, ""},
		{1 << 20, 0, "has 1 MB of memory, and this takes"},
		{0, 0.001, "of the GPU's memory, and --memory allows 1 MB"},
	} {
		m := &Machine{Memory: limit.gb, gpu: gpu.New(card{wgputest.Driver(t), limit.memory})}
		cost, err := m.fits(c, 10, 0)
		if limit.says == "" && err != nil || limit.says != "" && (err == nil || !strings.Contains(err.Error(), limit.says)) {
			t.Errorf("%d bytes, --memory %v: %v does not say %q", limit.memory, limit.gb, err, limit.says)
		}
		if err == nil && (cost.Device < 1e6 || cost.Bytes < 1e5) {
			t.Errorf("it takes %d bytes, and %d of the GPU", cost.Bytes, cost.Device)
		}
	}
}

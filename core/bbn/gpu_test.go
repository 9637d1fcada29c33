package bbn

import (
	"testing"

	"hlrslab/core/darts"
	"hlrslab/core/gpu"
	"hlrslab/core/nn"
)

// TestFullSizeOnGPU counts what a first-order step takes at full size: a dispatch costs some 10 µs, whatever it does.
func TestFullSizeOnGPU(t *testing.T) {
	var store nn.Store
	b := nn.NewBuilder(&store, 64, 32)
	net := darts.Supernet{Channels: 16, Layers: 8, Nodes: 4}
	features := [][]*nn.Node{net.Backbone(b, "")}
	b.Branch()
	b.Head("classifier", nn.Classifier{Classes: 10}, append(features, net.Backbone(b, ".rb"))...)
	p, err := b.Compile()
	if err != nil {
		t.Fatal(err)
	}
	step := 0
	for name, pass := range map[string]nn.Pass{"architecture": {OpGrad: []float64{}}, "weights": {Grad: []float32{}}} {
		pass.Loss, pass.Train = &nn.Loss{}, true
		uses, bytes, err := gpu.Count(p, pass)
		if err != nil {
			t.Fatal(err)
		}
		dispatches, macs, floats := 0, 0, 0
		for _, u := range uses {
			dispatches, macs, floats = dispatches+u.Dispatches, macs+u.Macs, floats+u.Floats
		}
		t.Logf("%s: %d dispatches, %.0f G multiply-adds, %.0f GB asked for, %.2f GB of memory", name, dispatches, 1e-9*float64(macs), 4e-9*float64(floats), 1e-9*float64(bytes))
		if step += dispatches; bytes > 5e9 {
			t.Errorf("%d bytes of memory", bytes)
		}
	}
	if step > 1300 {
		t.Errorf("a first-order step takes %d dispatches", step)
	}
}

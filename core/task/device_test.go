package task_test

import (
	"math"
	"testing"

	"hlrslab/core/data"
	"hlrslab/core/internal/devices"
	"hlrslab/core/nn"
	"hlrslab/core/run"
	"hlrslab/core/task"
)

// TestRunsOnEachDevice takes a short search and a short training to their ends on the processor and on a GPU: rounding apart, they go the
// same way.
func TestRunsOnEachDevice(t *testing.T) {
	search, err := run.Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	training, err := run.TrainingPreset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	training.Genotype = "DARTS_V2"
	for name, c := range map[string]run.Config{"search": search, "training": training} {
		c.Channels, c.Layers, c.Nodes, c.Size, c.Batch, c.NMax, c.Imbalance, c.TestImages, c.Epochs = 4, 3, 1, 8, 8, 4, 1, 10, 2
		t.Run(name, func(t *testing.T) {
			var all [][]float64
			devices.Real(t, func(t *testing.T, d nn.Device) {
				r, err := task.New(c, data.Toy(1), d)
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				var losses []float64
				for !r.Done() {
					events, err := r.Step()
					if err != nil {
						t.Fatal(err)
					}
					for _, e := range events {
						losses = append(losses, e.Loss, e.ArchLoss)
					}
				}
				all = append(all, losses)
			})
			if len(all) < 2 {
				return
			}
			if len(all[0]) != len(all[1]) || len(all[0]) < 8 {
				t.Fatalf("%d losses, and %d", len(all[0]), len(all[1]))
			}
			for i, want := range all[0] {
				tolerance := 1e-5
				if i >= len(all[0])/2 {
					tolerance = 2e-2 // where rounding turns one ReLU over, losses part tenfold a step from there on
				}
				if got := all[1][i]; !(math.Abs(got-want) <= tolerance*math.Abs(want)) {
					t.Errorf("loss %d is %v, not %v", i, got, want)
				}
			}
			t.Logf("the last of %d losses is %v, and %v", len(all[0]), all[0][len(all[0])-2], all[1][len(all[1])-2])
		})
	}
}

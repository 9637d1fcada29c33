package cpu

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hlrslab/core/internal/naive"
	"hlrslab/core/internal/trial"
)

// TestNetworksOnBothDevices holds random networks on this device, on one thread and on two, against plain loops: logits, loss and all
// gradients.
func TestNetworksOnBothDevices(t *testing.T) { onBothDevices(t) }

// TestCodedNetworksOnBothDevices is that with multipliers.
func TestCodedNetworksOnBothDevices(t *testing.T) {
	onBothDevices(t, "exact", "trunc2", "mitchell", "bam_v6_h0")
}

func onBothDevices(t *testing.T, multipliers ...string) {
	trial.Networks(t, multipliers, func(t *rapid.T, n *trial.Network) {
		two := n.Run(t, &Device{Threads: 2})
		two.Near(t, n.Run(t, naive.Device{}))
		if one := n.Run(t, &Device{}); one.Loss != two.Loss || !slices.Equal(one.Logits, two.Logits) || !slices.Equal(one.Grad, two.Grad) || !slices.Equal(one.OpGrad, two.OpGrad) {
			t.Fatal("two threads give other bits than one")
		}
	})
}

// Package resnet is the residual network for small images (He et al., Deep Residual Learning for Image Recognition, CVPR 2016,
// section 4.2), the usual yardstick of long-tailed learning.
package resnet

import (
	"fmt"

	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// Net is a stem, and stages of blocks with Width, 2·Width, … channels, of which each but the first halves the map. Depth counts stem,
// classifier and two layers a block: ResNet-32 is {16, []int{5, 5, 5}}.
type Net struct {
	Width  int
	Blocks []int // of each stage
}

// ResNet32 is the network of 464,154 weights that LDAM and BBN begin from; with BBN's branches parting at its last block it has
// 538,778.
var ResNet32 = Net{16, []int{5, 5, 5}}

// Backbone adds the network up to the classifier to b, and returns the node whose means are the features. The names of its weights are
// those of LDAM-DRW's code; those of the last block take own as a suffix of its name, so that two branches can share all but that.
func (n Net) Backbone(b *nn.Builder, own string) []*nn.Node {
	x := b.Node(nn.Term{Source: b.Stem("conv1.weight", "bn1", n.Width, tensor.Window{K: 3, Stride: 1, Dilation: 1, Pad: 1}), Weight: -1})
	channels := n.Width
	for s, blocks := range n.Blocks {
		for i := range blocks {
			stride, name := 1, fmt.Sprintf("layer%d.%d", s+1, i)
			if s > 0 && i == 0 {
				stride, channels = 2, 2*channels
			}
			if s == len(n.Blocks)-1 && i == blocks-1 {
				name += own
			}
			x = block(b, name, x, channels, stride)
		}
	}
	return []*nn.Node{b.Node(nn.Term{Node: x, ReLU: true, Weight: -1})} // a classifier reads a node as it is
}

// block adds two convolutions on the ReLU of x, and beside them the shortcut, without weights: where the block halves the map it is
// every other pixel, and zeros for the channels that x lacks (option A).
func block(b *nn.Builder, name string, x *nn.Node, channels, stride int) *nn.Node {
	k := nn.Kernel{H: 3, W: 3, StrideH: stride, StrideW: stride, PadH: 1, PadW: 1}
	c := b.Full(name+".conv1.weight", name+".bn1", x, channels, k)
	k.StrideH, k.StrideW = 1, 1
	c = b.ThenFull(name+".conv2.weight", name+".bn2", c, channels, k)
	shortcut := nn.Term{Node: x, ReLU: true, Weight: -1}
	if stride > 1 {
		shortcut.Pool, shortcut.Stride = nn.Subsample, stride
	}
	return b.Node(nn.Term{Source: c, Weight: -1}, shortcut)
}

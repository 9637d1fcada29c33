package gpu_test

import (
	"math/rand/v2"
	"testing"

	"hlrslab/core/gpu"
	"hlrslab/core/internal/golden"
	"hlrslab/core/internal/naive"
	"hlrslab/core/internal/trial"
	"hlrslab/core/nn"
	"hlrslab/tools/wgpu/wgputest"
)

// chunkings are devices that take all images at once, and few.
func chunkings(t *testing.T, test func(t *testing.T, d nn.Device)) {
	driver := wgputest.Driver(t)
	t.Run("at once", func(t *testing.T) { test(t, gpu.New(driver)) })
	t.Run("in chunks", func(t *testing.T) { test(t, gpu.Chunked(driver, 4)) })
}

func TestOperationsAgainstReference(t *testing.T) {
	chunkings(t, func(t *testing.T, d nn.Device) { trial.OperationsAgainstReference(t, d, gpu.Probe) })
}

func TestCosineClassifierAgainstReference(t *testing.T) {
	chunkings(t, func(t *testing.T, d nn.Device) { trial.CosineClassifierAgainstReference(t, d, gpu.Probe) })
}

// onNaive is plain loops.
type onNaive struct{ *naive.Executor }

func (n onNaive) Gradient(node *nn.Node) []float32 { return n.Executor.Gradient(node.Sum) }

func (n onNaive) Forward(p nn.Pass) {
	if _, err := n.Run(p); err != nil {
		panic(err)
	}
}

func (n onNaive) Backward(b *trial.Bench, dy []float32) []float32 {
	n.PutGradient(b.Out.Sum, dy)
	n.Executor.Backward()
	return n.Executor.Gradient(b.Leaf.Sum)
}

// TestOperations holds each operation, forward and back, against plain loops, on even and odd maps of more values than a workgroup adds up and
// of less, with more channels than a tile has and with few, in both strides.
func TestOperations(t *testing.T) {
	d := gpu.New(wgputest.Driver(t))
	for _, name := range []string{
		"max_pool_3x3", "avg_pool_3x3", "skip_connect", "factorized_reduce", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5", "relu_conv_bn",
		"conv_7x1_1x7", "bare_sep_conv", "auxiliary", "dropped",
	} {
		for _, size := range []struct{ batch, c, h, w, out int }{{3, 2, 5, 7, 4}, {18, 18, 8, 8, 34}, {18, 2, 17, 17, 2}} {
			for stride := 1; stride <= 2; stride++ {
				if name == "relu_conv_bn" && stride == 2 || name == "factorized_reduce" && stride == 1 {
					continue
				}
				var results [2]map[string][]float32
				for i, device := range []nn.Device{naive.Device{}, d} {
					probe := gpu.Probe
					if i == 0 {
						probe = func(e nn.Executor) trial.Prober { return onNaive{e.(*naive.Executor)} }
					}
					rng := rand.New(rand.NewPCG(1, 2))
					b, _ := trial.Operation(t, device, probe, nil, name, stride, size.batch, size.c, size.h, size.w, size.out)
					for i := range b.Pass.Weights {
						b.Pass.Weights[i] = float32(rng.NormFloat64() / 2)
					}
					b.Pass.Masks = make([]float32, b.P.Drops*size.batch)
					nn.DropPath(b.Pass.Masks, 0.4, rng)
					x := make([]float32, size.batch*size.c*size.h*size.w)
					for i := range x {
						x[i] = float32(rng.NormFloat64())
					}
					b.Put(b.Leaf.Sum, x)
					b.Forward(b.Pass)
					y := b.Values(b.Out.Sum)
					dy := make([]float32, len(y))
					for i := range dy {
						dy[i] = float32(rng.NormFloat64())
					}
					dx := b.Backward(b, dy)
					results[i] = map[string][]float32{"y": y, "dx": dx, "dw": b.Pass.Grad, "running": b.Pass.Running}
				}
				for what, want := range results[0] {
					if far := golden.Distance(results[1][what], want); !(far <= 2e-5) {
						t.Errorf("%s, stride %d, %v: %s differs by %.2g", name, stride, size, what, far)
					}
				}
			}
		}
	}
}

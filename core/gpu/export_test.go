package gpu

import (
	"slices"

	"hlrslab/core/internal/trial"
	"hlrslab/core/nn"
)

// Chunked is a device that takes so many images at once.
func Chunked(d Driver, images int) *Device {
	own := New(d)
	own.images = images
	return own
}

// Probe is an executor for tests of single operations.
func Probe(e nn.Executor) trial.Prober { return onGPU{e.(*executor)} }

type onGPU struct{ *executor }

func (g onGPU) Put(m nn.FeatureMap, v []float32) { g.put(m, v) }

func (g onGPU) Values(m nn.FeatureMap) []float32 {
	out := make([]float32, m.C*m.H*m.W*g.plan.p.Batch)
	for i, c := range g.plan.chunks {
		part := make([]float32, m.C*m.H*m.W*c.n)
		g.note("reading", g.device.driver.Read(g.mem[i], 4*int64(g.plan.at(c, m, 0)), raw(part)))
		for p := range m.C * m.H * m.W {
			copy(out[p*g.plan.p.Batch+c.first:], part[p*c.n:][:c.n])
		}
	}
	return out
}

func (g onGPU) Gradient(n *nn.Node) []float32 { return g.Values(n.Grad) }

func (g onGPU) Forward(p nn.Pass) {
	if _, err := g.Run(p); err != nil {
		panic(err)
	}
}

func (g onGPU) Backward(b *trial.Bench, dy []float32) []float32 {
	g.put(b.Y.Grad, dy)
	g.send(&b.Pass)
	for i, s := range g.plan.steps {
		if s.when&backing != 0 {
			g.note("computing", g.device.driver.Submit(g.dispatches[i:i+1]))
		}
	}
	g.fetch(&b.Pass)
	if g.fault != nil {
		panic(g.fault)
	}
	copy(b.Pass.Grad, g.results[g.plan.grad:])
	return slices.Clone(g.Values(b.Leaf.Grad))
}

// Package bbn is one backbone with the two branches of BBN (Zhou et al., BBN: Bilateral-Branch Network, CVPR 2020), or, as a
// special case, one branch alone.
package bbn

import (
	"math"
	"math/rand/v2"

	"hlrslab/core/nn"
)

// Parting is where the branches part.
type Parting string

// The branches part before the backbone's last stage, at the classifier (which then has a bias of each), or only in their
// batches. Alone there is one.
const (
	Alone  Parting = "none"
	Cell   Parting = "cell"
	Head   Parting = "head"
	Concat Parting = "concat"
)

// Shape is a model's size.
type Shape struct {
	Classes, Batch, Size int
	Branches             Parting
	Cosine               bool // the classifier is LDAM's: see nn.Classifier
}

// Backbone adds a branch's network to b, and returns the nodes whose means are its features. The names of its last stage's
// weights take own as a suffix, so that branches may share all but that.
type Backbone func(b *nn.Builder, own string) []*nn.Node

// Model is a network, shared by the conventional branch (0) and the re-balancing branch (1) up to
// where they part. Each branch takes its own batch through the shared trunk.
type Model struct {
	Shape   Shape
	Store   nn.Store
	Head    *nn.Head // the classifier
	Weights []float32
	Running []float32

	mixture  nn.Mixture
	program  *nn.Program
	executor nn.Executor
	ops      []float32
	dops     []float64 // of each branch
	logits   []float32
	fault    error // of the last pass
}

// New builds a model of alphas architecture parameters; once its Store.Memory is made, its weights are zero until Init or a
// load sets them. It fails if the device cannot hold it.
func New(s Shape, backbone Backbone, mixture nn.Mixture, alphas int, device nn.Device) (*Model, error) {
	m := &Model{Shape: s, mixture: mixture}
	b := nn.NewBuilder(&m.Store, s.Batch, s.Size)
	features := [][]*nn.Node{backbone(b, "")}
	if s.Branches != Alone {
		b.Branch()
		own := ""
		if s.Branches == Cell {
			own = ".rb"
		}
		features = append(features, backbone(b, own))
	}
	m.Head = b.Head("classifier", nn.Classifier{Classes: s.Classes, Cosine: s.Cosine}, features...)
	if s.Branches == Head && !s.Cosine {
		b.SecondBias(m.Head, "classifier.rb.bias")
	}
	memory := &m.Store.Memory
	nn.Reserve(memory, &m.Weights, m.Store.Weights.Total)
	nn.Reserve(memory, &m.Running, m.Store.Running.Total)
	nn.Reserve(memory, &m.logits, s.Classes*s.Batch)
	nn.Reserve(memory, &m.ops, mixture.Len(alphas))
	nn.Reserve(memory, &m.dops, len(features)*mixture.Len(alphas))
	var err error
	if m.program, err = b.Compile(); err != nil {
		return m, err
	}
	m.executor, err = device.Compile(m.program)
	return m, err
}

// Close ends what the device has running.
func (m *Model) Close() { m.executor.Close() }

// Init draws the starting point: weights uniform in ±1/√fan (PyTorch's default for convolutions and
// linear layers), BatchNorm at rest.
func (m *Model) Init(rng *rand.Rand) {
	for _, p := range m.Store.Weights.List {
		m.draw(p, rng)
	}
	m.unit()
	m.ResetRunning()
}

// InitNormal draws the starting point of residual networks (He et al., 2015): as Init, but weights of convolutions and linear
// layers normal with variance 2/fan.
func (m *Model) InitNormal(rng *rand.Rand) {
	m.Init(rng)
	for _, p := range m.Store.Weights.List {
		if p.Fan > 0 && len(p.Shape) > 1 {
			deviation, w := math.Sqrt(2/float64(p.Fan)), m.Weights[p.Off:][:p.Len()]
			for i := range w {
				w[i] = float32(deviation * nn.Normal(rng))
			}
		}
	}
	m.unit()
}

// InitHead draws the classifier's starting point anew, as Init does, for its re-training.
func (m *Model) InitHead(rng *rand.Rand) {
	for _, p := range m.Store.Weights.List {
		if p.Off == m.Head.Weight || p.Off == m.Head.Bias || p.Off == m.Head.Second {
			m.draw(p, rng)
		}
	}
	m.unit()
}

// draw sets one array as Init says.
func (m *Model) draw(p nn.Param, rng *rand.Rand) {
	bound := 0.0
	if p.Fan > 0 {
		bound = 1 / math.Sqrt(float64(p.Fan))
	}
	w := m.Weights[p.Off:][:p.Len()]
	for i := range w {
		w[i] = float32(bound * (2*rng.Float64() - 1))
	}
	if p.Fan == 0 && p.Name[len(p.Name)-len(".weight"):] == ".weight" {
		for i := range w {
			w[i] = 1
		}
	}
}

// unit has a cosine classifier's rows begin at length 1: it sets how far a step turns them.
func (m *Model) unit() {
	if m.Head.Cosine {
		m.Head.TauNormalise(m.Weights, 1)
	}
}

// ResetRunning sets BatchNorm's running means to 0 and variances to 1.
func (m *Model) ResetRunning() {
	for i, p := range m.Store.Running.List {
		v := m.Running[p.Off:][:p.Len()]
		for j := range v {
			v[j] = float32(i % 2)
		}
	}
}

// Masks is the number of Objective.Masks.
func (m *Model) Masks() int { return m.program.Drops * m.Shape.Batch }

// Branches is 1 or 2.
func (m *Model) Branches() int { return len(m.program.Inputs) }

// Predict returns the logits of inference at weights w, classes × batch, for the same images in all branches, under the operation
// weights of alpha or, unless they are nil, the given ones, such as a genotype's.
func (m *Model) Predict(batch nn.Batch, w, alpha, ops []float32) []float32 {
	for b := range m.program.Inputs {
		m.executor.Load(b, batch)
	}
	if ops == nil {
		m.mixture.Forward(m.ops, alpha)
		ops = m.ops
	}
	_, m.fault = m.executor.Run(nn.Pass{Weights: w, OpWeights: ops, Running: m.Running, Factors: [2]float32{1, 1}, Logits: m.logits})
	return m.logits
}

// Logits are those of the last pass: classes × batch.
func (m *Model) Logits() []float32 { return m.logits }

// Fault is what befell the last pass: the device's failure, or the first layer with a value that is no number; or nil.
func (m *Model) Fault() error { return m.fault }

// Objective is a loss of the model on one batch of each branch: a darts.Objective.
type Objective struct {
	Model     *Model
	Batches   [2]nn.Batch // of each branch
	Loss      nn.Loss
	A         float64   // weight of the conventional branch
	Masks     []float32 // Model.Masks of drop path, as nn.DropPath draws them; nil: nothing is dropped
	Frozen    bool      // all but the classifier rests: features are those of inference, and dw is the classifier's alone
	Inference bool      // with inference's logits, on branch 0's batch in both branches: give it twice
}

// Gradient implements darts.Objective: with logits z = W·[2a·f_c ; 2(1-a)·f_r] + b, which at a = ½ are BBN's inference,
// a·L(z, y_c) + (1-a)·L(z, y_r), one set of logits for both sets of labels.
func (o *Objective) Gradient(w, alpha, dw []float32, dalpha []float64, track bool) float64 {
	m, a := o.Model, o.A
	for b := range m.program.Inputs {
		m.executor.Load(b, o.Batches[b])
	}
	p := nn.Pass{Weights: w, OpWeights: m.ops, Running: m.Running, Train: !o.Frozen, Track: track, Masks: o.Masks, Loss: &o.Loss, Frozen: o.Frozen, Logits: m.logits, Grad: dw}
	if o.Inference {
		a = 0.5
	}
	p.Factors = [2]float32{float32(2 * a), float32(2 * (1 - a))}
	if p.Shares = [2]float64{a, 1 - a}; o.Inference || m.Branches() == 1 {
		p.Shares = [2]float64{1}
	}
	if dalpha != nil {
		p.OpGrad = m.dops
	}
	m.mixture.Forward(m.ops, alpha)
	loss, err := m.executor.Run(p)
	m.fault = err
	clear(dalpha)
	if dalpha != nil {
		for b := range m.program.Inputs {
			m.mixture.Backward(dalpha, m.ops, alpha, m.dops[b*len(m.ops):][:len(m.ops)])
		}
	}
	return loss
}

// NonFinite names the first array of grad with a value that is no number, or returns "".
func (m *Model) NonFinite(grad []float32) string {
	for _, p := range m.Store.Weights.List {
		if !nn.Finite(grad[p.Off:][:p.Len()]) {
			return "the gradient of " + p.Name
		}
	}
	return ""
}

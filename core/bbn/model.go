// Package bbn is the search model: a DARTS supernet with the two branches of BBN (Zhou et al.,
// BBN: Bilateral-Branch Network, CVPR 2020), or, as a special case, one branch alone.
package bbn

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"hlrslab/core/darts"
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
)

// Shape is a model's size.
type Shape struct {
	Channels, Layers, Nodes, Classes int
	Batch, Size                      int
	Branches                         string // where the branches part: "none", "cell", "head" or "concat"
}

// Model is a supernet, shared by the conventional branch (0) and the re-balancing branch (1) up to
// where they part. Each branch takes its own batch through the shared trunk, in a pass of its own.
type Model struct {
	Shape   Shape
	Store   nn.Store
	Weights []float32
	Alpha   []float32 // edges × primitives of the normal cells, then of the reduction cells
	Running []float32

	graphs   []*nn.Graph
	team     *nn.Team
	head     nn.Linear
	second   int // the second head's bias, or -1
	features int // of one branch
	mix      []float32

	logits, dlogits, ignored []float32
}

// New builds a model; once its Store.Memory is made, its weights and alphas are zero until Init or a load sets them. It fails if
// a network is too large to be.
func New(s Shape, pool *tensor.Pool) (*Model, error) {
	m := &Model{Shape: s, second: -1}
	branches := 2
	if s.Branches == "none" {
		branches = 1
	}
	m.mix = make([]float32, 2*darts.Edges(s.Nodes)*len(darts.Primitives))
	m.Alpha = make([]float32, len(m.mix))
	var tops [][]*nn.State
	for b := range branches {
		last := fmt.Sprintf("cell%d", s.Layers-1)
		if b == 1 && s.Branches == "cell" {
			last += ".rb"
		}
		g := nn.NewGraph(&m.Store, pool, s.Batch, s.Size)
		g.Mix = m.mix
		tops = append(tops, darts.Supernet(g, s.Channels, s.Layers, s.Nodes, last))
		m.graphs = append(m.graphs, g)
	}
	c, _, _ := tops[0][0].Shape()
	m.features = s.Nodes * c
	m.head = nn.NewLinear(&m.Store.Weights, "classifier", branches*m.features, s.Classes)
	if s.Branches == "head" {
		m.second = m.Store.Weights.Add("classifier.rb.bias", m.features, s.Classes)
	}
	memory := &m.Store.Memory
	nn.Reserve(memory, &m.Weights, m.Store.Weights.Total)
	nn.Reserve(memory, &m.ignored, m.Store.Weights.Total)
	nn.Reserve(memory, &m.Running, m.Store.Running.Total)
	nn.Reserve(memory, &m.logits, s.Classes*s.Batch)
	nn.Reserve(memory, &m.dlogits, s.Classes*s.Batch)
	var err error
	for b, g := range m.graphs {
		memory.Then(func() { g.Running = m.Running })
		err = cmp.Or(err, g.Build(tops[b]...))
	}
	m.team = nn.NewTeam(m.graphs...)
	return m, err
}

// Init draws the starting point: weights uniform in ±1/√fan (PyTorch's default for convolutions and
// linear layers), alphas 1e-3·N(0,1), BatchNorm at rest.
func (m *Model) Init(rng *rand.Rand) {
	for _, p := range m.Store.Weights.List {
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
	for i := range m.Alpha {
		m.Alpha[i] = float32(1e-3 * rng.NormFloat64())
	}
	m.Rest()
}

// Rest sets BatchNorm's running means to 0 and variances to 1.
func (m *Model) Rest() {
	for i, p := range m.Store.Running.List {
		v := m.Running[p.Off:][:p.Len()]
		for j := range v {
			v[j] = float32(i % 2)
		}
	}
}

// Branches is 1 or 2.
func (m *Model) Branches() int { return len(m.graphs) }

// Images is the input of a branch's batch (see nn.Graph).
func (m *Model) Images(branch int) []float32 { return m.graphs[branch].Images() }

// ImagesLen is its length, and that of buffers that hold a batch.
func (m *Model) ImagesLen() int { return m.graphs[0].ImagesLen() }

// Image is where image n of a batch goes in such a buffer.
func (m *Model) Image(images []float32, n int) (dst []float32, plane, stride int) {
	return m.graphs[0].Image(images, n)
}

// Logits runs the network at weights w on the batches in place; a is the weight of the conventional branch:
// logits = W·[2a·f_c ; 2(1-a)·f_r] + b, which at a = ½ is BBN's inference.
func (m *Model) Logits(w []float32, a float64) []float32 {
	darts.Softmax(m.mix, m.Alpha)
	return m.mixed(w, a)
}

func (m *Model) mixed(w []float32, a float64) []float32 {
	for _, g := range m.graphs {
		g.Weights = w
	}
	m.team.Forward()
	for b, g := range m.graphs {
		m.head.Apply(w, g.Features(), m.logits, m.Shape.Batch, b*m.features, m.factor(b, a), b > 0)
	}
	if m.second >= 0 {
		fc, fr := m.factor(0, a), m.factor(1, a)
		for o := range m.Shape.Classes {
			shift := (fc-1)*w[m.head.Bias+o] + fr*w[m.second+o]
			for n := range m.Shape.Batch {
				m.logits[o*m.Shape.Batch+n] += shift
			}
		}
	}
	return m.logits
}

// factor is the weight of a branch's features.
func (m *Model) factor(branch int, a float64) float32 {
	switch {
	case len(m.graphs) == 1:
		return 1
	case branch == 0:
		return float32(2 * a)
	}
	return float32(2 * (1 - a))
}

// Predict returns the logits of inference, classes × batch, for the same images in all branches; those of the network under
// the given mixing weights, such as a genotype's, unless they are nil.
func (m *Model) Predict(mix []float32) []float32 {
	m.training(false)
	if mix == nil {
		return m.Logits(m.Weights, 0.5)
	}
	copy(m.mix, mix)
	return m.mixed(m.Weights, 0.5)
}

func (m *Model) training(on bool) {
	for _, g := range m.graphs {
		g.Training = on
	}
}

// Objective is a loss of the model on one batch of each branch: a darts.Objective.
type Objective struct {
	Model  *Model
	Images [2][]float32 // of each branch
	Labels [2][]int
	Loss   nn.Loss
	A      float64 // weight of the conventional branch
	Alone  bool    // inference's logits on branch 0's batch in both branches: give it twice
}

// Gradient implements darts.Objective: a·L(z, y_c) + (1-a)·L(z, y_r), one set of logits for both sets of labels.
func (o *Objective) Gradient(w, dw []float32, dalpha []float64, track bool) float64 {
	m := o.Model
	for b := range m.graphs {
		copy(m.Images(b), o.Images[b])
	}
	m.training(true)
	for _, g := range m.graphs {
		g.Momentum = 0
		if track {
			g.Momentum = 0.1
		}
	}
	a := o.A
	if o.Alone {
		a = 0.5
	}
	z := m.Logits(w, a)
	clear(m.dlogits)
	var loss float64
	if len(m.graphs) == 1 || o.Alone {
		loss = o.Loss.Eval(z, o.Labels[0], 1, m.dlogits)
	} else {
		loss = a*o.Loss.Eval(z, o.Labels[0], a, m.dlogits) + (1-a)*o.Loss.Eval(z, o.Labels[1], 1-a, m.dlogits)
	}
	grad := dw
	if grad == nil {
		grad = m.ignored
	} else {
		clear(dw)
	}
	clear(dalpha)
	for b, g := range m.graphs {
		m.head.Back(w, grad, g.Features(), m.dlogits, g.DFeatures(), m.Shape.Batch, b*m.features, m.factor(b, a))
	}
	m.team.Backward(dw != nil)
	for _, g := range m.graphs {
		if dw != nil {
			g.AddGradient(dw)
		}
		if dalpha != nil {
			darts.SoftmaxBack(dalpha, m.mix, g.DMix)
		}
	}
	if m.second >= 0 && dw != nil {
		for c := range m.Shape.Classes {
			sum := dw[m.head.Bias+c]
			dw[m.head.Bias+c] = m.factor(0, a) * sum
			dw[m.second+c] = m.factor(1, a) * sum
		}
	}
	return loss
}

// NonFinite names the first layer with a value that is no number, or the first array of grad with one.
func (m *Model) NonFinite(grad []float32) string {
	for b, g := range m.graphs {
		if name := g.NonFinite(); name != "" {
			return fmt.Sprintf("%s (branch %d)", name, b)
		}
	}
	for _, p := range m.Store.Weights.List {
		if grad != nil && !nn.Finite(grad[p.Off:][:p.Len()]) {
			return "the gradient of " + p.Name
		}
	}
	return "the classifier"
}

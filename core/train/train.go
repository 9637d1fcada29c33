// Package train is the task of training a network from scratch: one of a genotype's cells, or ResNet-32, alone or with the two
// branches of BBN.
package train

import (
	"math/rand/v2"

	"hlrslab/core/bbn"
	"hlrslab/core/darts"
	"hlrslab/core/nn"
	"hlrslab/core/resnet"
	"hlrslab/core/run"
	"hlrslab/core/sched"
)

// task is a training.
type task struct {
	config   run.Config
	genotype darts.Genotype
	model    *bbn.Model
	sgd      *nn.SGD
	steps    int
	masks    []float32 // of drop path

	// Mixup's second labels and first labels' shares, of each branch, and room for a batch of images.
	second [2][]int
	shares [2][]float32
	images []float32

	late    int           // the pair of loaders for deferred re-sampling, or 0
	alike   int           // that for the classifier alone
	retrain int           // the epoch from which the classifier is alone
	rate    sched.Weights // then
	// With learnable weight scaling, the classifier's weights are base's times the scales, which alone are trained.
	base                       []float32
	scales, momentum, gradient []float32

	adjusted []float32 // the weights with a τ-normalised classifier …
	fresh    bool      // … as they are now
}

// Task is a run.Maker.
func Task(c run.Config, classes int, device nn.Device, sgd *nn.SGD) (run.Task, []run.Loader, error) {
	t := &task{config: c, sgd: sgd, retrain: c.NetworkEpochs()}
	shape := bbn.Shape{Classes: classes, Batch: c.Batch, Size: c.Size, Branches: c.Branches, Cosine: run.Cosine(c.Loss)}
	backbone := bbn.Backbone(resnet.ResNet32.Backbone)
	if c.Network == run.CellNetwork {
		t.genotype, _ = darts.ReadGenotype(c.Genotype) // as Validate has read it
		net := darts.EvalNet{Genotype: t.genotype, Channels: c.Channels, Layers: c.Layers, Drops: c.DropPath > 0}
		if c.Auxiliary {
			net.Auxiliary = nn.Classifier{Classes: classes, Cosine: shape.Cosine}
		}
		backbone = func(b *nn.Builder, own string) []*nn.Node {
			b.Multiplier = c.Multiply()
			return net.Backbone(b, own)
		}
	}
	var err error
	t.model, err = bbn.New(shape, backbone, darts.Softmax{}, 0, device)
	loaders := []run.Loader{{Part: run.Whole, Sampler: c.Sampler}, {Part: run.Whole, Sampler: c.Rebalance}}
	memory, weights := &t.model.Store.Memory, t.model.Store.Weights.Total
	if c.DropPath > 0 && err == nil {
		nn.Reserve(memory, &t.masks, t.model.Masks())
	}
	if c.Mixup > 0 {
		nn.Reserve(memory, &t.images, 3*c.Size*c.Size*c.Batch)
		for b := range t.second {
			t.second[b] = make([]int, c.Batch)
			nn.Reserve(memory, &t.shares[b], c.Batch)
		}
	}
	if c.Tau > 0 {
		nn.Reserve(memory, &t.adjusted, weights)
	}
	add := func(sampler string) (pair int) {
		loaders = append(loaders, run.Loader{Part: run.Whole, Sampler: sampler}, run.Loader{Part: run.Whole, Sampler: sampler})
		return len(loaders)/2 - 1
	}
	if c.Late != "none" {
		t.late = add(c.Late)
	}
	if c.Retrain != run.NoRetraining {
		t.rate = sched.Weights{Family: "cosine", Peak: c.Rate, Epochs: c.RetrainEpochs}
		t.alike = add("balanced")
	}
	if c.Retrain == run.WeightScaling {
		nn.Reserve(memory, &t.base, weights)
		for _, p := range []*[]float32{&t.scales, &t.momentum, &t.gradient} {
			nn.Reserve(memory, p, classes)
		}
	}
	return t, loaders, err
}

// Model implements run.Task.
func (t *task) Model() *bbn.Model { return t.model }

// Alpha implements run.Task: there is none.
func (t *task) Alpha() []float32 { return nil }

// AlphaGradient implements run.Task.
func (t *task) AlphaGradient() []float64 { return nil }

// Init implements run.Task: residual networks have a start of their own.
func (t *task) Init(rng *rand.Rand) {
	if t.config.Network != run.CellNetwork {
		t.model.InitNormal(rng)
	}
}

// Configure implements run.Task.
func (t *task) Configure(c run.Config) { t.config = c }

// Epoch implements run.Task.
func (t *task) Epoch(epoch int, counts [][]int, train *bbn.Objective) (pair int) {
	c := t.config
	if epoch >= t.retrain { // classes come alike, and so they weigh
		train.Frozen, train.Inference = true, t.model.Branches() > 1
		if c.Retrain == run.CRT {
			t.sgd.Groups = t.model.Head.Alone(len(t.model.Weights))
		}
		if train.Loss = (nn.Loss{}); run.Cosine(c.Loss) {
			train.Loss.Scale = run.CosineScale
		}
		return t.alike
	}
	isLate := run.Late(epoch, t.retrain)
	train.Loss = run.Loss(c.Loss, c.Adjustment, counts[run.Whole], isLate)
	if t.drop(epoch) > 0 {
		train.Masks = t.masks
	}
	if isLate {
		return t.late
	}
	return 0
}

// drop is the probability of drop path in an epoch (DARTS, section 3.2).
func (t *task) drop(epoch int) float64 {
	return t.config.DropPath * float64(epoch) / float64(t.retrain)
}

// Before implements run.Task: what is done to the images, and the beginning of the classifier's time alone.
func (t *task) Before(e *run.Event, train *bbn.Objective, batches *run.Batches) error {
	c := t.config
	t.fresh = false
	t.steps++
	if e.Epoch >= t.retrain {
		e.Rate = t.rate.At(e.Epoch - t.retrain)
		if e.Epoch == t.retrain && e.Step == 0 {
			t.alone(batches.Random())
		}
		return nil
	}
	if train.Masks != nil {
		nn.DropPath(t.masks, t.drop(e.Epoch), batches.Random())
	}
	if c.Mixup > 0 {
		for b := range t.model.Branches() {
			t.mix(b, &train.Batches[b], batches.Random())
		}
	}
	return nil
}

// alone begins the classifier's time.
func (t *task) alone(rng *rand.Rand) {
	clear(t.sgd.Buffer)
	if t.config.Retrain == run.CRT {
		t.model.InitHead(rng)
		return
	}
	copy(t.base, t.model.Weights)
	for i := range t.scales {
		t.scales[i] = 1
	}
}

// mix has each image of a branch's batch be one of two, in shares of Beta(a, a) (mixup: Zhang et al., 2018).
func (t *task) mix(branch int, b *nn.Batch, rng *rand.Rand) {
	n := len(b.Labels)
	other := rng.Perm(n)
	share := float32(sched.Beta(t.config.Mixup, rng))
	copy(t.images, b.Images)
	for at := 0; at < len(b.Images); at += n {
		to, from := b.Images[at:at+n], t.images[at:at+n]
		for i, v := range from {
			to[i] = float32(share*v) + float32((1-share)*from[other[i]]) // rounded apart, on every machine
		}
	}
	for i, k := range other {
		t.second[branch][i], t.shares[branch][i] = b.Labels[k], share
	}
	b.Second, b.Shares = t.second[branch], t.shares[branch]
}

// Descend implements run.Task.
func (t *task) Descend(grad []float32, rate float64) {
	if t.config.Retrain != run.WeightScaling || t.scales[0] == 0 { // which are set when the classifier's time begins
		t.sgd.Step(t.model.Weights, grad, rate)
		return
	}
	t.model.Head.ScaleGradient(t.gradient, t.base, grad)
	m, r := float32(t.config.Momentum), float32(rate)
	for i, g := range t.gradient {
		t.momentum[i] = float32(m*t.momentum[i]) + g
		t.scales[i] -= float32(r * t.momentum[i])
	}
	t.model.Head.Scale(t.model.Weights, t.base, t.scales)
}

// Tests implements run.Task.
func (t *task) Tests(int) int {
	if t.config.Tau > 0 {
		return 2
	}
	return 1
}

// Predict implements run.Task: of the network as it is, and with its classifier τ-normalised.
func (t *task) Predict(test int, batch nn.Batch) []float32 {
	if test == 0 {
		return t.model.Predict(batch, t.model.Weights, nil, nil)
	}
	if !t.fresh {
		copy(t.adjusted, t.model.Weights)
		t.model.Head.TauNormalise(t.adjusted, t.config.Tau)
		t.fresh = true
	}
	return t.model.Predict(batch, t.adjusted, nil, nil)
}

// Report implements run.Task.
func (t *task) Report(p *run.Report) (end string) {
	p.TauNormalised, p.Discrete = p.Discrete, 0
	if t.config.Network == run.CellNetwork {
		p.Genotype, p.Counts = t.genotype, t.genotype.Counts()
		p.Energy = t.config.Energy(t.genotype, len(p.Classes))
	}
	return ""
}

// State implements run.Task.
func (t *task) State(single func(name string, v []float32), _ func(name string, v []float64)) (steps *int) {
	if t.config.Retrain == run.WeightScaling {
		single("scaling.base", t.base)
		single("scaling.scales", t.scales)
		single("scaling.momentum", t.momentum)
	}
	return &t.steps
}

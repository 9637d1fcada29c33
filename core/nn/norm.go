package nn

// Eps is BatchNorm's guard against a zero variance, and Momentum the share of a batch in the running statistics.
const (
	Eps      = 1e-5
	Momentum = 0.1
)

// BatchNorm is a normalisation over the planes of a map (Ioffe and Szegedy, 2015), through which others read it.
type BatchNorm struct {
	Name        string
	X           FeatureMap
	Gamma, Beta int // places among the weights, X.C values each; -1 without affine part
	Running     int // place of the means, then the variances, among the running statistics
}

// newNorm adds a BatchNorm; without a name there is none.
func (b *Builder) newNorm(name string, x FeatureMap, affine bool) *BatchNorm {
	if name == "" {
		return nil
	}
	store := b.p.Params
	n := &BatchNorm{Name: name, X: x, Gamma: -1, Beta: -1}
	n.Running = store.Running.Add(name+".running_mean", 0, x.C)
	if v := store.Running.Add(name+".running_var", 0, x.C); v != n.Running+x.C {
		panic("nn: running statistics out of order")
	}
	if affine {
		n.Gamma = store.Weights.Add(name+".weight", 0, x.C)
		n.Beta = store.Weights.Add(name+".bias", 0, x.C)
	}
	return n
}

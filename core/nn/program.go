package nn

// FeatureMap is C planes of H × W values for every image of a branch's batch. How they lie in memory is the device's affair.
type FeatureMap struct{ ID, C, H, W int }

// Lifetime is when a feature map holds something: from one level to another, those of the backward pass counting from
// BackwardLevel. A map that is never used has To < From.
type Lifetime struct {
	FeatureMap
	Branch, From, To int
}

// BackwardLevel is the backward pass's first level among all levels.
const BackwardLevel = 1 << 20

// Op is one operation of a Program: what it reads and writes and where its weights are, nothing of how it is done. The forward
// pass has *Stem, *Conv, *Node and *Head; the backward pass *Node, *Conv (of those that follow a Conv), *GradientGroup and *Stem.
type Op interface{ op() }

func (*Stem) op()          {}
func (*Conv) op()          {}
func (*Node) op()          {}
func (*GradientGroup) op() {}
func (*Head) op()          {}

// Program is a compiled network, as data: a Device makes of it what it can run. Operations of one level are independent
// of each other.
type Program struct {
	Params    *Store
	Batch     int          // images of a branch's batch
	Inputs    []FeatureMap // of each branch: its images
	Maps      []Lifetime   // by FeatureMap.ID
	OpWeights int          // operation weights that terms name
	Drops     int          // terms that drop path may drop
	MACs      int          // multiply-adds of convolutions and classifiers, for an image of each branch and a forward pass

	Depthwise, Pointwise int // those of them that a Multiplier multiplies: of windows that learn, and of matrices

	Forward, Backward [][]Op
}

// Place gives each feature map of a branch a place in one block of memory, by ID, such that no two overlap while both hold
// something; size is that of a map, in what unit ever. It returns the block's size.
func (p *Program) Place(branch int, size func(FeatureMap) int) (places []int, total int) {
	var spans []span
	for _, m := range p.Maps {
		if m.Branch == branch {
			spans = append(spans, span{size: size(m.FeatureMap), from: m.From, to: m.To})
		}
	}
	total = pack(spans)
	places = make([]int, len(p.Maps))
	for id, m := range p.Maps {
		if m.Branch == branch {
			places[id], spans = spans[0].off, spans[1:]
		}
	}
	return places, total
}

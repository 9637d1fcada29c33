// Package nn is the network engine: layers with explicit forward and backward passes over one
// preallocated block of memory, losses and optimisers. A network is fixed once built, so there is
// no tape: it is compiled to phases of independent tasks, and a training step allocates nothing.
package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Param is a named range of a parameter vector.
type Param struct {
	Name  string
	Off   int
	Shape []int
	Fan   int // inputs of one output, for initialisation; 0 for BatchNorm's scale and shift
}

// Len is the number of values.
func (p Param) Len() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// Params lays out named arrays in one flat vector. Networks that name an array alike share it.
type Params struct {
	List  []Param
	Total int
	index map[string]int
}

// Add returns the offset of the named array, laying it out if it is new.
func (p *Params) Add(name string, fan int, shape ...int) int {
	if i, ok := p.index[name]; ok {
		return p.List[i].Off
	}
	if p.index == nil {
		p.index = map[string]int{}
	}
	q := Param{name, p.Total, shape, fan}
	p.index[name] = len(p.List)
	p.List = append(p.List, q)
	p.Total += q.Len()
	return q.Off
}

// Find returns the named array.
func (p *Params) Find(name string) (Param, error) {
	if i, ok := p.index[name]; ok {
		return p.List[i], nil
	}
	return Param{}, fmt.Errorf("no parameter is named %q", name)
}

// Store is everything that networks of one model share: trainable parameters and BatchNorm's
// running statistics, each laid out in one vector, and the networks' memory.
type Store struct {
	Weights Params
	Running Params
	Memory  Memory
}

// Normal draws from the standard normal distribution (Box and Muller, 1958), to the same bits everywhere: math/rand takes logarithms
// for which some machines have assembly.
func Normal(rng *rand.Rand) float64 {
	return math.Sqrt(-2*Log(1-rng.Float64())) * math.Cos(2*math.Pi*rng.Float64())
}

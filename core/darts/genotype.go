package darts

import (
	"fmt"
	"slices"
	"strings"
)

// Edge is one chosen operation of a cell: the primitive's name and the state it reads
// (0 and 1 are the cell's inputs, 2 + i is intermediate node i).
type Edge struct {
	Op   string `json:"op"`
	From int    `json:"from"`
}

// Genotype is a discrete architecture: two edges for each node, in node order, and the states
// that are concatenated to the cell's output.
type Genotype struct {
	Normal       []Edge `json:"normal"`
	NormalConcat []int  `json:"normal-concat"`
	Reduce       []Edge `json:"reduce"`
	ReduceConcat []int  `json:"reduce-concat"`
}

// Discretise is DARTS's rule on softmax weights (edges × primitives): each node keeps the two edges whose
// strongest operation is strongest, strongest first, 'none' left out; ties go to the smaller index.
func Discretise(normal, reduce [][]float64, nodes int) Genotype {
	cell := func(weights [][]float64) (edges []Edge) {
		type scored struct {
			Edge
			score float64
		}
		at := 0
		for i := range nodes {
			var all []scored
			for j := range 2 + i {
				best := 1
				for k, w := range weights[at] {
					if k > 0 && w > weights[at][best] {
						best = k
					}
				}
				all = append(all, scored{Edge{Primitives[best], j}, weights[at][best]})
				at++
			}
			slices.SortStableFunc(all, func(a, b scored) int {
				switch {
				case a.score > b.score:
					return -1
				case a.score < b.score:
					return 1
				}
				return 0
			})
			edges = append(edges, all[0].Edge, all[1].Edge)
		}
		return edges
	}
	concat := make([]int, nodes)
	for i := range concat {
		concat[i] = 2 + i
	}
	return Genotype{cell(normal), concat, cell(reduce), slices.Clone(concat)}
}

// DiscretiseFew is Discretise with at most so many skip connections in the normal cell: the weakest give way, one after the other,
// to what comes next (P-DARTS, Chen et al., 2019).
func DiscretiseFew(normal, reduce [][]float64, nodes, skips int) Genotype {
	skip := slices.Index(Primitives, "skip_connect")
	rows := make([][]float64, len(normal))
	for i, row := range normal {
		rows[i] = slices.Clone(row)
	}
	for {
		g := Discretise(rows, reduce, nodes)
		var weakest []float64
		n := 0
		for i, e := range g.Normal {
			node := i / 2
			if row := rows[Edges(node)+e.From]; e.Op == Primitives[skip] {
				if n++; weakest == nil || row[skip] < weakest[skip] {
					weakest = row
				}
			}
		}
		if n <= skips {
			return g
		}
		weakest[skip] = -1
	}
}

// OneHot is the mixing weights under which the search network is g alone: edges × primitives of the normal cells, then of the
// reduction cells; 1 at the operations of g and 0 elsewhere.
func (g Genotype) OneHot(nodes int) []float32 {
	var mix []float32
	for _, cell := range [][]Edge{g.Normal, g.Reduce} {
		for node := range nodes {
			at := len(mix)
			mix = append(mix, make([]float32, (2+node)*len(Primitives))...)
			for _, e := range cell[2*node : 2*node+2] {
				mix[at+e.From*len(Primitives)+slices.Index(Primitives, e.Op)] = 1
			}
		}
	}
	return mix
}

// Counts is the number of skip connections, pools and convolutions of both cells, under "skip", "pool" and "conv".
func (g Genotype) Counts() map[string]int {
	n := map[string]int{"skip": 0, "pool": 0, "conv": 0}
	for _, e := range slices.Concat(g.Normal, g.Reduce) {
		switch {
		case e.Op == "skip_connect":
			n["skip"]++
		case strings.Contains(e.Op, "pool"):
			n["pool"]++
		default:
			n["conv"]++
		}
	}
	return n
}

// Validate reports the first thing that is no genotype: an operation or state that does not exist, a node without two edges.
func (g Genotype) Validate() error {
	for _, c := range []struct {
		name   string
		edges  []Edge
		concat []int
	}{{"normal", g.Normal, g.NormalConcat}, {"reduce", g.Reduce, g.ReduceConcat}} {
		if len(c.edges) == 0 || len(c.edges)%2 != 0 {
			return fmt.Errorf("genotype: %s has %d edges; every node takes two", c.name, len(c.edges))
		}
		states := 2 + len(c.edges)/2
		for i, e := range c.edges {
			if known := e.Op != "none" && slices.Contains(Primitives, e.Op) || e.Op == "sep_conv_7x7" || e.Op == "conv_7x1_1x7"; !known {
				return fmt.Errorf("genotype: %s edge %d: no operation is called %.80q", c.name, i, e.Op)
			}
			if e.From < 0 || e.From >= 2+i/2 {
				return fmt.Errorf("genotype: %s edge %d: node %d cannot read state %d", c.name, i, i/2, e.From)
			}
		}
		if len(c.concat) == 0 {
			return fmt.Errorf("genotype: %s_concat is empty", c.name)
		}
		for _, s := range c.concat {
			if s < 2 || s >= states {
				return fmt.Errorf("genotype: %s_concat: there is no node %d", c.name, s)
			}
		}
	}
	return nil
}

// String is quark0/darts' notation.
func (g Genotype) String() string {
	edges := func(list []Edge) string {
		parts := make([]string, len(list))
		for i, e := range list {
			parts[i] = fmt.Sprintf("('%s', %d)", e.Op, e.From)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	concat := func(list []int) string {
		for i, s := range list {
			if s != list[0]+i {
				return strings.ReplaceAll(fmt.Sprint(list), " ", ", ")
			}
		}
		if len(list) == 0 {
			return "[]"
		}
		return fmt.Sprintf("range(%d, %d)", list[0], list[0]+len(list))
	}
	return fmt.Sprintf("Genotype(normal=%s, normal_concat=%s, reduce=%s, reduce_concat=%s)",
		edges(g.Normal), concat(g.NormalConcat), edges(g.Reduce), concat(g.ReduceConcat))
}

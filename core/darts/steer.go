package darts

import (
	"fmt"
	"slices"
	"strings"

	"hlrslab/core/nn"
)

// Steered is a mixture in which some operations are forbidden: they have weight 0, are not run, and their alphas rest but for decay.
type Steered struct {
	nn.Mixture
	Forbidden []bool // of each alpha; nil forbids nothing

	alpha []float32
}

// out is an alpha so low that every mixture gives it no weight.
const out = -1e4

// Forward implements nn.Mixture.
func (m *Steered) Forward(ops, alpha []float32) {
	m.Mixture.Forward(ops, m.steer(alpha))
	for i, f := range m.Forbidden {
		if f { // a perturbation may have given it some
			ops[i] = 0
		}
	}
}

// Backward implements nn.Mixture.
func (m *Steered) Backward(dalpha []float64, ops, alpha []float32, dops []float64) {
	m.Mixture.Backward(dalpha, ops, m.steer(alpha), dops)
}

// steer is alpha with what is forbidden out of the way.
func (m *Steered) steer(alpha []float32) []float32 {
	if m.Forbidden == nil {
		return alpha
	}
	m.alpha = append(m.alpha[:0], alpha...)
	for i, f := range m.Forbidden {
		if f {
			m.alpha[i] = out
		}
	}
	return m.alpha
}

// Drop is what is forbidden where operations go, too, whose weights are below least, but for the strongest of each edge; dropped counts
// those that go of the weighing ones, which had a weight.
func (m *Steered) Drop(alpha []float32, least float64) (forbidden []bool, dropped, weighing int) {
	ops, n := make([]float32, m.Len(len(alpha))), len(Primitives)
	m.Forward(ops, alpha)
	forbidden = make([]bool, len(alpha))
	copy(forbidden, m.Forbidden)
	for e := 0; e < len(alpha); e += n {
		row := ops[e : e+n]
		strongest := slices.Index(row, slices.Max(row))
		for k, v := range row {
			goes := k != strongest && float64(v) < least
			forbidden[e+k] = forbidden[e+k] || goes
			if v > 0 {
				weighing++
				if goes {
					dropped++
				}
			}
		}
	}
	return forbidden, dropped, weighing
}

// ParseSteering reads what is forbidden in cells of so many nodes: nil for an empty text, else of each alpha. The text is rules after
// commas, each of which forbids (-) an operation or pins (+) it, forbidding the others: everywhere (-skip_connect), in one kind of
// cell (-normal:skip_connect), or on one edge of it (+reduce:k-1>0:sep_conv_3x3), named by its source and its node.
func ParseSteering(text string, nodes int) (forbidden []bool, err error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	n, edges := len(Primitives), Edges(nodes)
	forbidden = make([]bool, 2*edges*n)
	for rule := range strings.SplitSeq(text, ",") {
		rule = strings.TrimSpace(rule)
		parts := strings.Split(strings.TrimLeft(rule, "+-"), ":")
		op := slices.Index(Primitives, parts[len(parts)-1])
		switch {
		case len(rule) == 0 || rule[0] != '+' && rule[0] != '-':
			return nil, fmt.Errorf("%.80q begins with neither + (pin) nor - (forbid)", rule)
		case len(parts) > 3:
			return nil, fmt.Errorf("%.80q has more than a cell, an edge and an operation", rule)
		case op < 0:
			return nil, fmt.Errorf("%.80q: there is no operation %.80q; there are %s", rule, parts[len(parts)-1], strings.Join(Primitives, ", "))
		}
		from, to := 0, 2*edges
		if len(parts) > 1 {
			switch parts[0] {
			case "normal":
				to = edges
			case "reduce":
				from = edges
			default:
				return nil, fmt.Errorf("%.80q: a cell is normal or reduce, not %.80q", rule, parts[0])
			}
		}
		if len(parts) == 3 {
			e, ok := edgeOf(parts[1], nodes)
			if !ok {
				return nil, fmt.Errorf("%.80q: there is no edge %.80q in cells of %d nodes; one is k-2>0", rule, parts[1], nodes)
			}
			from, to = from+e, from+e+1
		}
		for e := from; e < to; e++ {
			for k := range n {
				if (k == op) == (rule[0] == '-') {
					forbidden[e*n+k] = true
				}
			}
		}
	}
	left := 0 // of a node's edges, those that some operation may be on
	for e := range 2 * edges {
		cell := [2]string{"normal", "reduce"}[e/edges]
		if !slices.Contains(forbidden[e*n:(e+1)*n], false) {
			return nil, fmt.Errorf("nothing is left on the edge %s:%s", cell, EdgeName(e%edges))
		}
		if slices.Contains(forbidden[e*n+1:(e+1)*n], false) {
			left++
		}
		source, node := Ends(e % edges)
		if source < node+1 {
			continue
		}
		if left < 2 {
			return nil, fmt.Errorf("node %d of the %s cell needs operations on two edges, and none is allowed on all but %d", node, cell, left)
		}
		left = 0
	}
	return forbidden, nil
}

// EdgeName is an edge's source and node as rules spell them: k-1>0 leads from the cell before to node 0.
func EdgeName(e int) string {
	source, node := Ends(e)
	if source < 2 {
		return fmt.Sprintf("k-%d>%d", 2-source, node)
	}
	return fmt.Sprintf("%d>%d", source-2, node)
}

// EdgeNames are the edges that g has, with their cells, as rules spell them.
func (g Genotype) EdgeNames() (names []string) {
	for cell, edges := range [2][]Edge{g.Normal, g.Reduce} {
		for i, e := range edges {
			names = append(names, [2]string{"normal", "reduce"}[cell]+":"+EdgeName(Edges(i/2)+e.From))
		}
	}
	return names
}

// Ends are an edge's source, of which the cell's two inputs are the first, and its node.
func Ends(e int) (source, node int) {
	for e >= node+2 {
		e -= node + 2
		node++
	}
	return e, node
}

// edgeOf is the edge of a name.
func edgeOf(name string, nodes int) (e int, ok bool) {
	for e := range Edges(nodes) {
		if EdgeName(e) == name {
			return e, true
		}
	}
	return 0, false
}

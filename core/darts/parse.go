package darts

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// ReadGenotype makes the genotype that text says: a published name, random:SEED, all:OPERATION (of which all edges are, from a cell's
// two inputs), or quark0/darts' notation.
func ReadGenotype(text string) (Genotype, error) {
	text = strings.TrimSpace(text)
	if i := slices.IndexFunc(Published, func(p PublishedGenotype) bool { return p.Name == text }); i >= 0 {
		return ParseGenotype(Published[i].Text)
	}
	kind, of, named := strings.Cut(text, ":")
	switch {
	case named && kind == "random":
		seed, err := strconv.ParseUint(of, 10, 64)
		if err != nil {
			return Genotype{}, fmt.Errorf("genotype: %.80q is no seed; give a whole number from 0, as in random:7", of)
		}
		return RandomGenotype(4, nil, rand.New(rand.NewPCG(seed, 0))), nil
	case named && kind == "all":
		return uniform(4, of)
	case !strings.Contains(text, "="):
		var names []string
		for _, p := range Published {
			names = append(names, p.Name)
		}
		return Genotype{}, fmt.Errorf("genotype: there is no %.80q; give one of %s, random:SEED, all:OPERATION or Genotype(normal=…)", text, strings.Join(names, ", "))
	}
	return ParseGenotype(text)
}

// RandomGenotype draws a genotype: two sources of each node, all pairs being alike, and of each edge an operation, all being alike
// that are not forbidden (see ParseSteering), or, where all are, any.
func RandomGenotype(nodes int, forbidden []bool, rng *rand.Rand) Genotype {
	n := len(Primitives)
	edge := 0
	cell := func() (edges []Edge) {
		for node := range nodes {
			from := rng.Perm(node + 2)[:2]
			slices.Sort(from)
			for _, f := range from {
				var ops []string
				for k := 1; k < n; k++ {
					if forbidden == nil || !forbidden[(edge+f)*n+k] {
						ops = append(ops, Primitives[k])
					}
				}
				if len(ops) == 0 {
					ops = Primitives[1:]
				}
				edges = append(edges, Edge{ops[rng.IntN(len(ops))], f})
			}
			edge += node + 2
		}
		return edges
	}
	g := Genotype{Normal: cell(), Reduce: cell()}
	g.NormalConcat = inner(nodes)
	g.ReduceConcat = inner(nodes)
	return g
}

// inner are the intermediate nodes of a cell.
func inner(nodes int) (list []int) {
	for n := range nodes {
		list = append(list, n+2)
	}
	return list
}

func uniform(nodes int, op string) (Genotype, error) {
	var edges []Edge
	for range nodes {
		edges = append(edges, Edge{op, 0}, Edge{op, 1})
	}
	g := Genotype{Normal: edges, Reduce: edges, NormalConcat: inner(nodes), ReduceConcat: inner(nodes)}
	return g, g.Validate()
}

// ParseGenotype reads quark0/darts' notation, with or without a name and an equals sign before it.
func ParseGenotype(text string) (Genotype, error) {
	var g Genotype
	var err error
	p := parser{rest: text}
	seen := map[string]bool{}
	for p.token != "" || p.next() {
		name := p.token
		if !p.next() || p.token != "=" || !strings.HasPrefix(name, "normal") && !strings.HasPrefix(name, "reduce") {
			continue // what is before it
		}
		if seen[name] {
			return g, fmt.Errorf("genotype: %s is given twice", name)
		}
		seen[name] = true
		p.next()
		switch name {
		case "normal":
			g.Normal, err = p.edges()
		case "reduce":
			g.Reduce, err = p.edges()
		case "normal_concat":
			g.NormalConcat, err = p.states()
		case "reduce_concat":
			g.ReduceConcat, err = p.states()
		}
		if err != nil {
			return g, fmt.Errorf("genotype: %s: %w", name, err)
		}
	}
	for _, name := range []string{"normal", "normal_concat", "reduce", "reduce_concat"} {
		if !seen[name] {
			return g, fmt.Errorf("genotype: %s is missing; expected Genotype(normal=[('sep_conv_3x3', 1), …], normal_concat=range(2, 6), reduce=…, reduce_concat=…)", name)
		}
	}
	return g, g.Validate()
}

// parser reads Python's tokens one by one: names, numbers, and single characters; quotes are passed over.
type parser struct{ token, rest string }

func (p *parser) next() bool {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n'\"")
	word := func(c rune) bool {
		return c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	n := strings.IndexFunc(p.rest, func(c rune) bool { return !word(c) })
	switch {
	case n < 0:
		n = len(p.rest)
	case n == 0:
		n = 1
	}
	p.token, p.rest = p.rest[:n], p.rest[n:]
	return n > 0
}

// take goes on if the token is the one that has to be there.
func (p *parser) take(token string) error {
	if p.token != token {
		return fmt.Errorf("cannot read %.80q, where %q has to be", p.token, token)
	}
	p.next()
	return nil
}

func (p *parser) number() (int, error) {
	n, err := strconv.Atoi(p.token)
	if err != nil || n < 0 || n > 64 {
		return 0, fmt.Errorf("cannot read %.80q, where a small number has to be", p.token)
	}
	p.next()
	return n, nil
}

// list reads [item, …].
func (p *parser) list(item func() error) error {
	if err := p.take("["); err != nil {
		return err
	}
	for p.token != "]" {
		if err := item(); err != nil {
			return err
		}
		if p.token != "]" {
			if err := p.take(","); err != nil {
				return err
			}
		}
	}
	p.next()
	return nil
}

func (p *parser) edges() (edges []Edge, err error) {
	err = p.list(func() error {
		if err := p.take("("); err != nil {
			return err
		}
		op := p.token
		p.next()
		if err := p.take(","); err != nil {
			return err
		}
		from, err := p.number()
		edges = append(edges, Edge{op, from})
		if err != nil {
			return err
		}
		return p.take(")")
	})
	return edges, err
}

// states reads range(a, b) or a list of them.
func (p *parser) states() (states []int, err error) {
	if p.token != "range" {
		err = p.list(func() error {
			n, err := p.number()
			states = append(states, n)
			return err
		})
		return states, err
	}
	var ends [2]int
	p.next()
	for i, before := range []string{"(", ","} {
		if err := p.take(before); err != nil {
			return nil, err
		}
		if ends[i], err = p.number(); err != nil {
			return nil, err
		}
	}
	for n := ends[0]; n < ends[1]; n++ {
		states = append(states, n)
	}
	return states, p.take(")")
}

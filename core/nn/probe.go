package nn

// Leaf adds a node of no terms: what it holds is put there from outside. With Given it lets tests hold a device's operations
// against reference numbers, one by one.
func (b *Builder) Leaf(c, h, w int) *Node {
	n := &Node{Branch: b.branch}
	b.enter(n, c, h, w)
	return n
}

// Given takes the last node out of the backward pass: its gradient is put there from outside.
func (b *Builder) Given() {
	last := len(b.nodes) - 1
	for _, r := range b.nodes[last].Reads {
		b.use(r.Grad, back(0))
	}
	b.nodes = b.nodes[:last]
}

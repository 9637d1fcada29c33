package darts

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

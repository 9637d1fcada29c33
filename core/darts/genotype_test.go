package darts

import (
	"reflect"
	"strings"
	"testing"
)

func TestPublishedNetworks(t *testing.T) {
	want := map[string][3]int{ // weights and multiply-adds at C=36, L=20; weights at C=16, L=8
		"DARTS_V1": {3169414, 500987520, 232890}, "DARTS_V2": {3349342, 528359040, 246106}, "PDARTS": {3433798, 532174464, 292026},
		"PC_DARTS_cifar": {3634678, 556670592, 335738}, "pt.darts": {2833750, 452437632, 0},
		"NASNet": {3830950, 603452448, 333946}, "AmoebaNet": {3145078, 488931552, 326330},
	}
	for _, p := range Published {
		g, err := ParseGenotype(p.Name + " = " + p.Text)
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		if g.String() != p.Text {
			t.Errorf("%s is written as %s", p.Name, g)
		}
		params, macs, auxiliary := EvalCost(g, 36, 20, 10, 32)
		head := 457994
		if len(g.ReduceConcat) == 4 {
			head = 476426
		}
		if auxiliary != head {
			t.Errorf("%s: %d weights in the auxiliary head, want %d", p.Name, auxiliary, head)
		}
		if w := want[p.Name]; params != w[0] || macs != w[1] {
			t.Errorf("%s: %d weights and %d multiply-adds, want %d and %d", p.Name, params, macs, w[0], w[1])
		}
		if small, _, _ := EvalCost(g, 16, 8, 10, 32); want[p.Name][2] > 0 && small != want[p.Name][2] {
			t.Errorf("%s, small: %d weights, want %d", p.Name, small, want[p.Name][2])
		}
	}
}

func TestUniformNetworks(t *testing.T) {
	for op, want := range map[string]int{"skip_connect": 1580950, "max_pool_3x3": 1370134, "sep_conv_3x3": 4701718} {
		var g Genotype
		for range 4 {
			g.Normal = append(g.Normal, Edge{op, 0}, Edge{op, 1})
		}
		g.Reduce, g.NormalConcat, g.ReduceConcat = g.Normal, []int{2, 3, 4, 5}, []int{2, 3, 4, 5}
		if params, _, auxiliary := EvalCost(g, 36, 20, 10, 32); params != want || auxiliary != 476426 {
			t.Errorf("all %s: %d weights and %d of the auxiliary head, want %d and 476426", op, params, auxiliary, want)
		}
	}
}

func TestSupernetCost(t *testing.T) {
	for _, c := range []struct{ channels, layers, classes, params, macs int }{
		{16, 8, 10, 1930618, 300255744},
		{16, 5, 10, 1275834, 0},
		{8, 8, 10, 597890, 100254976},
		{8, 5, 10, 394210, 61629696},
		{16, 14, 10, 3239674, 0},
		{16, 8, 100, 1953748, 0},
		{4, 8, 10, 207094, 0},
		{4, 5, 10, 136182, 22884992},
		{4, 3, 10, 72854, 0},
		{8, 3, 10, 209442, 0},
		{36, 20, 10, 19932310, 0},
	} {
		params, macs := SupernetCost(Supernet{Channels: c.channels, Layers: c.layers, Nodes: 4}, c.classes, 32)
		if params != c.params || c.macs > 0 && macs != c.macs {
			t.Errorf("C=%d L=%d, %d classes: %d weights, %d multiply-adds, want %d and %d", c.channels, c.layers, c.classes, params, macs, c.params, c.macs)
		}
	}
}

// weights are two edges' rows with the given values at primitives, the rest equal and small.
func rows(values ...map[int]float64) [][]float64 {
	var out [][]float64
	for _, v := range values {
		row := make([]float64, len(Primitives))
		for k := range row {
			row[k] = 0.01
		}
		for k, x := range v {
			row[k] = x
		}
		out = append(out, row)
	}
	return out
}

func TestDiscretise(t *testing.T) {
	normal := rows(
		map[int]float64{0: 0.9, 4: 0.02}, map[int]float64{3: 0.5}, // node 0: 'none' dominates an edge and is still not chosen
		map[int]float64{5: 0.3, 6: 0.3}, map[int]float64{7: 0.3}, map[int]float64{1: 0.3}, // node 1: ties go to smaller indices
	)
	want := []Edge{{"skip_connect", 1}, {"sep_conv_3x3", 0}, {"sep_conv_5x5", 0}, {"dil_conv_5x5", 1}}
	g := Discretise(normal, normal, 2)
	if !reflect.DeepEqual(g.Normal, want) || !reflect.DeepEqual(g.Reduce, want) {
		t.Errorf("got %v, want %v", g, want)
	}
	if err := g.Validate(); err != nil {
		t.Error(err)
	}
	if n := g.Counts(); n["skip"] != 2 || n["pool"] != 0 || n["conv"] != 6 {
		t.Errorf("counts %v", n)
	}
}

func TestGenotypeErrors(t *testing.T) {
	good := Published[1].Text
	for part, text := range map[string]string{
		"no operation": strings.Replace(good, "sep_conv_3x3", "sep_conv_9x9", 1), "cannot read state 7": strings.Replace(good, "('sep_conv_3x3', 0)", "('sep_conv_3x3', 7)", 1),
		"reduce_concat is missing": strings.Replace(good, ", reduce_concat=range(2, 6)", "", 1), "two": strings.Replace(good, "('sep_conv_3x3', 0), ", "", 1),
		"cannot read": strings.Replace(good, "('sep_conv_3x3', 0)", "('sep_conv_3x3')", 1), "no node 9": strings.Replace(good, "range(2, 6)", "[2, 9]", 1),
	} {
		if _, err := ParseGenotype(text); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v", part, err)
		}
	}
	long := strings.Repeat("x", 1_000_000)
	for _, text := range []string{long, "random:" + long, "all:" + long, "Genotype(normal=" + long + ")", strings.Replace(good, "sep_conv_3x3", long, 1)} {
		if _, err := ReadGenotype(text); err == nil || len(err.Error()) > 500 || !strings.Contains(err.Error(), "xxxx") {
			t.Errorf("of a long text: %.600v", err)
		}
	}
	loose := "Genotype( normal = [ (\"sep_conv_3x3\",1), ('skip_connect' , 0) ], normal_concat = [2], reduce=[('max_pool_3x3', 0),('max_pool_3x3', 1)],\n reduce_concat=range(2,3) )"
	if _, err := ParseGenotype(loose); err != nil {
		t.Error(err)
	}
}

package darts

import (
	"fmt"
	"strings"
	"testing"

	"hlrslab/core/approx"
	"hlrslab/core/nn"
)

// TestWhereTheWeightsAre: a total can be right by errors that cancel; each cell and operation must be.
func TestWhereTheWeightsAre(t *testing.T) {
	var store nn.Store
	Supernet{Channels: 16, Layers: 8, Nodes: 4}.Backbone(nn.NewBuilder(&store, 1, 32), "")
	under := func(prefix string) (n int) {
		for _, p := range store.Weights.List {
			if strings.HasPrefix(p.Name, prefix) {
				n += p.Len()
			}
		}
		return n
	}
	for prefix, want := range map[string]int{
		"stem.": 1392, "cell0.": 45888, "cell1.": 46144, "cell2.": 144000, "cell3.": 137856,
		"cell4.": 139904, "cell5.": 484608, "cell6.": 460032, "cell7.": 468224,
	} {
		if got := under(prefix); got != want {
			t.Errorf("%s: %d weights, want %d", prefix, got, want)
		}
	}
	for op, want := range map[string][3]int{ // at 16, 32 and 64 channels
		"sep_conv_3x3": {800, 2624, 9344}, "sep_conv_5x5": {1312, 3648, 11392}, "dil_conv_3x3": {400, 1312, 4672},
		"dil_conv_5x5": {656, 1824, 5696}, "skip_connect": {0, 1024, 4096}, "max_pool_3x3": {}, "none": {},
	} {
		for i, cell := range []int{0, 2, 5} { // edge 0 has stride 2 in cells 2 and 5
			if got := under(fmt.Sprintf("cell%d.edge0.%s.", cell, op)); got != want[i] {
				t.Errorf("cell %d, %s: %d weights, want %d", cell, op, got, want[i])
			}
		}
	}
}

func TestSmallAndWideNetworks(t *testing.T) {
	uniform := func(op string) string {
		pair := strings.Repeat(fmt.Sprintf("('%s', 0), ('%s', 1), ", op, op), 4)
		return fmt.Sprintf("normal=[%s], normal_concat=range(2, 6), reduce=[%s], reduce_concat=range(2, 6)", pair, pair)
	}
	v1, v2 := Published[0].Text, Published[1].Text
	for _, c := range []struct {
		name, text                              string
		channels, layers, classes, params, macs int
	}{
		{"skip", uniform("skip_connect"), 16, 8, 10, 143226, 0},
		{"pool", uniform("max_pool_3x3"), 16, 8, 10, 100730, 0},
		{"convolution", uniform("sep_conv_3x3"), 16, 8, 10, 411002, 0},
		{"V1", v1, 16, 20, 10, 671034, 0},
		{"V2", v2, 16, 20, 10, 710682, 0},
		{"V1", v1, 36, 20, 100, 3221344, 0},
		{"V2", v2, 36, 20, 100, 3401272, 0},
	} {
		g, err := ParseGenotype(c.text)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		params, macs, _ := EvalCost(g, c.channels, c.layers, c.classes, 32)
		if params != c.params || c.macs > 0 && macs != c.macs {
			t.Errorf("%s, C=%d L=%d, %d classes: %d weights and %d multiply-adds, want %d and %d",
				c.name, c.channels, c.layers, c.classes, params, macs, c.params, c.macs)
		}
	}
}

// TestEnergy: all products are the multiplier's but those of the stem and of the classifier, also beside an auxiliary one.
func TestEnergy(t *testing.T) {
	const channels, layers, classes, size = 16, 5, 10, 32
	g, err := ReadGenotype("DARTS_V2")
	if err != nil {
		t.Fatal(err)
	}
	_, macs, _ := EvalCost(g, channels, layers, classes, size)
	exact := 27*3*channels*size*size + len(g.NormalConcat)*4*channels*classes
	for _, name := range []string{"exact", "trunc2", "drum4"} {
		m, err := approx.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		want := (float64(exact) + m.Energy*float64(macs-exact)) / float64(macs)
		if got := EvalEnergy(g, channels, layers, classes, size, m); got < want-1e-9 || got > want+1e-9 {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	// A network that is run has the auxiliary classifier, whose products are exact.
	var counts [2][2]int
	for i, auxiliary := range []int{0, classes} {
		var store nn.Store
		b := nn.NewBuilder(&store, 1, size)
		b.Multiplier, _ = approx.Parse("exact")
		EvalNet{Genotype: g, Channels: channels, Layers: layers, Auxiliary: nn.Classifier{Classes: auxiliary}}.Backbone(b, "")
		counts[i][0], counts[i][1] = b.Approximate()
	}
	if counts[0] != counts[1] || counts[0][0] == 0 || counts[0][1] == 0 {
		t.Errorf("depthwise and pointwise products: %v, and with an auxiliary classifier %v", counts[0], counts[1])
	}
}

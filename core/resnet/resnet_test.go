package resnet

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"hlrslab/core/bbn"
	"hlrslab/core/cpu"
	"hlrslab/core/darts"
	"hlrslab/core/internal/devices"
	"hlrslab/core/internal/golden"
	"hlrslab/core/nn"
)

func model(t *testing.T, s bbn.Shape, n Net, device nn.Device) *bbn.Model {
	m, err := bbn.New(s, n.Backbone, darts.Softmax{}, 0, device)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	m.Store.Memory.Make()
	return m
}

func TestWeightCounts(t *testing.T) {
	for parting, want := range map[bbn.Parting]int{bbn.Alone: 464154, bbn.Cell: 538778} {
		m := model(t, bbn.Shape{Classes: 10, Batch: 1, Size: 32, Branches: parting}, ResNet32, &cpu.Device{})
		if got := m.Store.Weights.Total; got != want {
			t.Errorf("%s: %d weights, want %d", parting, got, want)
		}
	}
}

// TestMACs: stem; ten convolutions of the first stage; of the others one that halves the map and nine behind it; and the classifier.
func TestMACs(t *testing.T) {
	b := nn.NewBuilder(&nn.Store{}, 1, 32)
	b.Head("classifier", nn.Classifier{Classes: 10}, ResNet32.Backbone(b, ""))
	want := 1024*9*3*16 + 10*1024*9*16*16 + 256*9*32*(16+9*32) + 64*9*64*(32+9*64) + 640
	if got := b.MACs(); got != want {
		t.Errorf("%d multiply-adds, want %d", got, want)
	}
}

// turn takes rows × columns to columns × rows: images to the layout with the batch innermost, logits out of it.
func turn(v []float32, rows int) []float32 {
	out, columns := make([]float32, len(v)), len(v)/rows
	for i, x := range v {
		out[i%columns*rows+i/columns] = x
	}
	return out
}

func TestAgainstReference(t *testing.T) {
	devices.Each(t, func(t *testing.T, device nn.Device) {
		againstReference(t, device, "resnet/", bbn.Alone, strings.NewReplacer("classifier", "linear"))
		againstReference(t, device, "bbn/", bbn.Cell, nil)
	})
}

// againstReference compares with the arrays under prefix, where layers have the names that rename gives.
func againstReference(t *testing.T, device nn.Device, prefix string, parting bbn.Parting, rename *strings.Replacer) {
	f := golden.Open(t, "resnet.safetensors")
	num := func(key string) int {
		n, err := strconv.Atoi(f.Meta[key])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	n := Net{Width: num("width")}
	if err := json.Unmarshal([]byte(f.Meta["blocks"]), &n.Blocks); err != nil {
		t.Fatal(err)
	}
	if rename == nil { // the branches' blocks are the last
		last := "layer" + strconv.Itoa(len(n.Blocks)) + "." + strconv.Itoa(n.Blocks[len(n.Blocks)-1]-1)
		rename = strings.NewReplacer(last+".rb", "rb_block", last, "cb_block")
	}
	s := bbn.Shape{Classes: num("classes"), Batch: num("batch"), Size: num("size"), Branches: parting}
	m := model(t, s, n, device)
	m.ResetRunning()
	if got := m.Store.Weights.Total; got != num(prefix+"parameters") {
		t.Errorf("%d weights, the reference has %s", got, f.Meta[prefix+"parameters"])
	}
	if got, want := len(m.Store.Weights.List), len(f.Names(prefix+"init/")); got != want {
		t.Fatalf("%d arrays, the reference has %d", got, want)
	}
	for _, p := range m.Store.Weights.List {
		copy(m.Weights[p.Off:][:p.Len()], f.Get(prefix+"init/"+rename.Replace(p.Name)).Values)
	}
	batch := func(x, y string) (b nn.Batch) {
		b.Images = turn(f.Get(x).Values, s.Batch)
		if y != "" {
			b.Labels = f.Ints(y)
		}
		return b
	}
	a, err := strconv.ParseFloat(f.Meta["a"], 64)
	if err != nil {
		t.Fatal(err)
	}
	o := &bbn.Objective{Model: m, Batches: [2]nn.Batch{batch("x", "y"), batch("x_r", "y_r")}, A: a}
	dw := make([]float32, len(m.Weights))
	loss := o.Gradient(m.Weights, nil, dw, nil, true)
	f.Near(prefix+"loss", []float32{float32(loss)}, 1e-5)
	f.Near(prefix+"grad_norm", []float32{float32(nn.Norm(dw))}, 1e-5)
	for _, p := range m.Store.Weights.List {
		f.Near(prefix+"grad/"+rename.Replace(p.Name), dw[p.Off:][:p.Len()], 1e-5)
	}
	for _, p := range m.Store.Running.List {
		if name := prefix + "after/" + rename.Replace(p.Name); f.Has(name) {
			f.Near(name, m.Running[p.Off:][:p.Len()], 1e-5)
		}
	}
	f.Near(prefix+"logits_test", turn(m.Predict(batch("x_test", ""), m.Weights, nil, nil), s.Classes), 1e-5)
	o.Gradient(m.Weights, nil, nil, nil, false)
	f.Near(prefix+"logits", turn(m.Logits(), s.Classes), 1e-5)
}

package bbn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"hlrslab/core/darts"
	"hlrslab/core/internal/devices"
	"hlrslab/core/internal/golden"
	"hlrslab/core/nn"
)

// reference loads the plain search network in its reference starting point.
func reference(t *testing.T, f *golden.File, device nn.Device) *network {
	t.Helper()
	return referenceMixed(t, f, darts.Softmax{}, device)
}

// number is one of the file's.
func number(t *testing.T, f *golden.File, key string) int {
	t.Helper()
	n, err := strconv.Atoi(f.Meta[key])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// referenceMixed is that of another mixture.
func referenceMixed(t *testing.T, f *golden.File, mixture nn.Mixture, device nn.Device) *network {
	t.Helper()
	num := func(key string) int { return number(t, f, key) }
	m := withMixture(t, size{Shape{Classes: num("classes"), Batch: num("batch"), Size: num("size"), Branches: Alone}, num("C"), num("layers"), num("nodes"), mixture.Len(0) > 0, 1}, mixture, device)
	m.ResetRunning()
	own := 0
	for _, p := range m.Store.Weights.List {
		name := "init/" + p.Name
		if f.Has("minus/" + name) {
			name = "minus/" + name
			own++
		}
		copy(m.Weights[p.Off:][:p.Len()], f.Get(name).Values)
	}
	n := copy(m.alpha, f.Get("init/alpha.normal").Values)
	copy(m.alpha[n:], f.Get("init/alpha.reduce").Values)
	if got, want := len(m.Store.Weights.List)+2-own, len(f.Names("init/")); got != want {
		t.Fatalf("%d arrays, the reference has %d", got, want)
	}
	return m
}

// images lays out an N×C×H×W array.
func images(x golden.Tensor) []float32 {
	buf, batch := make([]float32, len(x.Values)), x.Shape[0]
	c, hw := x.Shape[1], x.Shape[2]*x.Shape[3]
	for n := range x.Shape[0] {
		for ch := range c {
			for i := range hw {
				buf[(ch*hw+i)*batch+n] = x.Values[(n*c+ch)*hw+i]
			}
		}
	}
	return buf
}

// byImage turns classes × batch into batch × classes.
func byImage(z []float32, batch int) []float32 {
	out := make([]float32, len(z))
	classes := len(z) / batch
	for c := range classes {
		for n := range batch {
			out[n*classes+c] = z[c*batch+n]
		}
	}
	return out
}

func batch(m *network, f *golden.File, name string) *Objective {
	o := &Objective{Model: m.Model}
	o.Batches[0] = nn.Batch{Images: images(f.Get("x" + name)), Labels: f.Ints("y" + name)}
	return o
}

func float(t *testing.T, f *golden.File, key string) float64 {
	v, err := strconv.ParseFloat(f.Meta[key], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSupernetAgainstReference(t *testing.T) {
	devices.Each(t, againstReference)
}

func againstReference(t *testing.T, device nn.Device) {
	f := golden.Open(t, "supernet.safetensors")
	m := reference(t, f, device)
	o := batch(m, f, "t0")
	dw, dalpha := make([]float32, len(m.Weights)), make([]float64, len(m.alpha))
	loss := o.Gradient(m.Weights, m.alpha, dw, dalpha, true)
	f.Near("logits", byImage(m.logits, m.Shape.Batch), 1e-4)
	f.Near("loss", []float32{float32(loss)}, 1e-4)
	for _, p := range m.Store.Weights.List {
		f.Near("grad/"+p.Name, dw[p.Off:][:p.Len()], 1e-3)
	}
	f.Near("grad/alpha.normal", golden.Narrow(dalpha[:len(dalpha)/2]), 1e-3)
	f.Near("grad/alpha.reduce", golden.Narrow(dalpha[len(dalpha)/2:]), 1e-3)
	f.Near("grad_norm", []float32{float32(nn.Norm(dw))}, 1e-3)
	for _, name := range f.Names("running_after_one_forward/") {
		p, err := m.Store.Running.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Near("running_after_one_forward/"+name, m.Running[p.Off:][:p.Len()], 1e-4)
	}
	f.Near("logits_eval_after_one_forward", byImage(m.Predict(o.Batches[0], m.Weights, m.alpha, nil), m.Shape.Batch), 1e-4)
}

func TestSearchStepsAgainstReference(t *testing.T) {
	f := golden.Open(t, "supernet.safetensors")
	devices.Real(t, func(t *testing.T, device nn.Device) {
		for _, order := range []int{1, 2} {
			t.Run(fmt.Sprint("order ", order), func(t *testing.T) {
				m := reference(t, f, device)
				sgd := &nn.SGD{Momentum: float(t, f, "momentum"), Decay: float(t, f, "weight_decay"), Clip: float(t, f, "clip"), Buffer: make([]float32, len(m.Weights))}
				method := m.bilevel(order, sgd, float(t, f, "arch_weight_decay"))
				eta := float(t, f, "eta")
				dw := make([]float32, len(m.Weights))
				half := len(m.alpha) / 2
				gradTol, tol := 1e-3, 1e-3
				if order == 2 {
					gradTol = 2e-2
				}
				steps := 3
				if devices.Slow(device) && runtime.GOOS == "js" {
					steps = 1 // which takes a browser's emulator up to a minute
				}
				for i := range steps {
					train, val := batch(m, f, fmt.Sprint("t", i)), batch(m, f, fmt.Sprint("v", i))
					method.Step(train, val, m.Weights, m.alpha, eta, float(t, f, "arch_lr"))
					dalpha := method.Gradient()
					step := fmt.Sprintf("order%d/step%d/", order, i)
					f.Near(step+"arch_grad.normal", golden.Narrow(dalpha[:half]), gradTol)
					f.Near(step+"arch_grad.reduce", golden.Narrow(dalpha[half:]), gradTol)
					loss := train.Gradient(m.Weights, m.alpha, dw, nil, true)
					f.Near(step+"train_loss", []float32{float32(loss)}, tol)
					f.Near(step+"alpha.normal", m.alpha[:half], gradTol)
					f.Near(step+"alpha.reduce", m.alpha[half:], gradTol)
					sgd.Step(m.Weights, dw, eta)
				}
				if steps < 3 {
					return
				}
				prefix := fmt.Sprintf("order%d/final/", order)
				for _, name := range f.Names(prefix) {
					p, err := m.Store.Weights.Find(name)
					if err != nil {
						t.Fatal(err)
					}
					f.Near(prefix+name, m.Weights[p.Off:][:p.Len()], tol)
				}
			})
		}
	})
}

// TestZeroOrderAgainstReference: sparsemax in the network, and the windows of ZO-DARTS+, with and without the weights' momentum.
func TestZeroOrderAgainstReference(t *testing.T) {
	f := golden.Open(t, "zo.safetensors")
	devices.Real(t, func(t *testing.T, device nn.Device) {
		for i, variant := range []string{"plain", "matched", "official"} {
			if i > 0 && devices.Slow(device) { // it is the method that differs
				return
			}
			t.Run(variant, func(t *testing.T) {
				mixture := &darts.Sparsemax{Temperature: float(t, f, "temperature")}
				m := referenceMixed(t, f, mixture, device)
				half := len(m.alpha) / 2
				ops := make([]float32, len(m.alpha))
				mixture.Forward(ops, m.alpha)
				f.Near("p.normal", ops[:half], 1e-6)
				f.Near("p.reduce", ops[half:], 1e-6)
				dw, dalpha := make([]float32, len(m.Weights)), make([]float64, len(m.alpha))
				o := batch(m, f, "t0")
				loss := o.Gradient(m.Weights, m.alpha, dw, dalpha, false)
				f.Near("logits", byImage(m.logits, m.Shape.Batch), 1e-4)
				f.Near("loss", []float32{float32(loss)}, 1e-4)
				f.Near("grad/alpha.normal", golden.Narrow(dalpha[:half]), 1e-4)
				f.Near("grad/alpha.reduce", golden.Narrow(dalpha[half:]), 1e-4)
				f.Near("grad_norm", []float32{float32(nn.Norm(dw))}, 1e-4)

				sgd := &nn.SGD{Momentum: float(t, f, "momentum"), Decay: float(t, f, "weight_decay"), Clip: float(t, f, "clip"), Buffer: make([]float32, len(m.Weights))}
				var memory nn.Memory
				zo := darts.NewZO(&memory, sgd, float(t, f, "arch_weight_decay"), len(m.Weights), len(m.alpha))
				memory.Make()
				zo.Window, zo.Radius, zo.Floor, zo.Matched = int(float(t, f, "K")), float(t, f, "mu_factor"), 0, variant == "matched"
				var gathered []float64
				if zo.Official = variant == "official"; zo.Official {
					sgd.Nesterov, gathered = true, dalpha
				}
				zo.Direction = func(window int, z []float64) {
					if window < 2 {
						for i, v := range f.Get(fmt.Sprint("z", window)).Values {
							z[i] = float64(v)
						}
					}
				}
				eta := float(t, f, "eta")
				for r := range 2 {
					window := fmt.Sprintf("%s/window%d/", variant, r)
					for k := range zo.Window {
						if due := zo.Due(); due != (k == 0) { // the next window's first step ends the one before
							t.Fatalf("window %d, step %d: due %v", r, k, due)
						}
						train := batch(m, f, fmt.Sprint("t", r*zo.Window+k))
						val := batch(m, f, fmt.Sprint("v", max(r-1, 0)))
						reported := zo.Step(train, val, m.Weights, m.alpha, eta, float(t, f, "arch_lr"))
						if r > 0 && k == 0 {
							before := fmt.Sprintf("%s/window%d/", variant, r-1)
							f.Near(before+"val_loss", []float32{float32(reported)}, 1e-4)
							a, w := zo.Terms()
							f.Near(before+"term_alpha", []float32{float32(a)}, 1e-4)
							f.Near(before+"term_w", []float32{float32(w)}, 2e-3)
							f.Near(before+"alpha.normal", m.alpha[:half], 1e-4)
							f.Near(before+"alpha.reduce", m.alpha[half:], 1e-4)
						}
						loss := train.Gradient(m.Weights, m.alpha, dw, gathered, true)
						if gathered != nil {
							zo.Gather(gathered)
						}
						if want := f.Get(window + "loss").Values[k]; loss-float64(want) > 1e-4 || float64(want)-loss > 1e-4 {
							t.Errorf("window %d, step %d: loss %v, want %v", r, k, loss, want)
						}
						norm := sgd.Step(m.Weights, dw, eta)
						if want := float64(f.Get(window + "norm").Values[k]); math.Abs(norm-want) > 2e-4*want {
							t.Errorf("window %d, step %d: norm %v, want %v", r, k, norm, want)
						}
					}
					for _, name := range []string{"stem.conv", "classifier.bias"} {
						p, err := m.Store.Weights.Find(name)
						if err != nil {
							t.Fatal(err)
						}
						f.Near(window+"w."+name, m.Weights[p.Off:][:p.Len()], 1e-4)
					}
				}
			})
		}
	})
}

// TestFairAgainstReference: the network of FairDARTS' mixture, and its step.
func TestFairAgainstReference(t *testing.T) {
	f := golden.Open(t, "robust.safetensors")
	devices.Each(t, func(t *testing.T, device nn.Device) {
		m := referenceMixed(t, f, darts.Sigmoid{}, device)
		half := len(m.alpha) / 2
		dalpha := make([]float64, len(m.alpha))
		o := &Objective{Model: m.Model}
		o.Batches[0] = nn.Batch{Images: images(f.Get("xv")), Labels: f.Ints("yv")}
		loss := o.Gradient(m.Weights, m.alpha, nil, dalpha, false)
		f.Near("fair/ce", []float32{float32(loss)}, 1e-5)
		f.Near("fair/grad_ce/alpha.normal", golden.Narrow(dalpha[:half]), 1e-4)
		f.Near("fair/grad_ce/alpha.reduce", golden.Narrow(dalpha[half:]), 1e-4)
	})
}

// TestClassRatesAgainstReference: two steps in which the classifier's weights of each class go at rates of their own.
func TestClassRatesAgainstReference(t *testing.T) {
	f := golden.Open(t, "classrate.safetensors")
	counts := f.Ints("counts")
	for name, gamma := range map[string]float64{"multipliers": 0.5, "multipliers_gamma0": 0, "multipliers_gamma0.25": 0.25, "multipliers_gamma1": 1} {
		f.Near(name, golden.Narrow(nn.ClassRates(counts, gamma, 1e9)), 1e-6)
	}
	devices.Real(t, func(t *testing.T, device nn.Device) {
		for _, clip := range []float64{5, 0.5} {
			m := reference(t, f, device)
			prefix := fmt.Sprintf("clip%.1f/", clip)
			sgd := &nn.SGD{Momentum: float(t, f, "momentum"), Decay: float(t, f, "weight_decay"), Clip: clip, Buffer: make([]float32, len(m.Weights))}
			sgd.Groups = m.Head.ByClass(nn.ClassRates(counts, float(t, f, "gamma"), 1e9), sgd.Decay)
			dw := make([]float32, len(m.Weights))
			for i := range 2 {
				step := fmt.Sprintf("%sstep%d/", prefix, i)
				loss := batch(m, f, fmt.Sprint(i)).Gradient(m.Weights, m.alpha, dw, nil, true)
				f.Near(step+"loss", []float32{float32(loss)}, 1e-5)
				before := slices.Clone(m.Weights)
				f.Near(step+"grad_norm", []float32{float32(sgd.Step(m.Weights, dw, float(t, f, "eta")))}, 1e-4)
				for i, w := range m.Weights {
					before[i] = w - before[i]
				}
				f.Near(step+"move_norm", []float32{float32(nn.Norm(before))}, 1e-4)
				for _, name := range []string{"classifier.weight", "classifier.bias"} {
					p, err := m.Store.Weights.Find(name)
					if err != nil {
						t.Fatal(err)
					}
					f.Near(step+name, m.Weights[p.Off:][:p.Len()], 1e-5)
				}
			}
			f.Near(prefix+"weight_norm", []float32{float32(nn.Norm(m.Weights))}, 1e-5)
		}
	})
}

// TestHessianAgainstReference: a product with the second derivatives in alpha, and their largest eigenvalue.
func TestHessianAgainstReference(t *testing.T) {
	f := golden.Open(t, "robust.safetensors").Under("hessian")
	devices.Real(t, func(t *testing.T, device nn.Device) {
		m := reference(t, f, device)
		o := batch(m, f, "")
		var memory nn.Memory
		h := darts.NewHessian(&memory, len(m.alpha))
		memory.Make()
		v, hv := make([]float64, len(m.alpha)), make([]float64, len(m.alpha))
		norm := nn.Norm(f.Get("v").Values)
		for i, x := range f.Get("v").Values {
			v[i] = float64(x) / norm
		}
		h.Times(o, m.Weights, m.alpha, v, hv)
		for i := range hv {
			hv[i] *= norm
		}
		f.Near("Hv", golden.Narrow(hv), 2e-2)
		if devices.Slow(device) {
			return
		}
		rng := rand.New(rand.NewPCG(1, 2))
		h.Steps = 60
		f.Near("lambda_max", []float32{float32(h.Largest(o, m.Weights, m.alpha, 0, rng))}, 2e-2)
		f.Near("lambda_max_with_decay", []float32{float32(h.Largest(o, m.Weights, m.alpha, 1e-3, rng))}, 2e-2)
	})
}

// TestPerturbedAgainstReference: the weights' step of SDARTS-RS.
func TestPerturbedAgainstReference(t *testing.T) {
	f := golden.Open(t, "robust.safetensors")
	mixture := &darts.Perturbed{Delta: append(slices.Clone(f.Get("rs/delta.normal").Values), f.Get("rs/delta.reduce").Values...)}
	devices.Real(t, func(t *testing.T, device nn.Device) {
		m := referenceMixed(t, f, mixture, device)
		o := &Objective{Model: m.Model}
		o.Batches[0] = nn.Batch{Images: images(f.Get("x")), Labels: f.Ints("y")}
		dw := make([]float32, len(m.Weights))
		loss := o.Gradient(m.Weights, m.alpha, dw, nil, false)
		f.Near("rs/loss", []float32{float32(loss)}, 1e-5)
		f.Near("rs/logits", byImage(m.logits, m.Shape.Batch), 1e-5)
		f.Near("rs/grad_norm", []float32{float32(nn.Norm(dw))}, 1e-4)
		sgd := &nn.SGD{Momentum: 0.9, Decay: 3e-4, Clip: 5, Buffer: make([]float32, len(m.Weights))}
		sgd.Step(m.Weights, dw, float(t, f, "rs_eta"))
		for _, name := range f.Names("rs/after_step/") {
			p, err := m.Store.Weights.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			f.Near("rs/after_step/"+name, m.Weights[p.Off:][:p.Len()], 1e-4)
		}
	})
}

// TestExtraSkipAgainstReference: the network of DARTS-.
func TestExtraSkipAgainstReference(t *testing.T) {
	f := golden.Open(t, "robust.safetensors")
	devices.Each(t, func(t *testing.T, device nn.Device) {
		m := referenceMixed(t, f, &darts.Extra{Mixture: darts.Softmax{}, Beta: float(t, f, "minus_beta")}, device)
		o := &Objective{Model: m.Model}
		o.Batches[0] = nn.Batch{Images: images(f.Get("x")), Labels: f.Ints("y")}
		dw, dalpha := make([]float32, len(m.Weights)), make([]float64, len(m.alpha))
		loss := o.Gradient(m.Weights, m.alpha, dw, dalpha, false)
		f.Near("minus/loss", []float32{float32(loss)}, 1e-5)
		f.Near("minus/logits", byImage(m.logits, m.Shape.Batch), 1e-5)
		f.Near("minus/grad_norm", []float32{float32(nn.Norm(dw))}, 1e-4)
		half := len(dalpha) / 2
		for part, d := range map[string][]float64{"normal": dalpha[:half], "reduce": dalpha[half:]} {
			f.Near("minus/grad/alpha."+part, golden.Narrow(d), 1e-4)
		}
		for _, p := range m.Store.Weights.List {
			if f.Has("minus/grad/" + p.Name) {
				f.Near("minus/grad/"+p.Name, dw[p.Off:][:p.Len()], 1e-4)
			}
		}
	})
}

// TestPartialAgainstReference: the network of PC-DARTS, and its architecture's step.
func TestPartialAgainstReference(t *testing.T) {
	file := golden.Open(t, "robust.safetensors")
	f := file.Under("pc")
	devices.Each(t, func(t *testing.T, device nn.Device) {
		num := func(key string) int { return number(t, file, key) }
		s := size{Shape{Classes: num("classes"), Batch: num("batch"), Size: num("size"), Branches: Alone}, num("pc_C"), num("layers"), num("nodes"), false, num("pc_K")}
		mixture := &darts.Normalised{Mixture: darts.Softmax{}, Nodes: s.nodes}
		m := withMixture(t, s, mixture, device)
		m.ResetRunning()
		for _, p := range m.Store.Weights.List {
			copy(m.Weights[p.Off:][:p.Len()], f.Get("init/"+p.Name).Values)
		}
		parts := []string{"alpha.normal", "alpha.reduce", "beta.normal", "beta.reduce"}
		var ends []int
		n := 0
		for _, part := range parts {
			n += copy(m.alpha[n:], f.Get("init/"+part).Values)
			ends = append(ends, n)
		}
		edges := make([]float32, ends[3]-ends[1])
		mixture.Weigh(edges, m.alpha[ends[1]:])
		f.Near("edge.normal", edges[:len(edges)/2], 1e-6)
		f.Near("edge.reduce", edges[len(edges)/2:], 1e-6)
		o := &Objective{Model: m.Model}
		dw, dalpha := make([]float32, len(m.Weights)), make([]float64, len(m.alpha))
		near := func(prefix string, tolerance float64) {
			for i, part := range parts {
				f.Near(prefix+part, golden.Narrow(dalpha[append([]int{0}, ends...)[i]:ends[i]]), tolerance)
			}
		}
		o.Batches[0] = nn.Batch{Images: images(file.Get("x")), Labels: file.Ints("y")}
		loss := o.Gradient(m.Weights, m.alpha, dw, dalpha, false)
		f.Near("loss", []float32{float32(loss)}, 1e-5)
		f.Near("logits", byImage(m.logits, m.Shape.Batch), 1e-5)
		f.Near("grad_norm", []float32{float32(nn.Norm(dw))}, 1e-4)
		near("grad/", 1e-4)
		for _, p := range m.Store.Weights.List {
			f.Near("grad/"+p.Name, dw[p.Off:][:p.Len()], 1e-4)
		}
		o.Batches[0] = nn.Batch{Images: images(file.Get("xv")), Labels: file.Ints("yv")}
		method := m.bilevel(1, &nn.SGD{}, 1e-3)
		method.Step(o, o, m.Weights, m.alpha, 0, float(t, file, "pc_arch_lr"))
		dalpha = method.Gradient()
		near("arch_grad/", 1e-4)
		for i := range dalpha {
			dalpha[i] = float64(m.alpha[i])
		}
		near("after_arch_step/", 1e-4)
	})
}

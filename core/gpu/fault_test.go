package gpu_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"hlrslab/core/approx"
	"hlrslab/core/gpu"
	"hlrslab/core/nn"
	"hlrslab/core/tensor"
	"hlrslab/tools/wgpu/wgputest"
)

// faulty is a driver that has less room than it has, or fails where it does not.
type faulty struct {
	gpu.Driver
	room, memory           int64
	buffer, submit, kernel error
	idle                   bool
}

func (f *faulty) Kernel(label, wgsl string) (gpu.Kernel, error) {
	if f.kernel != nil {
		return nil, f.kernel
	}
	return f.Driver.Kernel(label, wgsl)
}

func (f *faulty) Adapter() gpu.Adapter {
	a := f.Driver.Adapter()
	if f.room > 0 {
		a.Binding = f.room
	}
	if f.memory > 0 {
		a.Memory = f.memory
	}
	return a
}

func (f *faulty) Buffer(label string, bytes int64) (gpu.Buffer, error) {
	if f.buffer != nil {
		return nil, f.buffer
	}
	return f.Driver.Buffer(label, bytes)
}

func (f *faulty) Submit(list []gpu.Dispatch) error {
	if f.submit != nil || f.idle {
		return f.submit
	}
	return f.Driver.Submit(list)
}

// small is a network of a stem, a convolution and a classifier, and a pass through it.
func small(t *testing.T, m *approx.Multiplier) (*nn.Store, *nn.Program, nn.Pass) {
	store := &nn.Store{}
	b := nn.NewBuilder(store, 6, 8)
	b.Multiplier = m
	stem := b.Node(nn.Term{Source: b.Stem("stem", "stem.bn", 4, tensor.Window{K: 3, Stride: 1, Dilation: 1, Pad: 1}), Weight: -1})
	last := b.Node(nn.Term{Source: b.Pointwise("w", "bn", []*nn.Node{stem}, 4, true), Weight: -1})
	b.Head("classifier", nn.Classifier{Classes: 3}, []*nn.Node{last})
	p, err := b.Compile()
	if err != nil {
		t.Fatal(err)
	}
	pass := nn.Pass{
		Weights: slices.Repeat([]float32{0.1}, store.Weights.Total), Running: make([]float32, store.Running.Total), Train: true, Loss: &nn.Loss{},
		Shares: [2]float64{1}, Grad: make([]float32, store.Weights.Total),
	}
	return store, p, pass
}

// ready is that network on a GPU.
func ready(t *testing.T, d gpu.Driver) (nn.Executor, nn.Pass) {
	t.Helper()
	store, p, pass := small(t, nil)
	e, err := gpu.New(d).Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	store.Memory.Make()
	return e, pass
}

func load(e nn.Executor, value float32) {
	images := make([]float32, 3*8*8*6)
	for i := range images {
		images[i] = float32(i%13) * value
	}
	e.Load(0, nn.Batch{Images: images, Labels: make([]int, 6)})
}

func TestRefusals(t *testing.T) {
	m, err := approx.Parse("exact")
	if err != nil {
		t.Fatal(err)
	}
	_, coded, _ := small(t, m)
	_, plain, _ := small(t, nil)
	for _, c := range []struct {
		program *nn.Program
		driver  *faulty
		says    string
	}{
		{coded, &faulty{}, "multiplier"},
		{plain, &faulty{room: 4096}, "has buffers of at most 0 MB"},
		{plain, &faulty{kernel: errors.New("device lost")}, "failed while compiling the kernel \"product\" (device lost)"},
		{plain, &faulty{memory: 4096}, "has 0 MB of memory, and this takes"},
	} {
		c.driver.Driver = wgputest.Driver(t)
		if _, err := gpu.New(c.driver).Compile(c.program); err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "CPU") {
			t.Errorf("%v, which should say %q and what to do", err, c.says)
		} else {
			t.Log(err)
		}
	}
}

// TestLittleRoom has a program run in as many chunks as there is room for.
func TestLittleRoom(t *testing.T) {
	var losses []float64
	for _, room := range []int64{0, 30000} {
		e, pass := ready(t, &faulty{Driver: wgputest.Driver(t), room: room})
		load(e, 1)
		loss, err := e.Run(pass)
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, loss)
	}
	if math.Abs(losses[1]-losses[0]) > 1e-5 {
		t.Errorf("losses %v", losses)
	}
}

// TestFaults has errors say what failed and what to do, and nothing run after one.
func TestFaults(t *testing.T) {
	for name, driver := range map[string]*faulty{
		"making buffers": {buffer: errors.New("out of memory")},
		"computing":      {submit: errors.New("device lost")},
	} {
		driver.Driver = wgputest.Driver(t)
		e, pass := ready(t, driver)
		for range 2 {
			load(e, 1)
			_, err := e.Run(pass)
			if _, is := errors.AsType[nn.DeviceError](err); !is || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "CPU") {
				t.Errorf("%s: %v", name, err)
			}
			driver.buffer, driver.submit = nil, nil
		}
	}
	e, pass := ready(t, wgputest.Driver(t))
	load(e, float32(math.Inf(1)))
	if loss, err := e.Run(pass); err == nil || !strings.Contains(err.Error(), "stem.bn") {
		t.Errorf("images without bounds give loss %v and %v, which should name the layer", loss, err)
	}
}

// TestIdle: a driver that gives no error, and does not compute a pass, has the numbers of the one before.
func TestIdle(t *testing.T) {
	driver := &faulty{Driver: wgputest.Driver(t)}
	e, pass := ready(t, driver)
	load(e, 1)
	for _, driver.idle = range []bool{false, true} {
		_, err := e.Run(pass)
		if _, failed := errors.AsType[nn.DeviceError](err); failed != driver.idle {
			t.Errorf("idle %v: %v", driver.idle, err)
		}
	}
}

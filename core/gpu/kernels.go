package gpu

import (
	"embed"
	"fmt"

	"hlrslab/core/nn"
)

// kind is a kernel. Those of one level of a program's operations run one after the other, each for all operations that have it.
type kind int

const (
	product kind = iota
	finish
	node
	pool
	mean
	classify
	teach
	blend
	gather
	term
	back
	send
	matrix
	window
	fold
	kinds
)

// about are the kernels' names, and what they do.
var about = [kinds]struct{ name, does string }{
	{"product", "convolutions, and the moments of what they give"},
	{"finish", "normalisations, of the moments"},
	{"node", "weighted sums of operations, and their ReLU"},
	{"pool", "pools and their moments"},
	{"mean", "features: means over the last maps"},
	{"classify", "logits, and the loss's gradient with respect to them"},
	{"teach", "gradients of classifiers"},
	{"blend", "gradients of pools' outputs"},
	{"gather", "gradients of nodes, and inner products with what they sum"},
	{"term", "gradients of normalisations and of operations' weights"},
	{"back", "back through convolutions' matrices to channels"},
	{"send", "back through convolutions' windows to pixels"},
	{"matrix", "gradients of convolutions' matrices"},
	{"window", "gradients of convolutions' windows"},
	{"fold", "sums of all parts of a weight's gradient"},
}

func (k kind) String() string { return about[k].name }

//go:embed kernels/*.wgsl
var sources embed.FS

// source is a kernel's WGSL.
func (k kind) source() string {
	files := []string{"common"}
	if k == product || k == matrix || k == window {
		files = append(files, "source")
	}
	return kernelOf(append(files, k.String())...)
}

// kernelOf is the WGSL of files one after the other, behind Head.
func kernelOf(files ...string) string {
	text := Head()
	for _, name := range files {
		part, err := sources.ReadFile("kernels/" + name + ".wgsl")
		if err != nil {
			panic(err) // it is embedded
		}
		text += "\n" + string(part)
	}
	return text
}

// compile makes all kernels.
func (d *Device) compile() {
	d.driver.Lock()
	defer d.driver.Unlock()
	for k := range kinds {
		if d.kernels[k], d.wrong = d.driver.Kernel(k.String(), k.source()); d.wrong != nil {
			d.wrong = nn.DeviceError{Err: fmt.Errorf("the GPU failed while compiling the kernel %q (%w); use the CPU, or another driver for %s", k, d.wrong, d.driver.Adapter().Name)}
			return
		}
	}
}

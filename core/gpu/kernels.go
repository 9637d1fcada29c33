package gpu

import (
	"embed"
	"fmt"

	"hlrslab/core/nn"
)

// kind is a kernel. Those of one level of a program's operations run one after the other, each for all operations that have it.
type kind int

const (
	product  kind = iota // convolutions: windows, matrices, moments
	finish               // normalisations, of the moments
	node                 // weighted sums and their ReLU
	pool                 // pools and their moments
	mean                 // features
	classify             // logits, and the loss's gradient with respect to them
	teach                // classifiers' gradients
	blend                // gradients of pools' outputs
	gather               // nodes' gradients, and inner products with their terms
	term                 // gradients of normalisations and of operations' weights
	back                 // convolutions' transposed matrices
	send                 // their transposed windows
	matrix               // gradients of matrices
	window               // and of windows
	fold                 // all that is a weight's gradient
	kinds
)

var names = [kinds]string{"product", "finish", "node", "pool", "mean", "classify", "teach", "blend", "gather", "term", "back", "send", "matrix", "window", "fold"}

func (k kind) String() string { return names[k] }

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

package nn

// Device compiles programs to what it can run.
type Device interface {
	// Compile prepares a program. What it needs of the host's memory is reserved in the program's Params.Memory, and is
	// there once that is made. A program that the device cannot hold is an error.
	Compile(*Program) (Executor, error)
	// Name is the GPU's, or CPU: what a run's record says that it was computed on.
	Name() string
}

// CPU is the name of the processor, whichever it is: its numbers are the same to the bit.
const CPU = "CPU"

// Executor runs one compiled program. It is not safe for concurrent use.
type Executor interface {
	// Load gives a branch the batch of the passes to come.
	Load(branch int, b Batch)
	// Run takes the program forward and, where the pass asks for gradients, back, and returns the loss. An error says
	// which layer was the first to have a value that is no number, or is a DeviceError.
	Run(Pass) (loss float64, err error)
	// Close ends what the executor has running.
	Close()
}

// DeviceError is the error of a pass in which the device has failed: nothing that came of it means anything. So are those of all
// later passes. As an error of Compile it says that the device runs no such program of any size.
type DeviceError struct{ Err error }

func (e DeviceError) Error() string { return e.Err.Error() }
func (e DeviceError) Unwrap() error { return e.Err }

// Batch is a branch's images and their labels: one of each image, or, where images are mixed of two (mixup: Zhang et al., 2018;
// CutMix), two.
type Batch struct {
	Images []float32 // 3 × size × size × batch, normalised
	Labels []int
	Second []int     // the second label of each image; nil: none has one
	Shares []float32 // the first label's share of an image's loss, 0 to 1, if there is a second
}

// Pass is one pass through a program: all that it depends on beside the batches, and where its results go. Gradients of more than the
// classifier are those of training: they want Train.
type Pass struct {
	Weights   []float32 // Params.Weights.Total
	OpWeights []float32 // Program.OpWeights; an operation whose weight is 0 is not run, and has gradient 0
	Running   []float32 // Params.Running.Total: BatchNorm's running means and variances

	Train bool      // BatchNorm takes the batch's statistics instead of the running ones
	Track bool      // and moves the running ones
	Masks []float32 // Program.Drops × batch: the factor of each term that may be dropped, in training; nil is 1

	Factors [2]float32 // of the branches' features in the logits (BBN, equation 3; its inference has 1 and 1)
	Loss    *Loss      // nil: the pass ends with the logits
	Frozen  bool       // all but the classifier rests: Grad is its alone, there is no backward pass, and auxiliary heads have no loss
	Shares  [2]float64 // of the branches' labels in the loss, one set of logits for both

	Logits []float32 // classes × batch, unless nil
	Grad   []float32 // the loss's gradient with respect to Weights, unless nil
	OpGrad []float64 // and with respect to OpWeights, of each branch on its own, unless nil
}

// Mixture goes between architecture parameters and the weights of operations, whose number may be another.
type Mixture interface {
	// Len is the number of operation weights that so many alphas make.
	Len(alphas int) int
	// Forward sets the operation weights.
	Forward(ops, alpha []float32)
	// Backward adds to dalpha the gradient with respect to alpha, from that with respect to the operation weights.
	Backward(dalpha []float64, ops, alpha []float32, dops []float64)
}

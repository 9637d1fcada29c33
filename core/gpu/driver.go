// Package gpu is the device that WebGPU drives, natively or in a browser: it makes kernels of a program of package nn and runs them
// over a Driver.
package gpu

import _ "embed"

// Adapter is a GPU, and what bounds a program on it. Sizes are bytes.
type Adapter struct {
	Name    string // the maker's, such as "NVIDIA H200"
	API     string // below WebGPU, such as "Vulkan"; empty where that is not told
	Kind    Kind
	Binding int64 // largest range of a buffer that a kernel sees
	Buffer  int64 // largest buffer
	Groups  int   // most workgroups along one dimension of a dispatch
	Memory  int64 // all that there is for buffers; 0 where that is not told
}

// Kind is what an adapter runs on.
type Kind int

// An adapter on the processor computes what a GPU would, slowly: tests run on it.
const (
	Unknown Kind = iota
	Discrete
	Integrated
	Processor
)

// String names the kind.
func (k Kind) String() string {
	return [...]string{"GPU", "discrete GPU", "integrated GPU", "emulated on the processor"}[k]
}

// Access is what a kernel does with a binding.
type Access bool

// A buffer that one dispatch reads is not one that it writes.
const (
	Reads  Access = false
	Writes Access = true // and reads
)

// Layout is the bindings of every kernel, all storage buffers: those of group 0 are the same in many dispatches, group 1 is a
// dispatch's own. The kernels' sources begin with the same list, see kernels/head.wgsl.
var Layout = [2][]Access{{Writes, Writes, Writes, Reads}, {Reads}}

// Alignment is that of a binding's beginning in its buffer, in bytes.
const Alignment = 256

// Driver is the little of WebGPU that the device needs. Handles belong to the driver that made them. It is not safe for concurrent use.
//
// An error says what failed, in the API's words. After one, the driver is good for Close only.
type Driver interface {
	Adapter() Adapter
	// Buffer makes a storage buffer of zeros that can be written, read and bound. Its size is a multiple of 4.
	Buffer(label string, bytes int64) (Buffer, error)
	// Kernel compiles WGSL with the entry point main and the bindings of Layout. The error has the compiler's message.
	Kernel(label, wgsl string) (Kernel, error)
	// Bind makes bind group number group of Layout of one range for each of its bindings.
	Bind(group int, ranges ...Range) (Group, error)
	// Write copies data, a multiple of 4 bytes, into b from a multiple of 4 on, after all that was submitted and before all that
	// will be. The driver is done with data when it returns.
	Write(b Buffer, at int64, data []byte) error
	// Submit has the dispatches run one after the other, each on what those before it wrote, and may return before they have. A
	// page would stand still during long work, so a driver may cut the list by the dispatches' Work.
	Submit(list []Dispatch) error
	// Read waits for all that was submitted and copies from b into dst. At and the length are multiples of 4.
	Read(b Buffer, at int64, dst []byte) error
	// Close ends the driver and all that it has made.
	Close()
}

// Buffer, Kernel and Group are a driver's handles. A released one is of no more use, nor is a Group of a released buffer.
type (
	Buffer interface{ Release() }
	Kernel interface{ Release() }
	Group  interface{ Release() }
)

// Range is bytes of a buffer, from a multiple of Alignment on.
type Range struct {
	Buffer   Buffer
	At, Size int64
}

// Dispatch is X × Y workgroups of a kernel.
type Dispatch struct {
	Kernel Kernel
	Groups [2]Group
	X, Y   int
	Work   int64 // multiply-adds and floats moved, roughly: what it takes in comparison with others
}

//go:embed kernels/head.wgsl
var head string

// Head is what every kernel's source begins with: the bindings of Layout.
func Head() string { return head }

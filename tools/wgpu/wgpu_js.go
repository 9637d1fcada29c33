// Package wgpu is the GPU's driver for this machine: in WebAssembly, that of the browser, if it runs in one.
package wgpu

import (
	"hlrslab/core/gpu"
	"hlrslab/wasm/webgpu"
)

// Open returns the driver of the browser's fastest GPU.
func Open() (gpu.Driver, error) { return webgpu.Open() }

// Package wgpu is the GPU's driver for a machine, of which there is none in WebAssembly: the page has its own.
package wgpu

import (
	"errors"

	"hlrslab/core/gpu"
)

// Open fails.
func Open() (gpu.Driver, error) {
	return nil, errors.New("no GPU: this program, as WebAssembly in node, has none")
}

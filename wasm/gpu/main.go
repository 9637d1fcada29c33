//go:build js && wasm

// Command gpu trains in a Web Worker as lab does there, on the processor or on the browser's GPU. The page loads it when a run is first
// to go on a GPU: the kernels are needed there alone.
package main

import (
	"hlrslab/core/gpu"
	"hlrslab/core/nn"
	"hlrslab/wasm/webgpu"
	"hlrslab/wasm/worker"
)

func main() {
	worker.Main(func() (device nn.Device, name string, close func(), err error) {
		d, err := webgpu.Open()
		if err != nil {
			return nil, "", nil, err
		}
		return gpu.New(d), webgpu.Name(d.Adapter()), d.Close, nil
	})
}

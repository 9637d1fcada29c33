package main

import (
	"fmt"
	"os"

	"hlrslab/core/tensor"
)

// warnPlain says, where a command trains, that it will be slow for want of SIMD.
func warnPlain(command string) {
	if why := tensor.Plain(); why != "" && (command == "search" || command == "bench") {
		fmt.Fprintf(os.Stderr, "hlrs: %s: plain Go kernels take some ten times as long; build with make, or with GOEXPERIMENT=simd go build\n", why)
	}
}

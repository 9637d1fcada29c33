package main

import (
	"fmt"
	"os"

	"hlrslab/core/tensor"
)

// warnPlain says that a command which trains will be slow for want of SIMD.
func warnPlain() {
	if why := tensor.Plain(); why != "" {
		fmt.Fprintf(os.Stderr, "hlrs: %s: plain Go kernels take some ten times as long; build with make, or with GOEXPERIMENT=simd go build\n", why)
	}
}

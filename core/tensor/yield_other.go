//go:build !linux

package tensor

import "runtime"

func yield() { runtime.Gosched() }

//go:build !linux

package tensor

// LargePages does something on Linux alone.
func LargePages(_ []float32) {}

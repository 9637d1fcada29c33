// Package usage says what this process has taken of the machine.
package usage

import (
	"fmt"
	"os"
	"strings"
)

// PeakMiB is the largest resident memory so far, MiB, where the system says so; otherwise 0.
func PeakMiB() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0
	}
	return kib / 1024
}

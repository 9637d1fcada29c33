//go:build !unix

package cluster

import (
	"os"
	"syscall"
)

// Warnings are the signals by which a scheduler says that a task will end.
var Warnings = []os.Signal{syscall.SIGTERM}

package tensor

import "syscall"

// yield lets other threads of the machine have the core.
func yield() { syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }

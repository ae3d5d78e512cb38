//go:build unix

package objectstore

import (
	"os"
	"syscall"
)

// lock takes the lock of a file if nobody has it: EWOULDBLOCK says that somebody does.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

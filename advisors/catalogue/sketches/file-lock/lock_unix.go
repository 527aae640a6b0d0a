//go:build linux || darwin

package filelock

import (
	"os"
	"syscall"
)

// Lock waits until no other process holds the lock of a file.
func Lock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
}

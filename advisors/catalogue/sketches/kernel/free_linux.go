package kernel

import (
	"os"
	"syscall"
)

// Free is the number of bytes that a file system has left.
func Free(dir string) (uint64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0, os.NewSyscallError("statfs", err)
	}
	return stat.Bavail * uint64(stat.Bsize), nil
}

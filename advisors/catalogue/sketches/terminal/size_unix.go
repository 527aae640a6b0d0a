//go:build linux || darwin

package terminal

import (
	"os"
	"syscall"
	"unsafe"
)

// Width is the number of columns of the terminal.
func Width(file *os.File) (int, error) {
	var size struct{ rows, columns, x, y uint16 }
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return 0, os.NewSyscallError("ioctl", errno)
	}
	return int(size.columns), nil
}

//go:build linux || darwin

package sockets

import "syscall"

func control(_, _ string, conn syscall.RawConn) error {
	var err error
	failed := conn.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	})
	if failed != nil {
		return failed
	}
	return err
}

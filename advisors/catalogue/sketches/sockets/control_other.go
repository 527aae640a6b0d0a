//go:build !linux && !darwin

package sockets

import "syscall"

// A socket of the host has no options that a program on wasm could set.
var control func(network, address string, conn syscall.RawConn) error

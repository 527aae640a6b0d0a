package sockets

import (
	"context"
	"net"
)

// Listen listens on an address that an older process may still use.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	config := net.ListenConfig{Control: control}
	return config.Listen(ctx, "tcp", address)
}

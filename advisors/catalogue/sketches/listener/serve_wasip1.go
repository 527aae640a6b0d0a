package listener

import (
	"net"
	"net/http"
	"os"
)

// Serve answers requests on the socket that the host has opened: descriptor 3, where it comes before directories.
func Serve(handler http.Handler) error {
	listener, err := net.FileListener(os.NewFile(3, "socket"))
	if err != nil {
		return err
	}
	return http.Serve(listener, handler)
}

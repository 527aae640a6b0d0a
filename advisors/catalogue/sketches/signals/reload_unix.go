//go:build unix

package signals

import (
	"os"
	"syscall"
)

var reload = []os.Signal{syscall.SIGHUP}

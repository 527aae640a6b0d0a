//go:build unix

package processes

import (
	"os/exec"
	"syscall"
)

// Start starts a program in a process group of its own.
func Start(name string, args ...string) (*exec.Cmd, error) {
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd, cmd.Start()
}

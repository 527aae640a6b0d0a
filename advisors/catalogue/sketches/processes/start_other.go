//go:build !unix

package processes

import (
	"errors"
	"fmt"
	"os/exec"
)

// Start returns [errors.ErrUnsupported]: wasm has no processes.
func Start(name string, args ...string) (*exec.Cmd, error) {
	return nil, fmt.Errorf("processes.Start %s: %w", name, errors.ErrUnsupported)
}

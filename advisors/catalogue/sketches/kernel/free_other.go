//go:build !linux

package kernel

import (
	"errors"
	"fmt"
)

// Free returns [errors.ErrUnsupported]: neither js nor wasip1 can ask for it.
func Free(dir string) (uint64, error) {
	return 0, fmt.Errorf("kernel.Free %s: %w", dir, errors.ErrUnsupported)
}

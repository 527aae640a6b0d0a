//go:build !linux && !darwin

package filelock

import (
	"errors"
	"fmt"
	"os"
)

// Lock returns [errors.ErrUnsupported]: a lock that protects nothing must not look like one. Where no other process
// can open the file, callers use a [sync.Mutex] instead.
func Lock(*os.File) error {
	return fmt.Errorf("filelock.Lock: %w", errors.ErrUnsupported)
}

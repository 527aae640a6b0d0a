//go:build !linux && !darwin

package terminal

import (
	"errors"
	"fmt"
	"os"
)

// Width returns [errors.ErrUnsupported]: callers take 80 columns then.
func Width(*os.File) (int, error) {
	return 0, fmt.Errorf("terminal.Width: %w", errors.ErrUnsupported)
}

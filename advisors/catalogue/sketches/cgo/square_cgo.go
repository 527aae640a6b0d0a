//go:build cgo

package square

// static int square(int n) { return n * n; }
import "C"

// Square is computed in C.
func Square(n int) int { return int(C.square(C.int(n))) }

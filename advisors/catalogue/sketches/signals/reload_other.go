//go:build !unix

package signals

import "os"

// No signal is delivered on wasm.
var reload []os.Signal

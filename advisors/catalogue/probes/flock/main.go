package main

import (
	"github.com/gofrs/flock"
)

func main() {
	// No lock is possible on wasm, and none is pretended.
	if locked, err := flock.New("lock").TryLock(); locked || err == nil {
		panic("a lock")
	}
	println("ok")
}

package main

import (
	"errors"
)

func main() {
	// What is patched at run time elsewhere is a variable here.
	now := func() (int, error) { return 0, errors.New("not replaced") }
	real := now
	now = func() (int, error) { return 42, nil }
	defer func() { now = real }()
	if n, err := now(); err != nil || n != 42 {
		panic(err)
	}
	println("ok")
}

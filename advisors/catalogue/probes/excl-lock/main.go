package main

import (
	"errors"
	"io/fs"
	"os"
)

func main() {
	file, err := os.OpenFile("lock", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	file.Close()
	// A second one is refused while the file is there.
	if _, err := os.OpenFile("lock", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); !errors.Is(err, fs.ErrExist) {
		panic(err)
	}
	if err := os.Remove("lock"); err != nil {
		panic(err)
	}
	println("ok")
}

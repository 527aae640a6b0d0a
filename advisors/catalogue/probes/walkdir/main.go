package main

import (
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	if err := os.MkdirAll("a/b", 0o700); err != nil {
		panic(err)
	}
	n := 0
	err := filepath.WalkDir("a", func(string, fs.DirEntry, error) error {
		n++
		return nil
	})
	if err != nil || n != 2 {
		panic(err)
	}
	println("ok")
}

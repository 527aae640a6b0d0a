package main

import (
	"os"

	"golang.org/x/exp/mmap"
)

func main() {
	if err := os.WriteFile("data", []byte("hello"), 0o600); err != nil {
		panic(err)
	}
	r, err := mmap.Open("data")
	if err != nil || r.Len() != 5 || r.At(4) != 'o' {
		panic(err)
	}
	println("ok")
}

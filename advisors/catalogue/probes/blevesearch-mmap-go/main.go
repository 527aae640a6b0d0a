package main

import (
	"os"

	"github.com/blevesearch/mmap-go"
)

func main() {
	file, err := os.Create("data")
	if err != nil {
		panic(err)
	}
	file.WriteString("hello")
	// No map is possible on wasm: the file has to be read.
	if _, err := mmap.Map(file, mmap.RDONLY, 0); err == nil {
		panic("a map")
	}
	println("ok")
}

package main

import (
	"github.com/go-git/go-billy/v5/memfs"
)

func main() {
	file, err := memfs.New().Create("a/b")
	if err != nil {
		panic(err)
	}
	_, err = file.Write([]byte("hello"))
	if err != nil {
		panic(err)
	}
	println("ok")
}

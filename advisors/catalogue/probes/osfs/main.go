package main

import (
	"github.com/go-git/go-billy/v5/osfs"
)

func main() {
	fs := osfs.New(".")
	file, err := fs.Create("a")
	if err != nil {
		panic(err)
	}
	_, err = file.Write([]byte("hello"))
	if err != nil {
		panic(err)
	}
	println("ok")
}

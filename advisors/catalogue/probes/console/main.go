package main

import (
	"os"

	"github.com/containerd/console"
)

func main() {
	if _, err := console.ConsoleFromFile(os.Stdin); err == nil {
		panic("a console")
	}
	println("ok")
}

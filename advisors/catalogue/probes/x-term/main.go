package main

import (
	"os"

	"golang.org/x/term"
)

func main() {
	fd := int(os.Stdin.Fd())
	if term.IsTerminal(fd) {
		panic("a terminal")
	}
	if _, err := term.ReadPassword(fd); err == nil {
		panic("no error: a password would be shown")
	}
	if _, _, err := term.GetSize(fd); err == nil {
		panic("a size")
	}
	println("ok")
}

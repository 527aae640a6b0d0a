package main

import (
	"bufio"
	"strings"
)

func main() {
	// Lines of os.Stdin are read the same way.
	lines := bufio.NewScanner(strings.NewReader("one\ntwo\n"))
	if !lines.Scan() || lines.Text() != "one" {
		panic("bufio")
	}
	println("ok")
}

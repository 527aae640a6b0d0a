package main

import (
	"regexp"
)

func main() {
	if !regexp.MustCompile(`^h(el+)o$`).MatchString("hello") {
		panic("regexp")
	}
	println("ok")
}

package main

import (
	"github.com/wasilibs/go-re2"
)

func main() {
	pattern := re2.MustCompile(`(\w+)@(\w+)\.com`)
	found := pattern.FindStringSubmatch("write to someone@example.com")
	if len(found) != 3 || found[1] != "someone" || found[2] != "example" {
		panic("re2")
	}
	println("ok")
}

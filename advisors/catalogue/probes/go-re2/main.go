package main

import (
	regexp "github.com/wasilibs/go-re2"
)

func main() {
	if got := regexp.MustCompile(`(\w+)@(\w+)`).ReplaceAllString("me@home", "$2"); got != "home" {
		panic(got)
	}
	println("ok")
}

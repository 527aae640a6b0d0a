package main

import (
	"github.com/dlclark/regexp2"
)

func main() {
	found, err := regexp2.MustCompile(`(?<=a)b(?!c)`, 0).MatchString("abd")
	if err != nil || !found {
		panic(err)
	}
	println("ok")
}

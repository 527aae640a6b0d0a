package main

import (
	"crypto/rand"
)

func main() {
	b := make([]byte, 16)
	if n, err := rand.Read(b); err != nil || n != 16 {
		panic(err)
	}
	println("ok")
}

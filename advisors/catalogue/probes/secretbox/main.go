package main

import (
	"golang.org/x/crypto/nacl/secretbox"
)

func main() {
	var key [32]byte
	var nonce [24]byte
	out, ok := secretbox.Open(nil, secretbox.Seal(nil, []byte("hello"), &nonce, &key), &nonce, &key)
	if !ok || string(out) != "hello" {
		panic("secretbox")
	}
	println("ok")
}

package main

import (
	"crypto/aes"
	"crypto/cipher"
)

func main() {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	nonce := make([]byte, gcm.NonceSize())
	out, err := gcm.Open(nil, nonce, gcm.Seal(nil, nonce, []byte("hello"), nil), nil)
	if err != nil || string(out) != "hello" {
		panic(err)
	}
	println("ok")
}

package main

import (
	"crypto/sha256"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
)

func main() {
	key, err := secp256k1.GeneratePrivateKey()
	if err != nil {
		panic(err)
	}
	hash := sha256.Sum256([]byte("hello"))
	if !ecdsa.Sign(key, hash[:]).Verify(hash[:], key.PubKey()) {
		panic("secp256k1")
	}
	println("ok")
}

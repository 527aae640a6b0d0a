package main

import (
	"crypto/sha256"
	"encoding/hex"
)

func main() {
	sum := sha256.Sum256(nil)
	if got := hex.EncodeToString(sum[:4]); got != "e3b0c442" {
		panic(got)
	}
	println("ok")
}

package main

import (
	"github.com/zalando/go-keyring"
)

func main() {
	if err := keyring.Set("service", "me", "secret"); err == nil {
		panic("a keyring")
	}
	keyring.MockInit()
	if err := keyring.Set("service", "me", "secret"); err != nil {
		panic(err)
	}
	println("ok")
}

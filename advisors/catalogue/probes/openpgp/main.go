package main

import (
	"bytes"
	"io"

	"github.com/ProtonMail/go-crypto/openpgp"
)

func main() {
	entity, err := openpgp.NewEntity("me", "", "me@example.com", nil)
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	w, err := openpgp.Encrypt(&b, openpgp.EntityList{entity}, nil, nil, nil)
	if err != nil {
		panic(err)
	}
	io.WriteString(w, "hello")
	w.Close()
	message, err := openpgp.ReadMessage(&b, openpgp.EntityList{entity}, nil, nil)
	if err != nil {
		panic(err)
	}
	out, err := io.ReadAll(message.UnverifiedBody)
	if err != nil || string(out) != "hello" {
		panic(err)
	}
	println("ok")
}

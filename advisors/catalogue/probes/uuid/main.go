package main

import (
	"os"

	"github.com/google/uuid"
)

func main() {
	id := uuid.NewString()
	if err := os.WriteFile("machine-id", []byte(id), 0o600); err != nil {
		panic(err)
	}
	got, err := os.ReadFile("machine-id")
	if err != nil || string(got) != id {
		panic(err)
	}
	println("ok")
}

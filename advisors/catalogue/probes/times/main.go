package main

import (
	"os"

	"github.com/djherbis/times"
)

func main() {
	if err := os.WriteFile("data", nil, 0o600); err != nil {
		panic(err)
	}
	got, err := times.Stat("data")
	if err != nil || got.ModTime().IsZero() {
		panic(err)
	}
	println("ok")
}

package main

import (
	"os"
	"time"
)

func main() {
	if err := os.WriteFile("data", []byte("one"), 0o600); err != nil {
		panic(err)
	}
	before, err := os.Stat("data")
	if err != nil {
		panic(err)
	}
	time.Sleep(20 * time.Millisecond)
	if err := os.WriteFile("data", []byte("two and three"), 0o600); err != nil {
		panic(err)
	}
	after, err := os.Stat("data")
	if err != nil || after.Size() == before.Size() {
		panic("the change was not seen")
	}
	println("ok")
}

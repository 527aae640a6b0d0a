package main

import (
	"os"
)

func main() {
	os.Setenv("HOME", "/home/me")
	dir, err := os.UserConfigDir()
	if err != nil || dir == "" {
		panic(err)
	}
	println("ok")
}

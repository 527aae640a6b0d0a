package main

import (
	"github.com/karalabe/hid"
)

func main() {
	if hid.Supported() {
		panic("devices")
	}
	println("ok")
}

package main

import (
	"rsc.io/qr"
)

func main() {
	code, err := qr.Encode("hello", qr.M)
	if err != nil || len(code.PNG()) == 0 {
		panic(err)
	}
	println("ok")
}

package main

import (
	"github.com/pion/opus"
)

func main() {
	decoder := opus.NewDecoder()
	if _, _, err := decoder.Decode(nil, make([]byte, 960)); err == nil {
		panic("an empty packet")
	}
	println("ok")
}

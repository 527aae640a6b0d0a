package main

import (
	"bytes"

	"github.com/hajimehoshi/go-mp3"
)

func main() {
	if _, err := mp3.NewDecoder(bytes.NewReader(nil)); err == nil {
		panic("no frame was there")
	}
	println("ok")
}

package main

import (
	"github.com/gabriel-vasile/mimetype"
)

func main() {
	if got := mimetype.Detect([]byte("%PDF-1.7 ")); !got.Is("application/pdf") {
		panic(got.String())
	}
	println("ok")
}

package main

import (
	"bytes"
	"image"

	"github.com/gen2brain/webp"
)

func main() {
	var b bytes.Buffer
	if err := webp.Encode(&b, image.NewRGBA(image.Rect(0, 0, 16, 16)), webp.Options{Quality: 80}); err != nil {
		panic(err)
	}
	got, err := webp.Decode(&b)
	if err != nil || got.Bounds().Dx() != 16 {
		panic(err)
	}
	println("ok")
}

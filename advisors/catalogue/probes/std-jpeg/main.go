package main

import (
	"bytes"
	"image"
	"image/jpeg"
)

func main() {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 16, 16)), nil); err != nil {
		panic(err)
	}
	got, err := jpeg.Decode(&b)
	if err != nil || got.Bounds().Dx() != 16 {
		panic(err)
	}
	println("ok")
}

package main

import (
	"image"
	"image/color"

	"github.com/disintegration/imaging"
)

func main() {
	got := imaging.Resize(imaging.New(64, 32, color.White), 16, 0, imaging.Lanczos)
	if got.Bounds() != image.Rect(0, 0, 16, 8) {
		panic("imaging")
	}
	println("ok")
}

package main

import (
	"github.com/gopxl/beep/v2"
)

func main() {
	samples := make([][2]float64, 8)
	if n, ok := beep.Silence(8).Stream(samples); n != 8 || !ok {
		panic("beep")
	}
	println("ok")
}

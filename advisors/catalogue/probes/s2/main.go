package main

import (
	"github.com/golang/geo/s2"
)

func main() {
	id := s2.CellIDFromLatLng(s2.LatLngFromDegrees(50, 10))
	if !id.IsValid() || id.Parent(5).Level() != 5 {
		panic("s2")
	}
	println("ok")
}

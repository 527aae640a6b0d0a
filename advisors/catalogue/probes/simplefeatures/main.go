package main

import (
	"github.com/peterstace/simplefeatures/geom"
)

func main() {
	got, err := geom.UnmarshalWKT("POLYGON((0 0,2 0,2 2,0 2,0 0))")
	if err != nil || got.Area() != 4 {
		panic(err)
	}
	println("ok")
}

package main

import (
	"github.com/wroge/wgs84"
)

func main() {
	east, north, _ := wgs84.LonLat().To(wgs84.WebMercator())(10, 50, 0)
	if east < 1113194 || east > 1113195 || north < 6446275 || north > 6446276 {
		panic("wgs84")
	}
	println("ok")
}

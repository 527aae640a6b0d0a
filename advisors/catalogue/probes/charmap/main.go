package main

import (
	"golang.org/x/text/encoding/charmap"
)

func main() {
	got, err := charmap.ISO8859_15.NewDecoder().String("\xa4")
	if err != nil || got != "€" {
		panic(err)
	}
	println("ok")
}

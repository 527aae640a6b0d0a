package main

import (
	"io"

	"github.com/schollz/progressbar/v3"
)

func main() {
	bar := progressbar.NewOptions(3, progressbar.OptionSetWriter(io.Discard))
	if err := bar.Add(3); err != nil || !bar.IsFinished() {
		panic(err)
	}
	println("ok")
}

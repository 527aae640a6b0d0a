package main

import (
	"io"

	"github.com/cheggaaa/pb/v3"
)

func main() {
	bar := pb.New(3).SetWriter(io.Discard).Start()
	bar.Add(3)
	bar.Finish()
	if bar.Current() != 3 {
		panic("pb")
	}
	println("ok")
}

package main

import (
	"io"

	"github.com/vbauerster/mpb/v8"
)

func main() {
	progress := mpb.New(mpb.WithOutput(io.Discard))
	bar := progress.AddBar(3)
	bar.IncrBy(3)
	progress.Wait()
	if !bar.Completed() {
		panic("mpb")
	}
	println("ok")
}

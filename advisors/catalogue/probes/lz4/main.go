package main

import (
	"bytes"
	"io"

	"github.com/pierrec/lz4/v4"
)

func main() {
	var b bytes.Buffer
	w := lz4.NewWriter(&b)
	_, err := w.Write([]byte("hello"))
	if err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	var r io.Reader
	r, err = lz4.NewReader(&b), error(nil)
	if err != nil {
		panic(err)
	}
	out, err := io.ReadAll(r)
	if err != nil || string(out) != "hello" {
		panic("not what was written")
	}
	println("ok")
}

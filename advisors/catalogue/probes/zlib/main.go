package main

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/zlib"
)

func main() {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, err := w.Write([]byte("hello"))
	if err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	var r io.Reader
	r, err = zlib.NewReader(&b)
	if err != nil {
		panic(err)
	}
	out, err := io.ReadAll(r)
	if err != nil || string(out) != "hello" {
		panic("not what was written")
	}
	println("ok")
}

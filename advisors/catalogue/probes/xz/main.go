package main

import (
	"bytes"
	"io"

	"github.com/ulikunitz/xz"
)

func main() {
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		panic(err)
	}
	_, err = w.Write([]byte("hello"))
	if err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	r, err := xz.NewReader(&b)
	if err != nil {
		panic(err)
	}
	out, err := io.ReadAll(r)
	if err != nil || string(out) != "hello" {
		panic("not what was written")
	}
	println("ok")
}

package main

import (
	"github.com/klauspost/compress/zstd"
)

func main() {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	out, err := dec.DecodeAll(enc.EncodeAll([]byte("hello"), nil), nil)
	if err != nil || string(out) != "hello" {
		panic("zstd")
	}
	println("ok")
}

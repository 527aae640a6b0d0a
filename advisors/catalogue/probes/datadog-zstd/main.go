package main

import (
	"bytes"
	"errors"
	"io"

	"github.com/DataDog/zstd"
)

func check(ok bool, what string) {
	if !ok {
		panic(what)
	}
}

func main() {
	text := bytes.Repeat([]byte("hello "), 10_000)
	for _, level := range []int{zstd.BestSpeed, zstd.DefaultCompression, zstd.BestCompression} {
		small, err := zstd.CompressLevel(make([]byte, 0, 8), text, level)
		check(err == nil && len(small) < len(text)/10, "compress")
		got, err := zstd.Decompress(nil, small)
		check(err == nil && bytes.Equal(got, text), "decompress")
		n, err := zstd.DecompressInto(make([]byte, len(text)), small)
		check(err == nil && n == len(text), "decompress into")
		_, err = zstd.DecompressInto(make([]byte, 3), small)
		check(zstd.IsDstSizeTooSmallError(err), "too small")
	}
	_, err := zstd.Decompress(nil, nil)
	check(errors.Is(err, zstd.ErrEmptySlice), "empty")
	empty, err := zstd.Compress(nil, nil)
	check(err == nil && len(empty) > 0, "a frame of nothing")
	_, err = zstd.Decompress(nil, []byte("no frame"))
	check(err != nil, "no frame")

	dict := bytes.Repeat([]byte("hello you "), 10)
	var b bytes.Buffer
	w := zstd.NewWriterLevelDict(&b, 3, dict)
	_, err = w.Write(text)
	check(err == nil && w.Flush() == nil && w.Close() == nil, "writer")
	r := zstd.NewReaderDict(&b, dict)
	got, err := io.ReadAll(r)
	check(err == nil && bytes.Equal(got, text) && r.Close() == nil, "reader")

	bulk, err := zstd.NewBulkProcessor(dict, zstd.BestSpeed)
	check(err == nil, "bulk")
	small, err := bulk.Compress(nil, text)
	check(err == nil, "bulk compress")
	got, err = bulk.Decompress(nil, small)
	check(err == nil && bytes.Equal(got, text), "bulk decompress")

	got, err = zstd.NewCtx().Compress(nil, text)
	check(err == nil && len(got) <= zstd.CompressBound(len(text)), "context")
	println("ok")
}

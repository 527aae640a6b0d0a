package main

import (
	"bytes"
	"io"

	"github.com/valyala/gozstd"
)

func check(ok bool, what string) {
	if !ok {
		panic(what)
	}
}

func main() {
	text := bytes.Repeat([]byte("hello "), 10_000)
	small := gozstd.CompressLevel([]byte("head"), text, 19)
	check(len(small) < len(text)/10 && bytes.HasPrefix(small, []byte("head")), "compress")
	got, err := gozstd.Decompress(nil, small[4:])
	check(err == nil && bytes.Equal(got, text), "decompress")
	_, err = gozstd.DecompressLimited(nil, small[4:], 100)
	check(err != nil, "limit")
	_, err = gozstd.Decompress(nil, []byte("no frame"))
	check(err != nil, "no frame")

	dict := bytes.Repeat([]byte("hello you "), 10)
	cd, err := gozstd.NewCDictLevel(dict, 3)
	check(err == nil, "dictionary")
	dd, err := gozstd.NewDDict(dict)
	check(err == nil, "dictionary")
	got, err = gozstd.DecompressDict(nil, gozstd.CompressDict(nil, text, cd), dd)
	check(err == nil && bytes.Equal(got, text), "with a dictionary")

	var b bytes.Buffer
	w := gozstd.NewWriterParams(&b, &gozstd.WriterParams{CompressionLevel: 5, WindowLog: 20})
	n, err := w.ReadFrom(bytes.NewReader(text))
	check(err == nil && n == int64(len(text)) && w.Flush() == nil && w.Close() == nil, "writer")
	w.Release()
	r := gozstd.NewReader(&b)
	got, err = io.ReadAll(r)
	check(err == nil && bytes.Equal(got, text), "reader")
	r.Release()

	var out, back bytes.Buffer
	check(gozstd.StreamCompressDict(&out, bytes.NewReader(text), cd) == nil, "stream")
	check(gozstd.StreamDecompressDict(&back, &out, dd) == nil && bytes.Equal(back.Bytes(), text), "stream")
	println("ok")
}

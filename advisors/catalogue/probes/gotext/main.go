package main

import (
	"github.com/leonelquinteros/gotext"
)

func main() {
	po := gotext.NewPo()
	po.Parse([]byte("msgid \"one\"\nmsgstr \"eins\"\n"))
	if got := po.Get("one"); got != "eins" {
		panic(got)
	}
	println("ok")
}

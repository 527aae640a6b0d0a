package main

import (
	"github.com/beevik/etree"
)

func main() {
	doc := etree.NewDocument()
	if err := doc.ReadFromString("<a><b c='42'/></a>"); err != nil {
		panic(err)
	}
	if got := doc.FindElement("//b").SelectAttrValue("c", ""); got != "42" {
		panic(got)
	}
	println("ok")
}

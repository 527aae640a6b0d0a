package main

import (
	"github.com/pkg/browser"
)

func main() {
	if err := browser.OpenURL("https://example.com/"); err == nil {
		panic("a browser")
	}
	println("ok")
}

package main

import (
	"github.com/dop251/goja"
)

func main() {
	value, err := goja.New().RunString("[1, 2, 3].map(n => n * 7).pop()")
	if err != nil || value.ToInteger() != 21 {
		panic(err)
	}
	println("ok")
}

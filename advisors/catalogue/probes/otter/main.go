package main

import (
	"github.com/maypok86/otter/v2"
)

func main() {
	cache, err := otter.New(&otter.Options[string, int]{MaximumSize: 10})
	if err != nil {
		panic(err)
	}
	cache.Set("key", 42)
	if n, found := cache.GetIfPresent("key"); !found || n != 42 {
		panic("otter")
	}
	println("ok")
}

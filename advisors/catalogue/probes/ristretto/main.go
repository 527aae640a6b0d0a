package main

import (
	"github.com/dgraph-io/ristretto/v2"
)

func main() {
	cache, err := ristretto.NewCache(&ristretto.Config[string, int]{NumCounters: 1000, MaxCost: 1 << 20, BufferItems: 64})
	if err != nil {
		panic(err)
	}
	cache.Set("key", 42, 1)
	cache.Wait()
	if n, found := cache.Get("key"); !found || n != 42 {
		panic("ristretto")
	}
	println("ok")
}

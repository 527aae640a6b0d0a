package main

import (
	"github.com/ethereum/go-ethereum/ethdb/memorydb"
)

func main() {
	db := memorydb.New()
	if err := db.Put([]byte("key"), []byte("value")); err != nil {
		panic(err)
	}
	if got, err := db.Get([]byte("key")); err != nil || string(got) != "value" {
		panic(err)
	}
	println("ok")
}

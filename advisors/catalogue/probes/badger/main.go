package main

import (
	badger "github.com/dgraph-io/badger/v4"
)

func main() {
	db, err := badger.Open(badger.DefaultOptions("").WithInMemory(true).WithLogger(nil))
	if err != nil {
		panic(err)
	}
	err = db.Update(func(tx *badger.Txn) error { return tx.Set([]byte("key"), []byte("value")) })
	if err != nil {
		panic(err)
	}
	err = db.View(func(tx *badger.Txn) error {
		_, err := tx.Get([]byte("key"))
		return err
	})
	if err != nil {
		panic(err)
	}
	println("ok")
}

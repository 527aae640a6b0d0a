package main

import (
	"github.com/tidwall/buntdb"
)

func main() {
	db, err := buntdb.Open("data.db")
	if err != nil {
		panic(err)
	}
	err = db.Update(func(tx *buntdb.Tx) error {
		_, _, err := tx.Set("key", "value", nil)
		return err
	})
	if err != nil {
		panic(err)
	}
	err = db.View(func(tx *buntdb.Tx) error {
		value, err := tx.Get("key")
		if value != "value" {
			panic("buntdb")
		}
		return err
	})
	if err != nil {
		panic(err)
	}
	println("ok")
}

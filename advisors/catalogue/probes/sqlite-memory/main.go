package main

import (
	"github.com/ncruces/go-sqlite3"
)

func main() {
	db, err := sqlite3.Open(":memory:")
	if err != nil {
		panic(err)
	}
	defer db.Close()
	if err := db.Exec("create table t (n integer); insert into t values (42)"); err != nil {
		panic(err)
	}
	stmt, _, err := db.Prepare("select n from t")
	if err != nil {
		panic(err)
	}
	if !stmt.Step() || stmt.ColumnInt(0) != 42 {
		panic("sqlite")
	}
	println("ok")
}

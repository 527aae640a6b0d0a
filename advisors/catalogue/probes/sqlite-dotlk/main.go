package main

import (
	"database/sql"

	_ "github.com/ncruces/go-sqlite3/driver"
)

func main() {
	db, err := sql.Open("sqlite3", "test.db")
	if err != nil {
		panic(err)
	}
	_, err = db.Exec("create table t (n integer); insert into t values (41), (42)")
	if err != nil {
		panic(err)
	}
	var n int
	if err := db.QueryRow("select max(n) from t").Scan(&n); err != nil || n != 42 {
		panic(err)
	}
	println("ok")
}

package main

import (
	"database/sql"

	_ "github.com/lib/pq"
)

func main() {
	db, err := sql.Open("postgres", "host=127.0.0.1 port=1 user=me sslmode=disable connect_timeout=2")
	if err != nil {
		panic(err)
	}
	// Without a dialer of the host no connection is possible: the driver says so.
	if err := db.Ping(); err == nil {
		panic("a connection")
	}
	println("ok")
}

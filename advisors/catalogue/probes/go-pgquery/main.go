package main

import (
	pg_query "github.com/wasilibs/go-pgquery"
)

func main() {
	tree, err := pg_query.ParseToJSON("select 42")
	if err != nil || tree == "" {
		panic(err)
	}
	println("ok")
}

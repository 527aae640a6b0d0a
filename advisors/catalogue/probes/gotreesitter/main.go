package main

import (
	"github.com/odvcencio/gotreesitter"
	"github.com/odvcencio/gotreesitter/grammars"
)

func main() {
	tree, err := gotreesitter.NewParser(grammars.GoLanguage()).Parse([]byte("package main"))
	if err != nil || tree.RootNode() == nil {
		panic(err)
	}
	println("ok")
}

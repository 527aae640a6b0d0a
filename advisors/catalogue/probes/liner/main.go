package main

import (
	"github.com/peterh/liner"
)

func main() {
	state := liner.NewLiner()
	defer state.Close()
	// Standard input is empty and no terminal.
	if _, err := state.Prompt("> "); err == nil {
		panic("a line without input")
	}
	println("ok")
}

package main

import (
	lua "github.com/yuin/gopher-lua"
)

func main() {
	state := lua.NewState()
	defer state.Close()
	if err := state.DoString("assert(6 * 7 == 42)"); err != nil {
		panic(err)
	}
	println("ok")
}

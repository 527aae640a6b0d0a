package main

import (
	"github.com/gdamore/tcell/v2"
)

func main() {
	screen := tcell.NewSimulationScreen("")
	if err := screen.Init(); err != nil {
		panic(err)
	}
	screen.SetContent(0, 0, 'x', nil, tcell.StyleDefault)
	screen.Show()
	println("ok")
}

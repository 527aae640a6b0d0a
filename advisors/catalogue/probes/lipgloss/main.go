package main

import (
	"charm.land/lipgloss/v2"
)

func main() {
	if got := lipgloss.NewStyle().Padding(1).Render("hello"); lipgloss.Height(got) != 3 {
		panic(got)
	}
	println("ok")
}

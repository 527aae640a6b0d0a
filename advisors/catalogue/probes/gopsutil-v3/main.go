package main

import (
	"github.com/shirou/gopsutil/v3/mem"
)

func main() {
	// It must be handled, not ignored: there are no figures.
	if _, err := mem.VirtualMemory(); err == nil {
		panic("figures of the machine")
	}
	println("ok")
}

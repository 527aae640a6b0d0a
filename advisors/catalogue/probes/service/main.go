package main

import (
	"github.com/kardianos/service"
)

func main() {
	if service.Interactive() || service.ChosenSystem() != nil {
		panic("a service manager")
	}
	println("ok")
}

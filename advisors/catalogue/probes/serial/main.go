package main

import (
	"go.bug.st/serial"
)

func main() {
	if _, err := serial.Open("/dev/ttyUSB0", &serial.Mode{BaudRate: 9600}); err == nil {
		panic("a port")
	}
	println("ok")
}

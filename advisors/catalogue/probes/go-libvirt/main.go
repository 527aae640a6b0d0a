package main

import (
	"net"

	"github.com/digitalocean/go-libvirt"
)

func main() {
	ours, theirs := net.Pipe()
	theirs.Close()
	if err := libvirt.New(ours).Connect(); err == nil {
		panic("a connection to nobody")
	}
	println("ok")
}

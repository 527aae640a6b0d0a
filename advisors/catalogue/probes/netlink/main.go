package main

import (
	"github.com/mdlayher/netlink"
)

func main() {
	if _, err := netlink.Dial(0, nil); err == nil {
		panic("a socket of the kernel")
	}
	println("ok")
}

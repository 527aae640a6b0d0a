package main

import (
	sockaddr "github.com/hashicorp/go-sockaddr"
)

func main() {
	got, err := sockaddr.NewIPv4Addr("10.1.2.3/8")
	if err != nil || got.NetworkAddress() != sockaddr.IPv4Network(0x0a000000) {
		panic(err)
	}
	println("ok")
}

package main

import (
	"io"
	"net"
)

func main() {
	// Listening in the process works; connections from outside come through the host.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			io.WriteString(conn, "hello")
			conn.Close()
		}
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		panic(err)
	}
	out, err := io.ReadAll(conn)
	if err != nil || string(out) != "hello" {
		panic(err)
	}
	println("ok")
}

package main

import (
	"context"

	"github.com/go-zeromq/zmq4"
)

func main() {
	ctx := context.Background()
	pull := zmq4.NewPull(ctx)
	if err := pull.Listen("inproc://probe"); err != nil {
		panic(err)
	}
	push := zmq4.NewPush(ctx)
	if err := push.Dial("inproc://probe"); err != nil {
		panic(err)
	}
	go push.Send(zmq4.NewMsgString("hello"))
	got, err := pull.Recv()
	if err != nil || string(got.Bytes()) != "hello" {
		panic(err)
	}
	println("ok")
}

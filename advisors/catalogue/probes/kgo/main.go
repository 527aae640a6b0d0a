package main

import (
	"context"
	"errors"
	"net"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	refused := errors.New("the host's own dialer was asked")
	asked := make(chan bool, 99)
	client, err := kgo.NewClient(kgo.SeedBrokers("broker:9092"), kgo.Dialer(func(context.Context, string, string) (net.Conn, error) {
		asked <- true
		return nil, refused
	}))
	if err != nil {
		panic(err)
	}
	go client.Ping(context.Background())
	<-asked
	println("ok")
}

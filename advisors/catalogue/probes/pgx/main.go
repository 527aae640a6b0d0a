package main

import (
	"context"
	"errors"
	"net"

	"github.com/jackc/pgx/v5"
)

func main() {
	config, err := pgx.ParseConfig("postgres://me@db/app?sslmode=disable")
	if err != nil {
		panic(err)
	}
	asked := false
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"10.0.0.1"}, nil }
	config.DialFunc = func(context.Context, string, string) (net.Conn, error) {
		asked = true
		return nil, errors.New("the connection comes from the host")
	}
	if _, err := pgx.ConnectConfig(context.Background(), config); err == nil || !asked {
		panic("the dialer was not asked")
	}
	println("ok")
}

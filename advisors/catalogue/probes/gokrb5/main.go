package main

import (
	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
)

func main() {
	cfg, err := config.NewFromString("[libdefaults]\n default_realm = EXAMPLE.COM\n")
	if err != nil {
		panic(err)
	}
	if got := client.NewWithPassword("me", "EXAMPLE.COM", "secret", cfg); got.Credentials.Realm() != "EXAMPLE.COM" {
		panic("gokrb5")
	}
	println("ok")
}

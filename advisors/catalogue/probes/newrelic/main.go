package main

import (
	"github.com/newrelic/go-agent/v3/newrelic"
)

func main() {
	app, err := newrelic.NewApplication(newrelic.ConfigAppName("probe"), newrelic.ConfigEnabled(false))
	if err != nil {
		panic(err)
	}
	app.StartTransaction("one").End()
	println("ok")
}

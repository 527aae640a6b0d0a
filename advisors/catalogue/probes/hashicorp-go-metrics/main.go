package main

import (
	"time"

	"github.com/hashicorp/go-metrics"
)

func main() {
	sink := metrics.NewInmemSink(time.Second, time.Minute)
	m, err := metrics.New(metrics.DefaultConfig("probe"), sink)
	if err != nil {
		panic(err)
	}
	m.IncrCounter([]string{"hits"}, 1)
	if len(sink.Data()) == 0 {
		panic("no data")
	}
	println("ok")
}

package main

import (
	"bytes"
	"strings"

	"github.com/google/logger"
)

func main() {
	var b bytes.Buffer
	log := logger.Init("probe", false, false, &b)
	log.Info("hello")
	if !strings.Contains(b.String(), "hello") {
		panic(b.String())
	}
	println("ok")
}

package main

import (
	"bytes"
	"strings"

	"github.com/sirupsen/logrus"
)

func main() {
	var b bytes.Buffer
	logger := logrus.New()
	logger.SetOutput(&b)
	logger.WithField("n", 42).Info("hello")
	if !strings.Contains(b.String(), "n=42") {
		panic(b.String())
	}
	println("ok")
}

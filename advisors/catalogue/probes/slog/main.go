package main

import (
	"bytes"
	"log/slog"
	"strings"
)

func main() {
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("hello", "n", 42)
	if !strings.Contains(b.String(), "n=42") {
		panic(b.String())
	}
	println("ok")
}

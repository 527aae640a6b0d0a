package main

import (
	"os"
	"time"

	"github.com/radovskyb/watcher"
)

func main() {
	w := watcher.New()
	if err := os.WriteFile("data", nil, 0o600); err != nil {
		panic(err)
	}
	if err := w.Add("."); err != nil {
		panic(err)
	}
	go w.Start(20 * time.Millisecond)
	w.Wait()
	if err := os.WriteFile("more", nil, 0o600); err != nil {
		panic(err)
	}
	select {
	case <-w.Event:
	case <-time.After(20 * time.Second):
		panic("no event")
	}
	println("ok")
}

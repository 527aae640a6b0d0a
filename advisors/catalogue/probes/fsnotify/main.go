package main

import (
	"os"
	"time"

	"github.com/fsnotify/fsnotify"
)

func main() {
	if _, err := fsnotify.NewWatcher(); err == nil {
		panic("a watcher")
	}
	// Poll instead.
	if err := os.WriteFile("data", nil, 0o600); err != nil {
		panic(err)
	}
	info, err := os.Stat("data")
	if err != nil || info.ModTime().After(time.Now().Add(time.Hour)) {
		panic(err)
	}
	println("ok")
}

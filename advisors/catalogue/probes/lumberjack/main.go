package main

import (
	lumberjack "gopkg.in/natefinch/lumberjack.v2"
)

func main() {
	log := &lumberjack.Logger{Filename: "app.log", MaxBackups: 1}
	_, err := log.Write([]byte("hello\n"))
	if err != nil {
		panic(err)
	}
	if err := log.Rotate(); err != nil {
		panic(err)
	}
	println("ok")
}

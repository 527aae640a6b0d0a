package main

import (
	"github.com/goccy/go-json"
)

type point struct {
	X int            `json:"x"`
	M map[string]any `json:"m"`
}

func main() {
	text, err := json.Marshal(point{X: 1, M: map[string]any{"a": 2.5}})
	if err != nil || string(text) != `{"x":1,"m":{"a":2.5}}` {
		panic(string(text))
	}
	var p point
	if err := json.Unmarshal(text, &p); err != nil || p.X != 1 || p.M["a"] != 2.5 {
		panic("go-json")
	}
	println("ok")
}
